namespace DeterministicInference.Server;

/// <summary>Exit codes of every command.</summary>
internal static class ExitCode
{
    public const int Success = 0;

    /// <summary>The command could not do its work.</summary>
    public const int Failure = 1;

    /// <summary>The command line is wrong.</summary>
    public const int Usage = 2;

    /// <summary><c>doctor</c>: the engine can be started, and its answers are only best-effort.</summary>
    public const int BestEffort = 3;
}
