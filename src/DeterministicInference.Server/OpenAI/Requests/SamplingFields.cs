using DeterministicInference.Server.OpenAI.Requests.Types;
using static DeterministicInference.Server.OpenAI.Requests.Types.FieldChange;
using static DeterministicInference.Server.OpenAI.Requests.Types.RequestRoute;
using static DeterministicInference.Server.OpenAI.Requests.Types.UsualTypes;

namespace DeterministicInference.Server.OpenAI.Requests;

/// <summary>
/// Sampling of tokens. Hardly any value is neutral: engines read their defaults from files beside the weights, and
/// llama-server from its arguments.
/// </summary>
internal static class SamplingFields
{
    private static readonly NumberType Share = new(0, 1);

    public static IReadOnlyList<Field> All { get; } =
    [
        new("seed", Integer, Answer) { AbsenceVaries = true },
        // Of this server: absence means true where it draws the seed.
        new("seeds_per_prompt", Flag, Answer, "false", Completions) { AbsenceVaries = true },
        new("temperature", new NumberType(0, 2), Answer, "1") { AbsenceVaries = true },
        new("do_sample", Any, Answer, "true") { Aliases = [new("temperature", "0")] },
        new("top_p", Share, Answer, "1") { AbsenceVaries = true },
        new("top_k", new IntegerType(-1, int.MaxValue), Answer, "-1 | 0") { AbsenceVaries = true },
        new("min_p", Share, Answer, "0") { AbsenceVaries = true },
        new("top_a", Any, Answer, "0"),
        new("tfs_z", Any, Answer, "1"),
        new("typical_p", Number, Answer, "1") { AbsenceVaries = true },
        new("top_n_sigma", Number, Answer, "-1 | 0") { AbsenceVaries = true },
        new("min_keep", Count, Answer, "0") { AbsenceVaries = true },
        new("samplers", TextOrTexts, Answer) { AbsenceVaries = true },
        new("backend_sampling", Flag, Answer, "false") { AbsenceVaries = true },
        // Biases and penalties. The same number has different meanings, as engines count different tokens.
        new("frequency_penalty", new NumberType(-2, 2), Answer, "0") { AbsenceVaries = true },
        // TGI uses it in chats for another penalty, whose neutral value is not 0.
        new("presence_penalty", new NumberType(-2, 2), Answer, "0") { AbsenceVaries = true },
        new("repetition_penalty", Number, Answer, "1") { AbsenceVaries = true, Aliases = ["repeat_penalty"] },
        new("repetition_penalty_range", Any, Answer) { OnlyWith = ["repetition_penalty"], Aliases = ["repeat_last_n"] },
        new("repeat_penalty", Number, Answer, "1") { AbsenceVaries = true, Aliases = ["repetition_penalty"] },
        new("repeat_last_n", Integer, Answer)
        {
            AbsenceVaries = true,
            OnlyWith = ["repeat_penalty", "frequency_penalty", "presence_penalty"],
        },
        new("penalize_nl", Any, Answer, "false"),
        new("penalty_prompt", Any, Answer),
        new("logit_bias", new LogitBiasType(), Answer, "{}"),
        new("bad_words", Texts, Answer, "[]"),
        new("allowed_token_ids", TokenIds, Answer),
        new("dry_multiplier", Number, Answer, "0") { AbsenceVaries = true },
        Dry("dry_base", Number),
        Dry("dry_allowed_length", Integer),
        Dry("dry_penalty_last_n", Integer),
        Dry("dry_sequence_breakers", Texts),
        // Samplers that replace the usual ones, or vary them.
        new("dynatemp_range", Number, Answer, "0") { AbsenceVaries = true },
        new("dynatemp_exponent", Number, Answer) { AbsenceVaries = true, OnlyWith = ["dynatemp_range"] },
        new("xtc_probability", Number, Answer, "0") { AbsenceVaries = true },
        new("xtc_threshold", Number, Answer) { AbsenceVaries = true, OnlyWith = ["xtc_probability"] },
        new("mirostat", Integer, Answer, "0") { AbsenceVaries = true },
        new("mirostat_tau", Number, Answer) { AbsenceVaries = true, OnlyWith = ["mirostat"] },
        new("mirostat_eta", Number, Answer) { AbsenceVaries = true, OnlyWith = ["mirostat"] },
        new("mirostat_mode", Any, Answer, "0") { Aliases = ["mirostat"] },
        new("adaptive_target", Number, Answer, "-1") { AbsenceVaries = true },
        new("adaptive_decay", Number, Answer) { AbsenceVaries = true, OnlyWith = ["adaptive_target"] },
        new("watermarking", Flag, Answer) { AbsenceVaries = true, Aliases = ["watermark"] },
        new("watermark", Any, Answer) { AbsenceVaries = true, Aliases = ["watermarking"] },
        // Search instead of sampling.
        new("use_beam_search", Flag, Answer, "false"),
        new("num_beams", Any, Answer, "1") { Aliases = [new("use_beam_search", "true")] },
        new("length_penalty", Number, Answer, "1") { OnlyWith = ["use_beam_search", "num_beams"] },
        new("early_stopping", Any, Answer, "false") { OnlyWith = ["use_beam_search", "num_beams"] },
        // Code and its arguments.
        new("logits_processors", Any, Answer, "[]") { Aliases = ["custom_logit_processor"] },
        new("vllm_xargs", AnyObject, Answer, "{}"),
        new("custom_params", Any, Answer, "{}"),
    ];

    private static Field Dry(string name, FieldType type) =>
        new(name, type, Answer) { AbsenceVaries = true, OnlyWith = ["dry_multiplier"] };
}
