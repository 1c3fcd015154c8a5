namespace DeterministicInference.FakeBackend;

/// <summary>How the process misbehaves, from environment variables.</summary>
internal sealed record ProcessBehaviour
{
    /// <summary>FAKE_START_DELAY_MS: time before the port is open, as while a model loads.</summary>
    public TimeSpan StartDelay { get; } = TimeSpan.FromMilliseconds(Number("FAKE_START_DELAY_MS"));

    /// <summary>FAKE_WARMUP_MS: time with an open port and 503 on /health; -1 lasts until POST /__fake/warm.</summary>
    public TimeSpan Warmup { get; } = TimeSpan.FromMilliseconds(Number("FAKE_WARMUP_MS"));

    /// <summary>FAKE_NEVER_HEALTHY=1: /health stays 503.</summary>
    public bool NeverHealthy { get; } = Number("FAKE_NEVER_HEALTHY") != 0;

    /// <summary>FAKE_EXIT_LINES: prints so many lines to standard error and ends before it listens; none when absent.</summary>
    public int? ExitLines { get; } = Environment.GetEnvironmentVariable("FAKE_EXIT_LINES") is null ? null : Number("FAKE_EXIT_LINES");

    /// <summary>FAKE_EXIT_CODE: the code of that end.</summary>
    public int ExitCode { get; } = Number("FAKE_EXIT_CODE", 1);

    /// <summary>FAKE_IGNORE_SIGTERM=1: only SIGKILL ends it.</summary>
    public bool IgnoreSigterm { get; } = Number("FAKE_IGNORE_SIGTERM") != 0;

    /// <summary>FAKE_LOG_LINES: a flood of so many lines when it becomes ready.</summary>
    public int LogLines { get; } = Number("FAKE_LOG_LINES");

    /// <summary>FAKE_KEEP_REQUESTS=0: forgets requests that have ended, so that its memory stays the same under endless load.</summary>
    public bool KeepsRequests { get; } = Number("FAKE_KEEP_REQUESTS", 1) != 0;

    private static int Number(string name, int fallback = 0) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } text ? int.Parse(text, null) : fallback;
}
