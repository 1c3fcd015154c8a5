using DeterministicInference.Server.Engines.Evidence;
using DeterministicInference.Server.Machine;

namespace DeterministicInference.Server.Engines.Sglang;

/// <summary>Which attention backends have a deterministic mode, for which models and on which GPUs.</summary>
internal static class SglangAttention
{
    /// <summary>Attention backends that server_args.py accepts with --enable-deterministic-inference.</summary>
    private static readonly string[] DeterministicAttention = ["ascend", "fa3", "fa4", "flashinfer", "triton"];

    /// <summary>Those for absorbed MLA (0.5.23, attention_hook.py:622).</summary>
    private static readonly string[] MlaAttention = ["ascend", "fa3", "fa4", "triton"];

    /// <summary>Architectures with absorbed MLA (0.5.23, attention_hook.py).</summary>
    private static readonly string[] MlaArchitectures =
    [
        "DeepseekV2ForCausalLM",
        "DeepseekV3ForCausalLM",
        "DeepseekV32ForCausalLM",
        "MistralLarge3ForCausalLM",
        "PixtralForConditionalGeneration",
        "GlmMoeDsaForCausalLM",
        "Glm4MoeLiteForCausalLM",
        "Glm5NextForConditionalGeneration",
    ];

    private static readonly ComputeCapability Ampere = new(8, 0),
        Blackwell = new(10, 0),
        // The generation behind SM 110.
        Later = new(12, 0);

    /// <summary>
    /// Whether the build accepts intel_xpu (merged 2026-08-24, sgl-project/sglang#29143, after release 0.5.18).
    /// </summary>
    public static bool HasXpuAttention(MachineFacts machine) =>
        ReleaseVersion.Parse(machine.Installation?.EngineVersion) > ReleaseVersion.Parse("0.5.18");

    public static bool IsMla(ModelFacts model) => model.Architectures.Intersect(MlaArchitectures).Any();

    /// <summary>Arguments that SGLang refuses.</summary>
    public static IEnumerable<Finding> Check(SglangConfiguration configuration, MachineFacts machine)
    {
        IReadOnlyList<string> attention = configuration.Attention;
        if (
            attention.FirstOrDefault(name =>
                !DeterministicAttention.Contains(name) && !(name == "intel_xpu" && HasXpuAttention(machine))
            ) is
            { } unknown
        )
        {
            yield return Finding.Refused(
                "attention_backend",
                $"--attention-backend {unknown} has no deterministic mode. Use fa3, triton or flashinfer, or leave "
                    + "it out."
            );
        }
        else if (IsMla(machine.Model) && attention.FirstOrDefault(name => !TakesMla(name, machine)) is { } narrow)
        {
            yield return Finding.Refused(
                "attention_backend",
                $"--attention-backend {narrow} has no deterministic mode for {machine.Model.Architectures[0]}"
                    + (narrow == "fa4" ? $" on compute capability {machine.Least}" : "")
                    + ". Use fa3 or triton, or leave it out."
            );
        }
        if (attention.Contains("fa3") && (machine.Most < Ampere || machine.Least >= Blackwell))
        {
            yield return Finding.Refused(
                "attention_backend_gpu",
                "--attention-backend fa3 runs on compute capability 8.0 to 9.0, and this machine's GPUs have "
                    + $"{machine.Least}. Use triton, or leave it out."
            );
        }
    }

    /// <summary>fa4 takes absorbed MLA on SM 100 and SM 110 only (0.5.23, attention_hook.py).</summary>
    private static bool TakesMla(string attention, MachineFacts machine) =>
        MlaAttention.Contains(attention)
        && !(attention == "fa4" && (machine.Least < Blackwell || machine.Most >= Later));
}
