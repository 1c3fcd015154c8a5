namespace DeterministicInference.Server.Configuration;

/// <summary>
/// Folders for state that outlives the program (https://specifications.freedesktop.org/basedir-spec/latest/).
/// </summary>
internal static class StatePaths
{
    /// <summary>State files by which the next start recognises engines that were left behind.</summary>
    public static string Engines => Path.Combine(Root, "engines");

    /// <summary>Folders of running engines, for machines without XDG_RUNTIME_DIR.</summary>
    public static string Run => Path.Combine(Root, "run");

    /// <summary>Default folder of the signing key and the receipt log.</summary>
    public static string Receipts => Path.Combine(Root, "receipts");

    /// <summary>Default folder of the keys and the state of a witness.</summary>
    public static string Witness => Path.Combine(Root, "witness");

    private static string Root =>
        Path.Combine(
            // A relative path is invalid there, and would be another folder in each working directory.
            Environment.GetEnvironmentVariable("XDG_STATE_HOME")
                is { } state
            && Path.IsPathFullyQualified(state)
                ? state
                : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".local", "state"),
            "deterministic-inference"
        );
}
