using System.Runtime.Versioning;
using System.Text;
using DeterministicInference.Server.Native;

namespace DeterministicInference.Server.Guard;

/// <summary>
/// The file by which the next start finds processes that were left when a server and its guards were all killed. The
/// server writes it before it starts anything, the guards append the processes that they start, and it is deleted once
/// none is left: a file that exists means that processes may be alive. Lines: <c>boot ID</c>, <c>space
/// PIDNAMESPACE</c>, <c>tag HEX</c>, <c>server|guard|process PID START</c>.
/// </summary>
/// <param name="Path">Path of the file.</param>
/// <param name="Boot">The boot in which the process numbers are valid.</param>
/// <param name="Space">The PID namespace in which the process numbers are valid.</param>
/// <param name="Tag">The value of <see cref="GuardEnvironment.TagName"/> in every process of the engine.</param>
/// <param name="Server">The server, which is responsible as long as it runs.</param>
/// <param name="Guards">The guards, which are responsible after that.</param>
/// <param name="Processes">The engine and its descendants, as far as they were seen.</param>
internal sealed record GuardState(
    string Path,
    string Boot,
    string Space,
    string Tag,
    ProcessIdentity Server,
    IReadOnlyList<ProcessIdentity> Guards,
    IReadOnlyList<ProcessIdentity> Processes
)
{
    public const string Extension = ".state";

    /// <summary>The <see cref="EngineFolder"/>, which goes with the file; null for none.</summary>
    public string? Folder { get; private init; }

    /// <exception cref="IOException">No descriptor is free: state files of this boot must not look older.</exception>
    public static string CurrentBoot
    {
        get
        {
            byte[] id = ProcFile.ReadAll("/proc/sys/kernel/random/boot_id");
            return id.Length == 0 && ProcFile.LacksDescriptors
                ? throw Libc.LastFailure
                : Encoding.ASCII.GetString(id).Trim();
        }
    }

    public static string CurrentSpace => new FileInfo("/proc/self/ns/pid").LinkTarget ?? "";

    /// <summary>Writes the file for an engine that this process is about to start.</summary>
    /// <param name="folder">A folder that <see cref="GuardStateDirectory"/> has checked.</param>
    /// <param name="tag">The engine's tag.</param>
    /// <param name="engineFolder">The engine's folder, which need not exist yet; null for none.</param>
    [SupportedOSPlatform("linux")]
    public static GuardState Create(string folder, string tag, string? engineFolder = null)
    {
        string path = System.IO.Path.Combine(folder, tag + Extension);
        var state = new GuardState(path, CurrentBoot, CurrentSpace, tag, ProcessIdentity.Own, [], [])
        {
            Folder = engineFolder,
        };
        string line = engineFolder is null ? "" : $"folder {engineFolder}\n";
        AtomicFile.Create(
            path,
            Encoding.UTF8.GetBytes($"boot {state.Boot}\nspace {state.Space}\ntag {tag}\nserver {state.Server}\n{line}")
        );
        return state;
    }

    /// <summary>Adds a line to a file that exists.</summary>
    public static unsafe void Append(string path, string kind, ProcessIdentity process)
    {
        using var name = new NativeStrings([path]);
        int descriptor = Libc.open(*name.Pointer, Libc.WriteOnly | Libc.Append | Libc.CloseOnExec, 0);
        if (descriptor < 0)
            return;
        DescriptorText.Write(descriptor, $"{kind} {process}\n");
        _ = Libc.close(descriptor);
    }

    /// <summary>Reads a file, or returns null if it is gone or malformed.</summary>
    public static GuardState? Read(string path)
    {
        string[] lines;
        try
        {
            lines = File.ReadAllText(path).Split('\n')[..^1];
        }
        catch (IOException)
        {
            return null;
        }
        string? Single(string kind) =>
            lines.FirstOrDefault(line => line.StartsWith(kind + " ", StringComparison.Ordinal))?[(kind.Length + 1)..];
        IReadOnlyList<ProcessIdentity> All(string kind) =>
            [
                .. lines
                    .Where(line => line.StartsWith(kind + " ", StringComparison.Ordinal))
                    .Select(line => ProcessIdentity.Parse(line.AsSpan(kind.Length + 1)))
                    .OfType<ProcessIdentity>(),
            ];
        return
            Single("boot") is { } boot
            && Single("space") is { } space
            && Single("tag") is { } tag
            && IsTag(tag)
            && All("server") is [var server]
            ? new GuardState(path, boot, space, tag, server, All("guard"), All("process")) { Folder = Single("folder") }
            : null;
    }

    /// <summary>
    /// Whether a value has the form of a tag; no other value is compared with environments of processes.
    /// </summary>
    public static bool IsTag(string value) => value.Length == 32 && value.All(char.IsAsciiHexDigit);

    /// <summary>Deletes a file whose engine is gone, and before it the engine's folder.</summary>
    public static void Delete(string path)
    {
        if (Read(path)?.Folder is { } folder)
            EngineFolder.Remove(folder);
        try
        {
            File.Delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The next start finds no process alive and tries again.
        }
    }
}
