using System.Security.Cryptography;
using System.Text;
using DeterministicInference.Receipts;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Engines.Facts;
using DeterministicInference.Server.Guard;
using DeterministicInference.Server.Machine;
using DeterministicInference.Server.Native;

namespace DeterministicInference.Server.Assessment;

/// <summary>
/// Measures the program that computes: the executable of a running engine, and the libraries that it has mapped. Two
/// builds of one version differ here, and so do a processor's variants of one library, and preloaded ones.
/// </summary>
/// <param name="hashes">Cache of hashes of unchanged files.</param>
internal sealed class ProgramMeasurement(FileHashCache hashes)
{
    /// <summary>The codes of its findings.</summary>
    public static readonly string[] Codes = ["engine_not_measured", "arguments_differ"];

    /// <summary>
    /// Programs that start others. An engine behind one of them is the engine, whatever stands before it.
    /// </summary>
    private static readonly string[] Starters =
    [
        "sh",
        "bash",
        "dash",
        "ash",
        "zsh",
        "ksh",
        "busybox",
        "env",
        "tini",
        "dumb-init",
        "catatonit",
        "timeout",
        "nice",
        "taskset",
        "numactl",
        "setpriv",
        "sudo",
        "su",
    ];

    /// <summary>
    /// Libraries that are loaded when they are first needed and compute nothing: names of hosts and users, TLS,
    /// compression, terminals. Whether one is mapped already is chance.
    /// </summary>
    private static readonly string[] Incidental =
    [
        "libnss_",
        "libnss3",
        "libresolv",
        "libnsl",
        "libssl",
        "libcrypto",
        "libSystem.Security.Cryptography",
        "libSystem.Net.Security",
        "libSystem.IO.Compression",
        "libgssapi",
        "libkrb5",
        "libk5crypto",
        "libcom_err",
        "libkeyutils",
        "libz.so",
        "libbz2",
        "liblzma",
        "libzstd",
        "libbrotli",
        "libsqlite3",
        "libreadline",
        "libncurses",
        "libtinfo",
        "libpanel",
        "libuuid",
        "libexpat",
        "libffi",
    ];

    private ProcessIdentity? _main;

    /// <summary>Whether the process that was measured has ended.</summary>
    public bool HasEnded => _main is { IsRunning: false };

    /// <summary>
    /// The variables with which the process that was measured was started; null if they can't be read.
    /// </summary>
    public IReadOnlyDictionary<string, string>? Variables =>
        _main is { } main ? ProcessTable.VariablesOf(main.Pid) : null;

    /// <param name="pid">The process that was started.</param>
    /// <param name="arguments">The arguments of the launch, which the engine must have got.</param>
    /// <param name="areShown">Whether /proc shows them.</param>
    /// <param name="sheet">Receives the facts.</param>
    /// <param name="stop">Cancels the reading.</param>
    public async Task DescribeAsync(
        int pid,
        IReadOnlyList<string> arguments,
        bool areShown,
        FactSheet sheet,
        CancellationToken stop
    )
    {
        _main = null;
        List<ProcessEntry> table = ProcessTable.Scan();
        int[] tree = [pid, .. ProcessTable.Descendants(table, [pid]).Select(entry => entry.Pid)];
        (int Pid, string Path)[] programs =
        [
            .. tree.Select(process => (process, MappedFiles.Executable(process)))
                .Where(program => program.Item2 is not null)
                .Select(program => (program.process, program.Item2!)),
        ];
        int main = Array.FindIndex(programs, program => !Starters.Contains(Path.GetFileName(program.Path)));
        if (main < 0 || MappedFiles.Of(programs[main].Pid) is not { } own)
        {
            Add("The engine's program can't be read in /proc, so that receipts don't tell its build.");
            return;
        }
        _main = ProcessIdentity.Of(programs[main].Pid);
        if (areShown && !AreOf(programs[main].Pid, arguments))
        {
            sheet.AddMissing(
                "arguments_differ",
                "The engine was started with other arguments than this server gave, so that it may compute otherwise. "
                    + "Let the program of --backend-command pass its arguments on as they are (exec ENGINE \"$@\"), "
                    + "and give others after --."
            );
        }
        if (
            NamedFiles.AreRelative(arguments)
            && MappedFiles.WorkingFolder(programs[main].Pid) != MappedFiles.WorkingFolder(Environment.ProcessId)
        )
        {
            sheet.AddMissing(
                "arguments_differ",
                "The engine runs in another working directory than this server, where relative names in its arguments "
                    + "may be other files. Give absolute paths."
            );
        }
        // Workers of the engine are the same program; others are helpers that come and go, such as compilers.
        string executable = programs[main].Path;
        IEnumerable<MappedFile> mapped = programs
            .Skip(main + 1)
            .Where(program => program.Path == executable)
            .SelectMany(program => MappedFiles.Of(program.Pid) ?? [])
            .Concat(own)
            .Where(IsCounted)
            .DistinctBy(file => file.Path);
        var libraries = new SortedSet<string>(StringComparer.Ordinal);
        Sha256Value? program = null;
        foreach (MappedFile file in mapped)
        {
            if (!file.IsThere)
            {
                Add($"'{file.Path}' was replaced while the engine ran, so that its build is not known.");
                continue;
            }
            try
            {
                Sha256Value hash = await hashes.HashAsync(file.Path, () => HashAsync(file.Path, stop));
                if (Path.Combine(file.Folder, file.Name) == executable)
                    program = hash;
                else
                    libraries.Add($"{file.Name} {hash}\n");
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                Add($"'{file.Path}', which the engine has mapped, can't be read.");
            }
        }
        hashes.Save();
        if (program is { } known)
            sheet.Measured("engine.executable.sha256", known.ToString());
        sheet.Measured(
            "engine.libraries.sha256",
            Sha256Value.Of(Encoding.UTF8.GetBytes(string.Concat(libraries))).ToString()
        );

        void Add(string text) =>
            sheet.AddMissing("engine_not_measured", $"{text} Start the engine anew, as the user of this server.");

        bool IsCounted(MappedFile file) =>
            Path.Combine(file.Folder, file.Name) == executable
            || (
                file.Name.Contains(".so", StringComparison.Ordinal)
                && !Incidental.Any(name => file.Name.StartsWith(name, StringComparison.Ordinal))
                && !IsOfPython(file.Folder)
            );
    }

    /// <summary>
    /// Whether a process was started with these arguments. Before them an interpreter has its script.
    /// </summary>
    private static bool AreOf(int pid, IReadOnlyList<string> arguments)
    {
        string[] words = Encoding.UTF8.GetString(ProcFile.ReadAll($"/proc/{pid}/cmdline")).Split('\0')[..^1];
        int before = words.Length - arguments.Count;
        return (before == 1 || (before == 2 && !EngineCommandLine.IsFlag(words[1])))
            && arguments.SequenceEqual(words.Skip(before));
    }

    /// <summary>
    /// Modules of Python packages are in the packages' RECORD, and those of its library belong to the interpreter; both
    /// are mapped when they are first imported.
    /// </summary>
    private static bool IsOfPython(string folder) =>
        $"{folder}/" is var path
        && (
            path.Contains("/site-packages/", StringComparison.Ordinal)
            || path.Contains("/dist-packages/", StringComparison.Ordinal)
            || path.EndsWith("/lib-dynload/", StringComparison.Ordinal)
        );

    private static async ValueTask<Sha256Value> HashAsync(string path, CancellationToken stop)
    {
        await using FileStream stream = File.OpenRead(path);
        return new Sha256Value(await SHA256.HashDataAsync(stream, stop));
    }
}
