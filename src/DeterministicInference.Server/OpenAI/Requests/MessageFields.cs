using DeterministicInference.Server.OpenAI.Requests.Types;
using static DeterministicInference.Server.OpenAI.Requests.Types.FieldChange;
using static DeterministicInference.Server.OpenAI.Requests.Types.RequestRoute;
using static DeterministicInference.Server.OpenAI.Requests.Types.UsualTypes;

namespace DeterministicInference.Server.OpenAI.Requests;

/// <summary>The members of a message, and of the parts of its content.</summary>
internal static class MessageFields
{
    public static Field[] All { get; } =
    [
        Of("role", new TextType("system", "developer", "user", "assistant", "tool", "function"), required: true),
        new("messages[].content", Content(), Answer, routes: Chat)
        {
            RequiredWhere = ("role", ["system", "developer", "user", "tool"]),
        },
        Of("name", Text),
        Of("tool_calls", new ArrayType(new ObjectType(ToolCall())), "[]"),
        Of("tool_call_id", Text),
        Of("function_call", AnyObject, alias: "messages[].tool_calls"),
        Of("refusal", Text),
        Of("audio", AnyObject),
        Of("reasoning_content", Text, alias: "messages[].reasoning"),
        Of("reasoning", Text, alias: "messages[].reasoning_content"),
        Of("tools", AnyArray, "[]", "tools"),
        Of("phase", Text),
        Of("task", Text),
        Of("prefix", Flag, "false", "continue_final_message"),
    ];

    private static EitherType Content() =>
        new("a string or an array of parts") { Text = Text, Array = new ArrayType(new ObjectType(Part())) };

    private static Field[] Part() =>
        [
            Of("content[].type", Text, required: true),
            new("messages[].content[].text", Text, Answer, routes: Chat) { RequiredWhere = ("type", ["text"]) },
            Of("content[].image_url", Media(Image())),
            Of("content[].audio_url", TextOrObject),
            Of("content[].video_url", TextOrObject, alias: "messages[].content[].input_video"),
            Of("content[].input_audio", TextOrObject),
            Of("content[].input_video", TextOrObject, alias: "messages[].content[].video_url"),
            Of("content[].file", AnyObject),
            Of("content[].refusal", Text),
            Of("content[].thinking", Text),
            Of("content[].tool_reference", AnyObject),
            Of("content[].image_embeds", TextOrObject),
            Of("content[].audio_embeds", TextOrObject),
            Of("content[].prompt_embeds", Text),
            // A key of the media cache.
            new("messages[].content[].uuid", Any, Nothing, NoEffect.Any, Chat),
            new("messages[].content[].cache_control", Any, Nothing, NoEffect.Any, Chat),
        ];

    private static EitherType Media(Field[] members) =>
        new("a string or an object") { Text = Text, Object = new ObjectType(members) };

    private static Field[] Image() =>
        [
            // The API's own default is "auto".
            Of("content[].image_url.detail", Text, "\"auto\""),
            Of("content[].image_url.max_dynamic_patch", Integer, alias: "max_dynamic_patch"),
        ];

    private static Field[] ToolCall() =>
        [
            Of("tool_calls[].id", Text),
            Of("tool_calls[].type", Text),
            Of("tool_calls[].function", new ObjectType(Of("tool_calls[].function.name", Text))),
            new("messages[].tool_calls[].index", Any, Nothing, NoEffect.Any, Chat),
        ];

    private static Field Of(
        string path,
        FieldType type,
        string noEffect = "",
        string? alias = null,
        bool required = false
    ) =>
        new("messages[]." + path, type, Answer, noEffect, Chat)
        {
            Aliases = alias is null ? [] : [alias],
            IsRequired = required,
        };
}
