using System.Globalization;
using System.Text;
using DeterministicInference.Server.Native;

namespace DeterministicInference.Server.Machine;

/// <summary>A file from which a process executes code.</summary>
/// <param name="Path">Where this process finds it.</param>
/// <param name="Name">The last part of its path.</param>
/// <param name="Folder">Its folder, as the process that maps it sees it.</param>
/// <param name="IsThere">Whether the file with this path is still the one that is mapped.</param>
internal sealed record MappedFile(string Path, string Name, string Folder, bool IsThere);

/// <summary>
/// The files that a process has mapped to execute them: its executable and its libraries
/// (https://man7.org/linux/man-pages/man5/proc_pid_maps.5.html).
/// </summary>
internal static class MappedFiles
{
    private const string Deleted = " (deleted)";

    /// <returns>Null if the process is gone, or belongs to another user.</returns>
    public static IReadOnlyList<MappedFile>? Of(int pid)
    {
        byte[] maps = ProcFile.ReadAll(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/maps"));
        return maps.Length == 0 ? null : [.. Parse(Encoding.UTF8.GetString(maps), RootOf(pid), FileIdentity.Of)];
    }

    /// <summary>The executable of a process; null if it can't be read.</summary>
    public static string? Executable(int pid) => TargetOf(pid, "exe");

    /// <summary>The working directory of a process, where it looks up relative names; null if unknown.</summary>
    public static string? WorkingFolder(int pid) => TargetOf(pid, "cwd");

    private static string? TargetOf(int pid, string link)
    {
        try
        {
            return File.ResolveLinkTarget(
                string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/{link}"),
                returnFinalTarget: false
            )?.FullName;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <param name="maps">The text of the file in /proc.</param>
    /// <param name="root">The root of the process's file system, as this process sees it; empty for the same.</param>
    /// <param name="identity">Identifies a file by its path.</param>
    public static IEnumerable<MappedFile> Parse(string maps, string root, Func<string, FileIdentity?> identity)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (string line in maps.Split('\n'))
        {
            // start-end permissions offset device inode path
            string[] words = line.Split(' ', 6, StringSplitOptions.RemoveEmptyEntries);
            if (
                words.Length != 6
                || !words[1].Contains('x', StringComparison.Ordinal)
                || !ulong.TryParse(words[4], NumberStyles.None, CultureInfo.InvariantCulture, out ulong inode)
                || inode == 0
            )
                continue;
            string path = words[5].TrimStart();
            // Memory that has a name, and code that was compiled while running, is made anew by each process.
            if (!path.StartsWith('/') || path.StartsWith("/memfd:", StringComparison.Ordinal) || IsDevice(path))
                continue;
            bool isDeleted = path.EndsWith(Deleted, StringComparison.Ordinal);
            if (isDeleted)
                path = path[..^Deleted.Length];
            if (!seen.Add(path))
                continue;
            string here = root + path;
            yield return new MappedFile(
                here,
                Path.GetFileName(path),
                Path.GetDirectoryName(path) ?? "/",
                !isDeleted && identity(here) is { } found && found.Inode == inode
            );
        }
    }

    private static bool IsDevice(string path) =>
        path.StartsWith("/dev/", StringComparison.Ordinal) || path.StartsWith("/SYSV", StringComparison.Ordinal);

    /// <summary>A container or a chroot has another root.</summary>
    private static string RootOf(int pid)
    {
        string root = string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/root");
        try
        {
            return File.ResolveLinkTarget(root, returnFinalTarget: false)?.FullName is "/" ? "" : root;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
