using System.Text.RegularExpressions;

namespace DeterministicInference.Server.Engines.Sglang;

/// <summary>SGLang's lines, of 0.5.23 unless another release is named.</summary>
internal static partial class SglangOutput
{
    public static EngineOutputRules Rules { get; } =
        new()
        {
            Prefix = Prefix(),
            Errors = Errors(),
            Chatter = Chatter(),
            Ending = Ending(),
            EndsItself = EndsItself(),
        };

    /// <summary>
    /// <c>[2026-11-28 19:52:52 TP0] text</c>, with the ranks of a process that has some and without a level; further
    /// lines of an entry have no prefix. uvicorn's lines begin <c>INFO:     </c> behind it.
    /// </summary>
    [GeneratedRegex(
        """
            ^\[(?<time>\d{4}-\d\d-\d\d\ \d\d:\d\d:\d\d)(?:\.\d+)?(?<source>(?:\ [A-Z]{1,4}\d+)*)\]\ ?
            (?:(?<level>DEBUG|INFO|WARNING|ERROR|CRITICAL):\ +)?
            (?<text>.*)$
            """,
        RegexOptions.IgnorePatternWhitespace | RegexOptions.CultureInvariant
    )]
    private static partial Regex Prefix();

    /// <summary>The entries of level ERROR that end it (managers/scheduler.py, utils/watchdog.py).</summary>
    [GeneratedRegex(
        """
            ^(?:\w+\ hit\ an\ exception:
            |Subprocess\ \S+\ (?:\(pid=\d+\)\ )?crashed\ with\ exit\ code
            |SIGQUIT\ received\.
            |Received\ sigquit)
            """,
        RegexOptions.IgnorePatternWhitespace | RegexOptions.CultureInvariant
    )]
    private static partial Regex Errors();

    /// <summary>
    /// Lines of each batch and request, and those of a start that say nothing to an operator. The line of all arguments
    /// has 16 KiB.
    /// </summary>
    [GeneratedRegex(
        """
            ^(?:Prefill\ batch|Decode\ batch
            |(?:\S+:\d+\ )?-\ "[A-Z]+\ /
            |server_args=
            |Ignore\ import\ error\ when\ loading
            |Endpoint\ '/\w+'\ is\ deprecated
            |nanobind:\ leaked|\ -\ leaked
            |,\ self\.rid=)
            """,
        RegexOptions.IgnorePatternWhitespace | RegexOptions.CultureInvariant
    )]
    private static partial Regex Chatter();

    /// <summary>
    /// A process of it has failed; it kills all of them 5 to 60 s later, and answers /health until then. Releases
    /// before 2026 write the last form (sgl-project/sglang#12827).
    /// </summary>
    [GeneratedRegex(
        """
            ^(?:(?:Scheduler|TokenizerManager|DetokenizerManager|DataParallelController)\ hit\ an\ exception:
            |Subprocess\ \S+\ (?:\(pid=\d+\)\ )?crashed\ with\ exit\ code
            |SIGQUIT\ received\.
            |Received\ sigquit\ from\ a\ child\ process)
            """,
        RegexOptions.IgnorePatternWhitespace | RegexOptions.CultureInvariant
    )]
    private static partial Regex Ending();

    [GeneratedRegex(
        """^(?:kill_process_tree called:|SIGQUIT received\.|Received sigquit from a child process)""",
        RegexOptions.CultureInvariant
    )]
    private static partial Regex EndsItself();
}
