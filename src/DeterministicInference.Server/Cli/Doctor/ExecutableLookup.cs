namespace DeterministicInference.Server.Cli.Doctor;

/// <summary>Whether a program is there, by the rules by which it will be started.</summary>
internal static class ExecutableLookup
{
    private const UnixFileMode AnyExecute = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    /// <param name="program">A path, or a name to be looked up in PATH where it has no slash.</param>
    public static bool IsThere(string program) => program.Contains('/', StringComparison.Ordinal)
        ? IsExecutable(program)
        : (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(folder => IsExecutable(Path.Combine(folder.Length == 0 ? "." : folder, program)));

    private static bool IsExecutable(string path) => File.Exists(path) && (OperatingSystem.IsWindows() || (File.GetUnixFileMode(path) & AnyExecute) != 0);
}
