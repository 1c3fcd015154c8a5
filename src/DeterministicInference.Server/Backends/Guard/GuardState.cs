using System.Runtime.Versioning;
using System.Text;

namespace DeterministicInference.Server.Backends.Guard;

/// <summary>
/// The file by which the next start finds what a server and its guards left when all of them were killed at once. The
/// server writes it before it starts anything, the guards append whom they started, and it is deleted once nothing is
/// left: a file that exists means that somebody may be alive. Lines: <c>boot ID</c>, <c>space PIDNAMESPACE</c>,
/// <c>tag HEX</c>, <c>server|guard|process PID START</c>.
/// </summary>
/// <param name="Path">Where it is.</param>
/// <param name="Boot">The boot in which its process numbers mean something.</param>
/// <param name="Space">The PID namespace in which they do.</param>
/// <param name="Tag">The value of <see cref="GuardEnvironment.TagName"/> in every process of the engine.</param>
/// <param name="Server">Who is responsible as long as it runs.</param>
/// <param name="Guards">Who is after that.</param>
/// <param name="Processes">The engine and those of its descendants that were seen.</param>
internal sealed record GuardState(
    string Path, string Boot, string Space, string Tag, ProcessIdentity Server, IReadOnlyList<ProcessIdentity> Guards, IReadOnlyList<ProcessIdentity> Processes)
{
    public const string Extension = ".state";

    public static string CurrentBoot => Encoding.ASCII.GetString(ProcFile.ReadAll("/proc/sys/kernel/random/boot_id")).Trim();

    public static string CurrentSpace => new FileInfo("/proc/self/ns/pid").LinkTarget ?? "";

    /// <summary>Writes the file for an engine that this process is about to start.</summary>
    /// <param name="folder">A folder that <see cref="StateFolder"/> has checked.</param>
    /// <param name="tag">The engine's tag.</param>
    [SupportedOSPlatform("linux")]
    public static GuardState Create(string folder, string tag)
    {
        string path = System.IO.Path.Combine(folder, tag + Extension), unfinished = path + ".new";
        var state = new GuardState(path, CurrentBoot, CurrentSpace, tag, ProcessIdentity.Own, [], []);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite };
        using (var file = new FileStream(unfinished, options))
        {
            file.Write(Encoding.UTF8.GetBytes($"boot {state.Boot}\nspace {state.Space}\ntag {tag}\nserver {state.Server}\n"));
        }
        File.Move(unfinished, path);
        return state;
    }

    /// <summary>Adds a line to a file that exists.</summary>
    public static unsafe void Append(string path, string kind, ProcessIdentity process)
    {
        using var name = new NativeStrings([path]);
        int descriptor = Libc.open(*name.Pointer, Libc.WriteOnly | Libc.Append | Libc.CloseOnExec, 0);
        if (descriptor < 0) return;
        DescriptorText.Write(descriptor, $"{kind} {process}\n");
        _ = Libc.close(descriptor);
    }

    /// <summary>Reads a file, or returns null if it is gone or is none.</summary>
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
        string? Single(string kind) => lines.FirstOrDefault(line => line.StartsWith(kind + " ", StringComparison.Ordinal))?[(kind.Length + 1)..];
        IReadOnlyList<ProcessIdentity> All(string kind) => [.. lines
            .Where(line => line.StartsWith(kind + " ", StringComparison.Ordinal))
            .Select(line => ProcessIdentity.Parse(line.AsSpan(kind.Length + 1))).OfType<ProcessIdentity>()];
        return Single("boot") is { } boot && Single("space") is { } space && Single("tag") is { } tag && IsTag(tag) && All("server") is [var server]
            ? new GuardState(path, boot, space, tag, server, All("guard"), All("process")) : null;
    }

    /// <summary>Whether a value is one of our tags; nothing else is ever compared with a process's environment.</summary>
    public static bool IsTag(string value) => value.Length == 32 && value.All(char.IsAsciiHexDigit);

    public static void Delete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The next start finds nobody alive and tries again.
        }
    }
}
