namespace DeterministicInference.FakeBackend;

/// <summary>How the process misbehaves, from environment variables.</summary>
internal sealed record ProcessBehaviour
{
    /// <summary>FAKE_START_DELAY_MS: time before the port is open, as while a model loads.</summary>
    public TimeSpan StartDelay { get; } = TimeSpan.FromMilliseconds(Number("FAKE_START_DELAY_MS"));

    /// <summary>FAKE_PRINT_ARGUMENTS=1: begins with all of its arguments in one line, as SGLang does.</summary>
    public bool PrintsArguments { get; } = Number("FAKE_PRINT_ARGUMENTS") != 0;

    /// <summary>FAKE_FIRST_LINE: a line that it prints first.</summary>
    public string? FirstLine { get; } = Environment.GetEnvironmentVariable("FAKE_FIRST_LINE");

    /// <summary>FAKE_LINES_FILE: a file that it prints first, as <see cref="Output.PrintAsync"/> does.</summary>
    public string? LinesFile { get; } = Environment.GetEnvironmentVariable("FAKE_LINES_FILE");

    /// <summary>FAKE_WARMUP_MS: time with an open port and 503 on /health; -1 lasts until POST /__fake/warm.</summary>
    public TimeSpan Warmup { get; } = TimeSpan.FromMilliseconds(Number("FAKE_WARMUP_MS"));

    /// <summary>FAKE_NEVER_HEALTHY=1: /health stays 503.</summary>
    public bool NeverHealthy { get; } = Number("FAKE_NEVER_HEALTHY") != 0;

    /// <summary>
    /// FAKE_EXIT_LINES: prints so many lines to standard error and ends before it listens; none when absent.
    /// </summary>
    public int? ExitLines { get; } =
        Environment.GetEnvironmentVariable("FAKE_EXIT_LINES") is null ? null : Number("FAKE_EXIT_LINES");

    /// <summary>FAKE_EXIT_CODE: the code with which it ends by itself.</summary>
    public int ExitCode { get; } = Number("FAKE_EXIT_CODE", 1);

    /// <summary>FAKE_IGNORE_SIGTERM=1: only SIGKILL ends it.</summary>
    public bool IgnoreSigterm { get; } = Number("FAKE_IGNORE_SIGTERM") != 0;

    /// <summary>FAKE_LOG_LINES: a flood of so many lines when it becomes ready.</summary>
    public int LogLines { get; } = Number("FAKE_LOG_LINES");

    /// <summary>FAKE_CHILDREN: so many helper processes, which hold its output and would outlive it.</summary>
    public int Children { get; } = Number("FAKE_CHILDREN");

    /// <summary>FAKE_DAEMONS: so many helpers that have left its session, its descriptors and its parentage.</summary>
    public int Daemons { get; } = Number("FAKE_DAEMONS");

    /// <summary>
    /// FAKE_EXIT_AFTER_READY_MS: ends with FAKE_EXIT_CODE so long after it became ready; never when absent.
    /// </summary>
    public TimeSpan? ExitAfterReady { get; } =
        Environment.GetEnvironmentVariable("FAKE_EXIT_AFTER_READY_MS") is null
            ? null
            : TimeSpan.FromMilliseconds(Number("FAKE_EXIT_AFTER_READY_MS"));

    /// <summary>
    /// FAKE_HEALTH_DELAY_MS: /health answers after so long; POST /__fake/health-delay/{ms} changes it.
    /// </summary>
    public TimeSpan HealthDelay { get; } = TimeSpan.FromMilliseconds(Number("FAKE_HEALTH_DELAY_MS"));

    /// <summary>
    /// FAKE_INFO: a file with a JSON object, whose members what SGLang tells about itself has too, or instead of its
    /// own.
    /// </summary>
    public static string? InfoFile { get; } = Environment.GetEnvironmentVariable("FAKE_INFO");

    /// <summary>FAKE_REPLAY: a folder with recorded exchanges of the engine, which are all that it sends.</summary>
    public string? ReplayFolder { get; } =
        Environment.GetEnvironmentVariable("FAKE_REPLAY") is { Length: > 0 } folder ? folder : null;

    /// <summary>
    /// FAKE_KEEP_REQUESTS=0: forgets requests that have ended, so that its memory stays the same under endless load.
    /// </summary>
    public bool KeepsRequests { get; } = Number("FAKE_KEEP_REQUESTS", 1) != 0;

    /// <summary>
    /// FAKE_KEEP_ALIVE_MS: time between the comments of a silent stream instead of the engine's own; for an engine that
    /// sends them.
    /// </summary>
    public static TimeSpan KeepAlive(TimeSpan engines) =>
        Environment.GetEnvironmentVariable("FAKE_KEEP_ALIVE_MS") is null
            ? engines
            : TimeSpan.FromMilliseconds(Number("FAKE_KEEP_ALIVE_MS"));

    private static int Number(string name, int fallback = 0) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } text ? int.Parse(text, null) : fallback;
}
