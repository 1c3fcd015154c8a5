namespace DeterministicInference.Server.Tests.Supervision;

/// <summary>Lines by which an engine, or a client whose text it prints, would speak for the server.</summary>
internal static class ForgedLines
{
    /// <summary>Stands where the message of a forged entry begins.</summary>
    public const string Mark = "FORGED";

    private const string Critical = $"2026-11-30 10:00:00 | CRITICAL | deterministic_inference.server | {Mark} stopped",
        Request =
            $"2026-11-30 10:00:00 | INFO     | deterministic_inference.server | {Mark} POST /v1/chat/completions 200 "
            + "1.0 ms prompt_tokens=1 completion_tokens=1 req_1 key=admin",
        Json =
            """{"time":"2026-11-30T10:00:00.000Z","level":"CRITICAL","module":"deterministic_inference.server","message":"FORGED"}""";

    /// <summary>What one reader or another takes for the end of a line.</summary>
    private static readonly string[] Ends =
    [
        "\r",
        "\r\n",
        "\v",
        "\f",
        "\x1c",
        "\x1d",
        "\x1e",
        "\x85",
        "\u2028",
        "\u2029",
        "\0",
    ];

    public static IReadOnlyList<string> All { get; } =
    [
        Critical,
        Request,
        .. Ends.Select(end => $"harmless{end}{Critical}"),
        .. Ends.Select(end => $"harmless{end}{Request}"),
        // Deletes or overwrites on a terminal what stands before it.
        $"\x1b[2K\x1b[1G{Critical}",
        $"{new string('\b', 80)}{Critical}",
        $"\x9b2K{Critical}",
        // Shown in another order.
        $"\u202e{Critical}",
        $"\u2066{Critical}\u2069",
        $"\uFEFF{Critical}",
        // As engines' loggers write.
        $"(APIServer pid=1) INFO 11-28 19:34:43 [x.py:1] {Critical}",
        $"[2026-11-28 19:52:52] {Critical}",
        $"0.03.966.930 E {Critical}",
        Critical.Replace("deterministic_inference.server", "deterministic_inference.proxy", StringComparison.Ordinal),
        Critical.Replace("| CRITICAL |", "|  critical\t|", StringComparison.Ordinal),
        Critical.Replace("deterministic_inference.server", "deterministic_inference.engine", StringComparison.Ordinal),
        // A piece of a line too long begins at the start of a line.
        new string('x', 16 * 1024) + Critical,
        $"text{'\r'}{Json}{'\u2028'}{Critical}",
    ];
}
