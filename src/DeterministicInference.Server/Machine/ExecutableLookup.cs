using System.Text;
using DeterministicInference.Server.Native;

namespace DeterministicInference.Server.Machine;

/// <summary>
/// Finds a program by the rules of posix_spawnp: a name with a slash is a path, any other is searched in PATH, where
/// files that are not executable are skipped (https://man7.org/linux/man-pages/man3/posix_spawn.3.html,
/// https://man7.org/linux/man-pages/man3/exec.3.html).
/// </summary>
internal static class ExecutableLookup
{
    /// <summary>
    /// glibc's search path if PATH is not set (_CS_PATH of confstr,
    /// https://man7.org/linux/man-pages/man3/confstr.3.html).
    /// </summary>
    private const string DefaultPath = "/bin:/usr/bin";

    /// <summary>Bytes that the kernel reads of it (BINPRM_BUF_SIZE).</summary>
    private const int LongestFirstLine = 256;

    /// <param name="program">A path, or a name.</param>
    /// <param name="variables">Environment variables of the process that starts it.</param>
    /// <returns>The path of the file, or null.</returns>
    public static string? Find(string program, IReadOnlyDictionary<string, string> variables) =>
        Places(program, variables).FirstOrDefault(IsExecutable) is not { } place ? null
        : IsPath(program) ? Path.GetFullPath(place)
        : place;

    /// <summary>Where <see cref="Find"/> finds nothing: the first file or folder of that name, or null.</summary>
    public static string? FindUnusable(string program, IReadOnlyDictionary<string, string> variables) =>
        Places(program, variables).FirstOrDefault(Path.Exists);

    /// <summary>Whether a script can be started by its first line.</summary>
    /// <param name="file">A file that may be executed.</param>
    /// <param name="variables">Environment variables of the process that starts it.</param>
    /// <returns>Null, or why not: continues "'file' …".</returns>
    public static string? FindScriptProblem(string file, IReadOnlyDictionary<string, string> variables)
    {
        string line;
        try
        {
            using var start = new StreamReader(file, Encoding.Latin1);
            var first = new char[LongestFirstLine];
            line = new string(first, 0, start.ReadBlock(first)).Split('\n')[0];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A program that may be executed and not be read.
            return null;
        }
        if (line.Length == 0)
            return "is empty, or its first line is. Name a program.";
        // Of another form the kernel may know more (https://docs.kernel.org/admin-guide/binfmt-misc.html).
        if (!line.StartsWith("#!", StringComparison.Ordinal))
            return line.All(c => c is >= ' ' and <= '~' or '\t' or '\r')
                ? "is a text whose first line names no interpreter. Begin it with #!/bin/sh, or name a program."
                : null;
        if (line.EndsWith('\r'))
            return "has Windows line ends, with which its first line names no interpreter. Convert them (dos2unix).";
        string[] words = line[2..].Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
        if (words is not [var interpreter, ..])
            return "names no interpreter in its first line. Correct the line.";
        if (!File.Exists(interpreter))
            return $"names an interpreter in its first line that is not there: '{interpreter}'. Correct the line.";
        if (!IsExecutable(interpreter))
            return $"names an interpreter in its first line that this user can't execute: '{interpreter}'. Correct the "
                + "line, or give the permission (chmod +x).";
        // env has options that change what it looks for.
        return
            Path.GetFileName(interpreter) == "env"
            && words.Skip(1).SkipWhile(word => word == "-S").FirstOrDefault() is { } named
            && !named.StartsWith('-')
            && !named.Contains('=', StringComparison.Ordinal)
            && Find(named, variables) is null
            ? $"names an interpreter in its first line that is not in PATH: '{named}'. Correct the line, or PATH."
            : null;
    }

    private static bool IsPath(string program) => program.Contains('/', StringComparison.Ordinal);

    private static IEnumerable<string> Places(string program, IReadOnlyDictionary<string, string> variables) =>
        IsPath(program)
            ? [program]
            : variables
                .GetValueOrDefault("PATH", DefaultPath)
                .Split(':')
                .Select(folder => Path.Combine(folder.Length == 0 ? "." : folder, program));

    /// <summary>On Linux as execve decides it for this user; root too needs one of the permissions.</summary>
    private static bool IsExecutable(string path) =>
        File.Exists(path) && (!OperatingSystem.IsLinux() || Libc.access(path, Libc.MayExecute) == 0);
}
