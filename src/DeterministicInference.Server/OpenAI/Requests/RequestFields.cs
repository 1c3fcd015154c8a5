using System.Text.Json;

namespace DeterministicInference.Server.OpenAI.Requests;

/// <summary>
/// The fields of the two generating routes as the API describes them. What the API leaves to engines is left to them here:
/// fields that are not listed, values of <c>response_format.type</c> and the like, and how many stop texts, alternatives or
/// prompts are too many.
/// </summary>
internal static class RequestFields
{
    private static readonly TextType Text = new();
    private static readonly BooleanType Boolean = new();
    private static readonly ObjectType AnyObject = new();
    private static readonly EitherType TextOrObject = new("a string or an object") { Text = Text, Object = AnyObject };

    private static readonly Field[] Shared =
    [
        new("model", Text),
        new("stream", Boolean),
        new("stream_options", new ObjectType(new Field("include_usage", Boolean), new Field("include_obfuscation", Boolean))),
        new("n", new IntegerType(1, 128)),
        new("seed", new IntegerType(long.MinValue, long.MaxValue)),
        new("max_tokens", new IntegerType(0, int.MaxValue)),
        new("temperature", new NumberType(0, 2)),
        new("top_p", new NumberType(0, 1)),
        new("frequency_penalty", new NumberType(-2, 2)),
        new("presence_penalty", new NumberType(-2, 2)),
        new("stop", new EitherType("a string or an array of strings") { Text = Text, Array = new ArrayType(Text) }),
        new("logit_bias", new LogitBiasType()),
        new("user", Text),
    ];

    /// <summary><c>POST /v1/completions</c>.</summary>
    public static ObjectType Completion { get; } = new(
    [
        new("prompt", new EitherType("a string or an array") { Text = Text, Array = new PromptsType() }) { IsRequired = true, AcceptsNull = true },
        .. Shared,
        new("best_of", new IntegerType(0, 128)),
        new("echo", Boolean),
        new("suffix", Text),
        new("logprobs", new IntegerType(0, int.MaxValue)),
    ]);

    /// <summary><c>POST /v1/chat/completions</c>.</summary>
    public static ObjectType Chat { get; } = new(
    [
        new("messages", new ArrayType(Message(), "an array of objects", "an array with at least one message")) { IsRequired = true },
        .. Shared,
        new("max_completion_tokens", new IntegerType(0, int.MaxValue)),
        new("logprobs", Boolean),
        new("top_logprobs", new IntegerType(0, int.MaxValue)),
        new("response_format", new ObjectType(new Field("type", Text) { IsRequired = true }, new Field("json_schema", new ObjectType(new Field("name", Text))))),
        new("tools", new ArrayType(new ObjectType(new Field("type", Text), new Field("function", Function())))),
        new("tool_choice", TextOrObject),
        new("parallel_tool_calls", Boolean),
        new("functions", new ArrayType(Function())),
        new("function_call", TextOrObject),
        new("reasoning_effort", Text),
        new("verbosity", Text),
        new("modalities", new ArrayType(Text)),
        new("audio", AnyObject),
        new("prediction", AnyObject),
        new("web_search_options", AnyObject),
        new("service_tier", Text),
        new("store", Boolean),
        new("metadata", AnyObject),
        new("safety_identifier", Text),
        new("prompt_cache_key", Text),
        new("prompt_cache_retention", Text),
    ]);

    /// <summary>Checks a request.</summary>
    /// <returns>The scalars that are written as strings, in the order of the table.</returns>
    /// <exception cref="OpenAIException">400: what is wrong first, in the order of the table.</exception>
    public static IReadOnlyList<Coercion> Check(this ObjectType fields, JsonElement request)
    {
        List<Coercion> coercions = [];
        fields.CheckMembers(request, "", coercions);
        return coercions;
    }

    private static ObjectType Message() => new(
        new Field("role", new TextType("system", "developer", "user", "assistant", "tool", "function")) { IsRequired = true },
        new Field("content", new EitherType("a string or an array of parts") { Text = Text, Array = new ArrayType(Part()) })
        {
            RequiredWhere = ("role", ["system", "developer", "user", "tool"]),
        },
        new Field("name", Text),
        new Field("refusal", Text),
        new Field("tool_calls", new ArrayType(new ObjectType(
            new Field("id", Text), new Field("type", Text), new Field("function", new ObjectType(new Field("name", Text)))))),
        new Field("tool_call_id", Text),
        new Field("function_call", AnyObject),
        new Field("audio", AnyObject));

    private static ObjectType Part() => new(
        new Field("type", Text) { IsRequired = true },
        new Field("text", Text) { RequiredWhere = ("type", ["text"]) });

    private static ObjectType Function() => new(
        new Field("name", Text) { IsRequired = true },
        new Field("description", Text),
        new Field("parameters", AnyObject),
        // Within content there are no coercions: a receipt could not tell of them.
        new Field("strict", new BooleanType(AcceptsText: false)));
}
