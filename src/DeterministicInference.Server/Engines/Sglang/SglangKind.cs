using System.Text.Json;
using DeterministicInference.Server.Determinism;
using DeterministicInference.Server.Engines.Evidence;

namespace DeterministicInference.Server.Engines.Sglang;

/// <summary>
/// SGLang in its deterministic mode (batch-invariant kernels, seeded sampling; SGLang 0.5.3 or newer, with per-request
/// seeds on the OpenAI routes since 2025-12-19). Source of the facts: sgl-project/sglang@8905cbd (2026-07-20); file
/// names are below python/sglang/srt there.
/// </summary>
internal sealed class SglangKind : IEngineKind
{
    /// <summary>The first release whose hash mixes both halves of a seed (0.5.23, srt/layers/murmur_hash.py).</summary>
    private static readonly ReleaseVersion SeedsSince = ReleaseVersion.Parse("0.5.23")!.Value;

    private const string AtLeastOne = "SGLang generates at least one token. Give 1 or more.";

    public string Name => "sglang";

    public string Title => "SGLang server";

    /// <summary>
    /// /health answers 503 during warm-up and then runs one token through the engine; /health_generate does so even if
    /// SGLANG_ENABLE_HEALTH_ENDPOINT_GENERATION=0 disables that for /health (entrypoints/http_server.py).
    /// </summary>
    public EngineHealthRoutes Health { get; } = new("/health") { ProgressPath = "/health_generate" };

    public IEngineLauncher Launcher { get; } = new SglangLauncher();

    public IEngineDeterminism Determinism { get; } = new SglangDeterminism();

    public IEngineFacts Facts { get; } = new SglangFacts();

    public EngineOutputRules Output => SglangOutput.Rules;

    /// <summary>-1 and other negative numbers are left out: see DeterminismPolicy.</summary>
    public (long Least, long Most) SeedsOf(string? version) =>
        ReleaseVersion.Parse(version) >= SeedsSince ? (0, long.MaxValue) : Requests.Seeds;

    public RequestRules Requests { get; } =
        new()
        {
            Fields = SglangFields.Honoured,
            // Seeds have 64 bits in the scheduler, but 32 in the hash that draws of builds before SeedsSince.
            Seeds = (0, uint.MaxValue - 1),
            // Otherwise a chat takes these from the model's generation_config.json.
            Defaults =
            [
                new("temperature", "1"),
                new("top_p", "1"),
                new("top_k", "-1"),
                new("min_p", "0"),
                new("repetition_penalty", "1"),
            ],
            Refusals =
            [
                FieldRefusal.NoTokens("max_tokens", AtLeastOne),
                FieldRefusal.NoTokens("max_completion_tokens", AtLeastOne),
                FieldRefusal.Always(
                    "input_ids",
                    "SGLang would answer them instead of messages. Send the text, or a completion whose prompt is the "
                        + "ids."
                ) with
                {
                    IsUnsupported = true,
                },
                new(
                    "watermark",
                    value => value.ValueKind != JsonValueKind.False,
                    "SGLang's watermark draws at random. Leave it out."
                ),
                FieldRefusal.Above(
                    "n",
                    1,
                    "SGLang draws every choice with the same seed, so the choices would be identical. Send n "
                        + "requests "
                        + "with different seeds."
                ),
                FieldRefusal.Above(
                    "best_of",
                    1,
                    "SGLang draws every choice with the same seed, so the choices would be identical. Send requests "
                        + "with different seeds."
                ),
                FieldRefusal.Above(
                    "min_p",
                    0,
                    "SGLang's deterministic sampler does not support it, and SGLang would exit. Use top_p or top_k."
                ),
            ],
            // Since July and August 2026 (sgl-project/sglang#30917, #34488); older builds ignore them. A streamed chat
            // with the first one is refused.
            TokenIdMembers = ["return_token_ids"],
            ChatStreamTokenIdMembers = ["return_input_ids_in_sglext", "return_output_ids_in_sglext"],
            // SGLang answers by whatever name it is asked, and reads the part after a colon as the name of an adapter.
            NeedsModel = true,
            AdapterMark = ':',
        };
}
