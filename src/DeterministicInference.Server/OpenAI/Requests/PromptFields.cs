using DeterministicInference.Server.OpenAI.Requests.Types;
using static DeterministicInference.Server.OpenAI.Requests.Types.FieldChange;
using static DeterministicInference.Server.OpenAI.Requests.Types.RequestRoute;
using static DeterministicInference.Server.OpenAI.Requests.Types.UsualTypes;

namespace DeterministicInference.Server.OpenAI.Requests;

/// <summary>The prompt, and how it becomes tokens.</summary>
internal static class PromptFields
{
    public static IReadOnlyList<Field> All { get; } =
    [
        new("messages", Messages(), Answer, routes: Chat) { IsRequired = true },
        new("prompt", Prompt(), Answer, routes: Completions) { IsRequired = true, AcceptsNull = true },
        new("model", Text, Answer) { AbsenceVaries = true },
        new("suffix", Text, Answer, "\"\"", Completions) { AbsenceVaries = true },
        new("input_ids", TokenIds, Answer, routes: Chat) { Aliases = ["messages"] },
        new("prompt_embeds", TextOrTexts, Answer, "[]", Completions) { Aliases = ["prompt"] },
        new("truncate_prompt_tokens", new IntegerType(-1), Answer),
        new("truncation_side", new TextType("left", "right"), Answer) { OnlyWith = ["truncate_prompt_tokens"] },
        new("add_special_tokens", Flag, Answer, "false", Chat),
        new("add_special_tokens", Flag, Answer, "true", Completions),
        // Media.
        new("mm_processor_kwargs", AnyObject, Answer, "{}", Chat),
        new("media_io_kwargs", AnyObject, Answer, "{}", Chat),
        new("images_config", AnyObject, Answer, "{}"),
        new("video_config", AnyObject, Answer, "{}", Chat),
        new("max_dynamic_patch", Integer, Answer, routes: Chat),
        new("min_dynamic_patch", Integer, Answer, routes: Chat),
        new("use_audio_in_video", Flag, Answer, "false", Chat) { Aliases = ["mm_processor_kwargs"] },
    ];

    private static ArrayType Messages() =>
        new(new ObjectType([.. MessageFields.All]), "an array of objects", "an array with at least one message");

    private static EitherType Prompt() => new("a string or an array") { Text = Text, Array = new PromptsType() };
}
