using System.Text.RegularExpressions;

namespace DeterministicInference.Server.Engines.Vllm;

/// <summary>vLLM's lines, of 0.32.0 unless another release is named.</summary>
internal static partial class VllmOutput
{
    public static EngineOutputRules Rules { get; } =
        new()
        {
            Prefix = Prefix(),
            Chatter = Chatter(),
            Ending = Ending(),
            Consequences = Consequences(),
            RequestErrors = RequestErrors(),
        };

    /// <summary>
    /// <c>(APIServer pid=13044) WARNING 11-28 19:34:43 [system_utils.py:255] text</c>, where each line of an entry has
    /// the prefix; the traceback of an error that nobody caught has the process alone. uvicorn's lines begin
    /// <c>INFO:     </c>. Releases of 2025 end the place with another bracket (vllm-project/vllm#27194).
    /// </summary>
    [GeneratedRegex(
        """
            ^(?:\((?<source>[^()]{1,80}?)\ pid=\d+\)\ )?
            (?:(?<level>DEBUG|INFO|WARNING|ERROR|CRITICAL)\ \d\d-\d\d\ \d\d:\d\d:\d\d
            \ \[(?<place>[^\[\]]{1,200})\[?\]\ ?
            |(?<level>DEBUG|INFO|WARNING|ERROR|CRITICAL):\ +)?
            (?<text>.*)$
            """,
        RegexOptions.IgnorePatternWhitespace | RegexOptions.CultureInvariant
    )]
    private static partial Regex Prefix();

    /// <summary>
    /// uvicorn's line for each request, on a Unix socket without an address, the list of routes at start, and the
    /// throughput every 10 s.
    /// </summary>
    [GeneratedRegex(
        """^(?:Route: /|(?:\S+:\d+ )?- "[A-Z]+ /|Engine \d+: Avg prompt throughput)""",
        RegexOptions.CultureInvariant
    )]
    private static partial Regex Chatter();

    /// <summary>
    /// Its processes have failed, although the HTTP server answers for some seconds more (v1/engine/core.py,
    /// core_client.py and async_llm.py).
    /// </summary>
    [GeneratedRegex(
        """
            ^(?:EngineCore\ encountered\ a\ fatal\ error
            |AsyncLLM\ output_handler\ failed
            |(?:Engine\ core\ proc|EngineCore\S*|Worker\ proc)\b.{0,80}\ died\b
            |(?:\w+\.)*EngineDeadError\b)
            """,
        RegexOptions.IgnorePatternWhitespace | RegexOptions.CultureInvariant
    )]
    private static partial Regex Ending();

    /// <summary>The API server repeats the failure of a process that has told its own.</summary>
    [GeneratedRegex(
        """[Ss]ee (?:root cause|(?:the )?stack trace)|EngineDeadError|died unexpectedly""",
        RegexOptions.CultureInvariant
    )]
    private static partial Regex Consequences();

    [GeneratedRegex("^Error in (?:preprocessing|chat|completion|response)", RegexOptions.CultureInvariant)]
    private static partial Regex RequestErrors();
}
