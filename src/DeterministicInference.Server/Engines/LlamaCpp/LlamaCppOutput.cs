using System.Text.RegularExpressions;

namespace DeterministicInference.Server.Engines.LlamaCpp;

/// <summary>llama-server's lines, of b11434 unless another build is named.</summary>
internal static partial class LlamaCppOutput
{
    public static EngineOutputRules Rules { get; } =
        new()
        {
            Prefix = Prefix(),
            Levels = new Dictionary<string, LogLevel>(StringComparer.Ordinal)
            {
                ["D"] = LogLevel.Debug,
                ["I"] = LogLevel.Information,
                ["W"] = LogLevel.Warning,
                ["E"] = LogLevel.Error,
            },
            Errors = Errors(),
            Chatter = Chatter(),
            Consequences = Consequences(),
            RequestErrors = RequestErrors(),
        };

    /// <summary><c>0.03.966.930 E srv    send_error: text</c>: minutes, seconds, milli- and microseconds.</summary>
    [GeneratedRegex(
        """^(?<time>\d+\.\d\d\.\d{3}\.\d{3}) (?<level>[DIWE]) (?<text>.*)$""",
        RegexOptions.CultureInvariant
    )]
    private static partial Regex Prefix();

    /// <summary>
    /// What ends it is printed without a prefix: <c>error: invalid argument: X</c>, and ggml's abort (ggml/src/ggml.c,
    /// ggml-cuda/ggml-cuda.cu) with a file of its source.
    /// </summary>
    [GeneratedRegex(
        """^(?:error: |(?:\S+:\d+: )?(?:GGML_ASSERT\(|CUDA error|ROCm error|fatal error)|terminate called)""",
        RegexOptions.CultureInvariant
    )]
    private static partial Regex Errors();

    [GeneratedRegex(
        """
            ^(?:slot\s
            |(?:srv|que|res)\s+(?:update_slots|log_server_r|get_availabl|params_from_|stop|post|next|pop)\b
            |\s*(?:prompt\ eval|eval|total)\ time\ =)
            """,
        RegexOptions.IgnorePatternWhitespace | RegexOptions.CultureInvariant
    )]
    private static partial Regex Chatter();

    /// <summary>Its farewell, which follows an error with the reason.</summary>
    [GeneratedRegex("""^srv\s+llama_server: exiting due to""", RegexOptions.CultureInvariant)]
    private static partial Regex Consequences();

    [GeneratedRegex(
        """^(?:srv\s+(?:send_error|operator\(\))|\w*\s*got exception|parse:)""",
        RegexOptions.CultureInvariant
    )]
    private static partial Regex RequestErrors();
}
