using System.Globalization;

namespace DeterministicInference.Server.Engines.Sglang;

/// <summary>
/// The multiples at which SGLang's deterministic mode cuts a longer prompt, so that a smaller piece never begins. The
/// attention backend has a variable for it (managers/scheduler.py, init_deterministic_inference_config; the other
/// backends cut anywhere).
/// </summary>
/// <param name="Flashinfer">Multiple on flashinfer.</param>
/// <param name="Triton">Multiple on triton, in builds that have one there.</param>
internal sealed record SglangAlignment(int Flashinfer, int Triton)
{
    public const string FlashinferVariable = "SGLANG_FLASHINFER_PREFILL_SPLIT_TILE_SIZE",
        TritonVariable = "SGLANG_TRITON_PREFILL_TRUNCATION_ALIGN_SIZE";

    /// <summary>Both multiples without the variables.</summary>
    public const int Usual = 4096;

    public static SglangAlignment Of(IReadOnlyDictionary<string, string> variables) =>
        new(Size(variables, FlashinferVariable), Size(variables, TritonVariable));

    /// <summary>What is no number counts as nothing (get_int_env_var).</summary>
    private static int Size(IReadOnlyDictionary<string, string> variables, string name) =>
        int.TryParse(
            variables.GetValueOrDefault(name),
            NumberStyles.AllowLeadingSign | NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite,
            CultureInfo.InvariantCulture,
            out int size
        )
            ? size
            : Usual;
}
