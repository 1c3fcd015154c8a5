using DeterministicInference.Server.Engines;

namespace DeterministicInference.Server.Assessment;

/// <summary>The finding about an engine of <c>--backend-url</c> that does not pass a probe.</summary>
internal static class EngineUnreachable
{
    public static Finding Of(Uri url, ProbeProblem problem) =>
        Finding.Refused(
            "engine_unreachable",
            $"--backend-url: the engine at {EngineUrl.ToDisplay(url).TrimEnd('/')} is not ready: {problem.Text}. "
                + (problem.Remedy ?? "Start it, or raise --backend-startup-timeout if it only needs more time.")
        );
}
