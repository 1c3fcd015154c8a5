namespace DeterministicInference.Server.Tests.Guard;

/// <summary>Shell scripts that behave as engines do, well or badly. All say <c>ready</c> once they are.</summary>
internal static class EngineScripts
{
    public const int Children = 4;

    /// <summary>The children are sleeps, which survive when it is killed.</summary>
    public const string Tree = "for i in 1 2 3 4; do sleep 600 & done; echo ready; wait";

    /// <summary>
    /// It waits for a sleep of its own; the other four leave its session, its pipes and its parentage.
    /// </summary>
    public const string Daemons =
        "for i in 1 2 3 4; do setsid sh -c 'sleep 600 <&- >&- 2>&- & exit' & done; wait; echo ready; sleep 601";

    /// <summary>Ends with code 7 on SIGTERM.</summary>
    public const string Polite = "trap 'echo bye; exit 7' TERM; sleep 600 & echo ready; wait";

    /// <summary>Neither it nor its children end on SIGTERM.</summary>
    public const string Deaf = "trap '' TERM; for i in 1 2 3 4; do sleep 600 & done; echo ready; wait";

    /// <summary>Two processes that each start a successor in another session and end, up to 3,000 times.</summary>
    public const string Chains = """
        link='[ "$0" -lt 3000 ] || exit; setsid sh -c "$1" "$(($0 + 1))" "$1" <&- >&- 2>&- &'
        sh -c "$link" 1 "$link" & sh -c "$link" 1 "$link" & echo ready; sleep 600
        """;
}
