using DeterministicInference.Server.Engines.Facts;
using DeterministicInference.Server.Machine;

namespace DeterministicInference.Server.Engines.External;

/// <summary>A running OpenAI-compatible engine of an unknown kind: it can only be attached to.</summary>
internal sealed class ExternalKind : IEngineKind
{
    public string Name => "external";

    public string Title => "External engine";

    public EngineHealthRoutes Health { get; } = new("/health") { TakesAnyAnswer = true };

    public IEngineDeterminism Determinism { get; } = new NoPromise();

    public IEngineFacts Facts { get; } = new CommonFacts();

    /// <summary>Unknown, as the engine may be of any known kind.</summary>
    public AnswerRules? Answers => null;

    private sealed class NoPromise : IEngineDeterminism
    {
        public string Basis => "";

        public IEnumerable<Finding> CheckAttached() =>
            [
                Finding.Degrades(
                    "engine_unknown",
                    "The kind of the engine is unknown. Name it with --backend, such as --backend vllm, if this "
                        + "server supports it."
                ),
            ];
    }

    /// <summary>Facts that many engines report.</summary>
    private sealed class CommonFacts : IEngineFacts
    {
        public IReadOnlyList<string> Paths { get; } = ["/version", "/v1/models"];

        public void DescribeLaunch(FactInputs inputs, FactSheet sheet) => AttachedFacts.Describe(sheet);

        public void DescribeEngine(FactInputs inputs, EngineAnswers answers, FactSheet sheet)
        {
            sheet.Reported("engine.version", answers.Text("/version", "version"));
            // Most engines report their name; some report the path of the model.
            if (answers.Text("/v1/models", "data", "owned_by") is { } owner && !PathText.LooksLikePathOrUrl(owner))
                sheet.Reported("engine.owner", owner);
        }
    }
}
