using DeterministicInference.Server.OpenAI.Requests.Types;
using static DeterministicInference.Server.OpenAI.Requests.Types.FieldChange;
using static DeterministicInference.Server.OpenAI.Requests.Types.RequestRoute;
using static DeterministicInference.Server.OpenAI.Requests.Types.UsualTypes;

namespace DeterministicInference.Server.OpenAI.Requests;

/// <summary>Number and length of answers, and what ends them.</summary>
internal static class LengthFields
{
    public static IReadOnlyList<Field> All { get; } =
    [
        new("n", new IntegerType(1, 128), Answer, "1") { Aliases = ["n_cmpl"] },
        new("n_cmpl", new IntegerType(1, 128), Answer, "1") { Aliases = ["n"] },
        new("best_of", new IntegerType(1, 128), Answer, routes: Completions) { SameAs = "n" },
        new("max_tokens", Count, Answer) { AbsenceVaries = true, Aliases = ["max_completion_tokens", "n_predict"] },
        new("max_completion_tokens", Count, Answer, routes: Chat) { AbsenceVaries = true, Aliases = ["max_tokens"] },
        new("n_predict", Integer, Answer) { AbsenceVaries = true, Aliases = ["max_tokens"] },
        new("max_new_tokens", Any, Answer) { Aliases = ["max_tokens"] },
        new("num_predict", Any, Answer) { Aliases = ["max_tokens"] },
        new("min_tokens", Count, Answer, "0"),
        new("min_new_tokens", Any, Answer, "0") { Aliases = ["min_tokens"] },
        new("n_indent", Integer, Answer, "0"),
        // End of an answer.
        new("stop", TextOrTexts, Answer, "[]"),
        new("until", Any, Answer, "[]") { Aliases = ["stop"] },
        new("stop_token_ids", TokenIds, Answer, "[]"),
        new("stop_regex", TextOrTexts, Answer, "[]"),
        new("ignore_eos", Flag, Answer, "false"),
        new("include_stop_str_in_output", Flag, Answer, "false") { Aliases = ["no_stop_trim"] },
        new("no_stop_trim", Flag, Answer, "false") { Aliases = ["include_stop_str_in_output"] },
        new("repetition_detection", new ObjectType(Repetition()), Answer, "{} | {\"max_pattern_size\":0}"),
        new("max_repetition_pattern_size", Any, Answer, "0") { Aliases = ["repetition_detection.max_pattern_size"] },
        new("min_repetition_pattern_size", Any, Answer, "0") { Aliases = ["repetition_detection.min_pattern_size"] },
        new("repetition_min_count", Any, Answer, "0") { Aliases = ["repetition_detection.min_count"] },
        // The context window, where a long answer moves it.
        new("n_keep", Integer, Answer, "0"),
        new("n_discard", Count, Answer, "0"),
        // How tokens become text.
        new("skip_special_tokens", Flag, Answer, "true"),
        new("spaces_between_special_tokens", Flag, Answer, "true"),
    ];

    private static Field[] Repetition() =>
        [
            new("repetition_detection.max_pattern_size", Any, Answer, "0"),
            new("repetition_detection.min_pattern_size", Any, Answer, "0"),
            new("repetition_detection.min_count", Any, Answer, "0"),
        ];
}
