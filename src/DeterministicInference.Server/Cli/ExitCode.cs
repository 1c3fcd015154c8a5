namespace DeterministicInference.Server.Cli;

/// <summary>Exit codes of every command.</summary>
internal static class ExitCode
{
    public const int Success = 0;

    /// <summary>The command could not do its work.</summary>
    public const int Failure = 1;

    /// <summary>The command line is wrong.</summary>
    public const int Usage = 2;
}
