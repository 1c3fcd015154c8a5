using System.Text.Json;
using DeterministicInference.Server.Determinism;
using DeterministicInference.Server.Engines.Facts;

namespace DeterministicInference.Server.Engines.Tgi;

/// <summary>
/// Text Generation Inference, which is in maintenance mode; it can only be attached to. Source of the facts:
/// huggingface/text-generation-inference@db931fc (3.3.6-dev0, 2026-01-08).
/// </summary>
internal sealed class TgiKind : IEngineKind
{
    public string Name => "tgi";

    public string Title => "TGI server";

    /// <summary>/health queries the shards (router/src/server.rs).</summary>
    public EngineHealthRoutes Health { get; } = new("/health");

    public IEngineDeterminism Determinism { get; } = new NoPromise();

    public IEngineFacts Facts { get; } = new ReportedFacts();

    public RequestRules Requests { get; } =
        new()
        {
            Fields = TgiFields.Honoured,
            Seeds = (0, long.MaxValue),
            Refusals =
            [
                FieldRefusal.Above(
                    "n",
                    1,
                    "TGI returns one choice whatever n is. Send n requests with different seeds."
                ),
                FieldRefusal.Above(
                    "best_of",
                    1,
                    "TGI takes no seed together with it. Send requests with different seeds."
                ),
            ],
            Spellings =
            [
                // TGI accepts only an array.
                new("stop", value => value.ValueKind == JsonValueKind.String ? $"[{value.GetRawText()}]" : null),
                // TGI refuses the API's own default.
                new(
                    "top_p",
                    value => value.ValueKind == JsonValueKind.Number && value.GetDouble() == 1 ? "null" : null
                ),
                // TGI uses it in chats for another penalty, and converts 0 to 2 (router/src/lib.rs:960 at db931fcf).
                new(
                    "presence_penalty",
                    value => value.ValueKind == JsonValueKind.Number && value.GetDouble() == 0 ? "null" : null
                ),
            ],
            // TGI takes any other name for an adapter.
            OnlyModelName = "tgi",
        };

    public AnswerRules? Answers => TgiAnswers.Rules;

    private sealed class NoPromise : IEngineDeterminism
    {
        public string Basis => "";

        public IEnumerable<Finding> CheckAttached() =>
            [
                Finding.Degrades(
                    "no_batch_invariance",
                    "TGI has no batch-invariant mode: other requests in the batch change an answer. Use "
                        + "--backend sglang or vllm."
                ),
            ];
    }

    private sealed class ReportedFacts : IEngineFacts
    {
        private const string Info = "/info";

        public IReadOnlyList<string> Paths { get; } = [Info];

        public void DescribeLaunch(FactInputs inputs, FactSheet sheet) => AttachedFacts.Describe(sheet);

        public void DescribeEngine(FactInputs inputs, EngineAnswers answers, FactSheet sheet)
        {
            sheet.Reported("engine.version", answers.Text(Info, "version"));
            sheet.Reported("engine.build", answers.Text(Info, "sha"));
            sheet.Reported("engine.image", answers.Text(Info, "docker_label"));
            // This is a commit on the hub, not a hash of files.
            sheet.Reported("model.revision", answers.Text(Info, "model_sha"));
            foreach (string name in (string[])["model_dtype", "max_input_tokens", "max_total_tokens"])
                sheet.Reported("argument." + name, answers.Text(Info, name));
        }
    }
}
