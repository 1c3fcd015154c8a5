using System.Globalization;
using System.Text;
using DeterministicInference.Server.Native;

namespace DeterministicInference.Server.Receipts.Store;

/// <summary>The files of one log, in a folder of its own.</summary>
/// <param name="Number">Logs of one <c>--data-dir</c> are numbered from 1 in the order in which they began.</param>
/// <param name="Path">The absolute path of the folder.</param>
internal sealed record LogFolder(int Number, string Path)
{
    private const string Prefix = "log-";

    public string KeyFile => In("signing-key.pem");

    /// <summary>The key of a log that has not begun.</summary>
    public string NewKeyFile => KeyFile + ".new";

    /// <summary>The public key, where a program of the operator has the private one.</summary>
    public string PublicKeyFile => In("public-key.pem");

    /// <summary>The public key of a log that has not begun.</summary>
    public string NewPublicKeyFile => PublicKeyFile + ".new";

    /// <summary>Whether it has a key, or one that may begin it.</summary>
    public bool HasKey => KeyFiles.Any(File.Exists);

    /// <summary>All files that can have the log's key, of which there is one.</summary>
    public IReadOnlyList<string> KeyFiles => [KeyFile, NewKeyFile, PublicKeyFile, NewPublicKeyFile];

    public string DatabaseFile => In("receipts.db");

    /// <summary>
    /// The last checkpoint as a plain file: anyone who keeps copies elsewhere notices a log that was rolled back.
    /// </summary>
    public string CheckpointFile => In("checkpoint");

    /// <summary>The newest checkpoint that witnesses have cosigned, where there are any.</summary>
    public string CosignedCheckpointFile => In("checkpoint.cosigned");

    /// <inheritdoc cref="Store.RevocationFile"/>
    public string RevocationFile => In("revocation");

    /// <summary>The folder in which the log that follows is prepared.</summary>
    public LogFolder Following => Prepared(System.IO.Path.GetDirectoryName(Path)!, Number + 1);

    /// <summary>The folder of a log in that of <c>--data-dir</c>.</summary>
    public static LogFolder Of(string folder, int number) => new(number, PathOf(folder, number));

    /// <summary>The folder in which a log is prepared that has not begun.</summary>
    public static LogFolder Prepared(string folder, int number) => new(number, PathOf(folder, number) + ".new");

    /// <summary>The logs in a folder, in the order in which they began.</summary>
    public static IReadOnlyList<LogFolder> AllIn(string folder) =>
        [
            .. Directory
                .EnumerateDirectories(folder, Prefix + "*")
                .Select(path => new LogFolder(NumberOf(path), path))
                .Where(log => log.Number > 0)
                .OrderBy(log => log.Number),
        ];

    /// <summary>The file's text; null if there is none.</summary>
    /// <exception cref="IOException">It can't be read.</exception>
    /// <exception cref="InvalidDataException">It is a folder; the message is a clause.</exception>
    public string? ReadCheckpoint() => ReadIfPresent(CheckpointFile);

    /// <inheritdoc cref="ReadCheckpoint"/>
    public string? ReadCosignedCheckpoint() => ReadIfPresent(CosignedCheckpointFile);

    /// <summary>Replaces the file atomically.</summary>
    /// <exception cref="Exception">
    /// A failure in the sense of <see cref="WriteFailure.Is"/>: the disk is full or failed, or the folder is not
    /// writable.
    /// </exception>
    public void WriteCheckpoint(string note) => AtomicFile.Replace(CheckpointFile, Encoding.UTF8.GetBytes(note));

    private static string? ReadIfPresent(string file) =>
        File.Exists(file) ? File.ReadAllText(file)
        : Directory.Exists(file) ? throw new InvalidDataException($"{file} is a folder, and must be a file")
        : null;

    private static string PathOf(string folder, int number) =>
        System.IO.Path.Combine(folder, Prefix + number.ToString(CultureInfo.InvariantCulture));

    private static int NumberOf(string path)
    {
        string text = System.IO.Path.GetFileName(path)[Prefix.Length..];
        bool isNumber = int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number);
        return isNumber && number.ToString(CultureInfo.InvariantCulture) == text ? number : 0;
    }

    private string In(string name) => System.IO.Path.Combine(Path, name);
}
