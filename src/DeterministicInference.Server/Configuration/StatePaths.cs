using System.Globalization;
using DeterministicInference.Server.Native;

namespace DeterministicInference.Server.Configuration;

/// <summary>
/// Folders for state that outlives the program (https://specifications.freedesktop.org/basedir-spec/latest/).
/// </summary>
internal static class StatePaths
{
    private const string Name = "deterministic-inference";

    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>Folders of running engines; null for a user without a home.</summary>
    public static string? Run => Root is { } root ? Path.Combine(root, "run") : null;

    /// <summary>Default folder of the signing key and the receipt log, if <see cref="HasHome"/>.</summary>
    public static string Receipts => Path.Combine(Root ?? Temporary, "receipts");

    /// <summary>Default folder of the keys and the state of a witness, if <see cref="HasHome"/>.</summary>
    public static string Witness => Path.Combine(Root ?? Temporary, "witness");

    /// <summary>
    /// Whether XDG_STATE_HOME is set, or this user's home exists. Keys must not lie in a temporary folder.
    /// </summary>
    public static bool HasHome => Root is not null;

    private static string? Root =>
        // A relative path is invalid there, and would be another folder in each working directory.
        Environment.GetEnvironmentVariable("XDG_STATE_HOME")
            is { } state
        && Path.IsPathFullyQualified(state)
            ? Path.Combine(state, Name)
        // Empty if the folder does not exist.
        : Environment.GetFolderPath(Environment.SpecialFolder.UserProfile) is { Length: > 0 } home
            ? Path.Combine(home, ".local", "state", Name)
        : null;

    /// <summary>Of this user, by the number, as one without a home may have no name either.</summary>
    private static string Temporary =>
        Path.Combine(
            Path.GetTempPath(),
            OperatingSystem.IsLinux() ? string.Create(CultureInfo.InvariantCulture, $"{Name}-{Libc.geteuid()}") : Name
        );

    /// <summary>
    /// State files by which the next start recognises engines that were left behind. The user of a service may have no
    /// home that it can write to; then they are beside the receipts, or in the machine's folder for temporary files.
    /// </summary>
    /// <param name="dataDir"><c>--data-dir</c>; null if it is not given.</param>
    public static string Engines(string? dataDir)
    {
        foreach (string candidate in ((string?[])[Root, dataDir]).OfType<string>())
        {
            if (CanHold(candidate))
                return Path.Combine(candidate, "engines");
        }
        return Temporary;
    }

    private static bool CanHold(string folder)
    {
        try
        {
            if (OperatingSystem.IsWindows())
                Directory.CreateDirectory(folder);
            else
                Directory.CreateDirectory(folder, OwnerOnly);
            string probe = Path.Combine(folder, Path.GetRandomFileName());
            File.Create(probe, 1, FileOptions.DeleteOnClose).Dispose();
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Missing and not to be made, another user's, or read-only: the next one.
            return false;
        }
    }
}
