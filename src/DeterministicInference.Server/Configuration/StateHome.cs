namespace DeterministicInference.Server.Configuration;

/// <summary>Where the program keeps what must outlive it (XDG base directory specification).</summary>
internal static class StateHome
{
    /// <summary>What the next start needs to recognise engines that were left behind.</summary>
    public static string Engines => Path.Combine(Root, "engines");

    /// <summary>Signing key and log of receipts, where no folder is given.</summary>
    public static string Receipts => Path.Combine(Root, "receipts");

    private static string Root => Path.Combine(
        Environment.GetEnvironmentVariable("XDG_STATE_HOME") is { Length: > 0 } state ? state : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".local", "state"),
        "deterministic-inference");
}
