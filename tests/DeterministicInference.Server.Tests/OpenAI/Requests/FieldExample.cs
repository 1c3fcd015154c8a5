using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using DeterministicInference.Server.OpenAI.Requests;
using DeterministicInference.Server.OpenAI.Requests.Types;

namespace DeterministicInference.Server.Tests.OpenAI.Requests;

/// <summary>Requests that have a field of the table, with a value of its type.</summary>
internal static class FieldExample
{
    /// <summary>Rows whose type alone says too little about their values.</summary>
    private static readonly Dictionary<string, string> Values = new()
    {
        ["messages"] = """[{"role":"user","content":"x"}]""",
        ["messages[].role"] = "\"assistant\"",
        ["messages[].content"] = "\"x\"",
        ["messages[].content[].type"] = "\"text\"",
        ["messages[].content[].image_url"] = "\"data:,x\"",
        ["messages[].content[].audio_url"] = "\"data:,x\"",
        ["messages[].content[].video_url"] = "\"data:,x\"",
        ["prompt"] = "\"x\"",
        ["n"] = "2",
        ["best_of"] = "3",
        ["response_format"] = """{"type":"json_object"}""",
        ["response_format.type"] = "\"json_object\"",
        ["response_format.json_schema"] = """{"name":"x"}""",
        ["tool_choice"] = "\"required\"",
        ["tools"] = """[{"type":"function","function":{"name":"f"}}]""",
        ["tools[].type"] = "\"custom\"",
        ["tools[].function"] = """{"name":"f"}""",
        ["functions"] = """[{"name":"f"}]""",
        ["modalities"] = """["audio"]""",
        ["logit_bias"] = """{"5":1}""",
    };

    /// <summary>Every row with a route that has it.</summary>
    public static IEnumerable<(Field Field, RequestRoute Route)> Rows =>
        from row in RequestFields.Everything
        from route in (RequestRoute[])[RequestRoute.Chat, RequestRoute.Completions]
        where row.Routes.HasFlag(route)
        select (row, route);

    /// <summary>A value with an effect, where the field has such values.</summary>
    public static string ValueOf(Field field)
    {
        if (Values.TryGetValue(field.Path, out string? own))
            return own;
        string[] candidates = field.Type switch
        {
            BooleanType => ["true", "false"],
            IntegerType or NumberType => Numbers(field.Type),
            TextType { Allowed: [var word, ..] } => [$"\"{word}\""],
            TextType or AnyType => ["\"x\""],
            ArrayType { Items: IntegerType } => ["[1]"],
            ArrayType { Items: ObjectType } => ["[{}]"],
            ArrayType => ["[\"x\"]"],
            ObjectType => ["{\"x\":1}"],
            EitherType { Boolean: not null } => ["true", "false"],
            EitherType => ["\"x\""],
            _ => throw new ArgumentException($"No example of {field.Path}.", nameof(field)),
        };
        return candidates.FirstOrDefault(value => !field.NoEffect.Matches(JsonElement.Parse(value))) ?? candidates[0];
    }

    /// <summary>The values with which the field has no effect by itself: one of them where all are.</summary>
    public static IEnumerable<string> NeutralValuesOf(Field field) =>
        field.NoEffect.Text == NoEffect.Any
            ? [ValueOf(field)]
            : field.NoEffect.Values.Select(value => value.GetRawText());

    /// <summary>A value of a type that the field does not have; null for a field that has all.</summary>
    public static string? WrongValueOf(Field field) =>
        field.Type switch
        {
            AnyType => null,
            TextType => "[5]",
            EitherType => "5",
            _ => "\"no such value\"",
        };

    /// <summary>A request with a field, which need not be at the top, and with what it has its effect beside.</summary>
    /// <param name="route">Of the request.</param>
    /// <param name="path">Of the field.</param>
    /// <param name="value">Of the field, as JSON.</param>
    /// <param name="beside">A top-level field beside which it has an effect; null for none.</param>
    public static string RequestOf(RequestRoute route, string path, string value, string? beside = null)
    {
        JsonObject request =
            route == RequestRoute.Chat
                ? new JsonObject { ["messages"] = Usual("messages") }
                : new JsonObject { ["prompt"] = "Once upon a time" };
        if (beside is not null)
            request[beside] = JsonNode.Parse(ValueOf(RequestFields.Find(route, beside)!));
        Set(request, path, value);
        return request.ToJsonString();
    }

    /// <inheritdoc cref="RequestOf(RequestRoute, string, string, string?)"/>
    public static string RequestOf(RequestRoute route, Field field, string value) =>
        RequestOf(route, field.Path, value, CompanionOf(field));

    /// <summary>A field beside which this one has an effect; null where it has one by itself.</summary>
    public static string? CompanionOf(Field field) => TopOf(field).OnlyWith is [var first, ..] ? first : null;

    /// <summary>The row of the top-level member that a field is in.</summary>
    public static Field TopOf(Field field)
    {
        string name = field.Path.Split('.', '[')[0];
        return RequestFields.All.First(top => top.Path == name && (top.Routes & field.Routes) != 0);
    }

    /// <summary>The path as an error names it, of the first message, part, tool and call.</summary>
    public static string PlaceOf(Field field) => field.Path.Replace("[]", "[0]", StringComparison.Ordinal);

    private static string[] Numbers(FieldType type)
    {
        (double least, double most) = type switch
        {
            IntegerType whole => ((double)whole.Minimum, (double)whole.Maximum),
            NumberType number => (number.Minimum, number.Maximum),
            _ => throw new ArgumentException("Not a type of numbers.", nameof(type)),
        };
        return
        [
            .. ((double[])[5, 0.5, 1, 0])
                .Where(number => number >= least && number <= most)
                .Where(number => type is NumberType || double.IsInteger(number))
                .Select(number => number.ToString(CultureInfo.InvariantCulture)),
        ];
    }

    private static void Set(JsonNode owner, string path, string value)
    {
        int dot = path.IndexOf('.', StringComparison.Ordinal);
        string step = dot < 0 ? path : path[..dot];
        if (dot < 0)
        {
            owner[step] = JsonNode.Parse(value);
            return;
        }
        bool isArray = step.EndsWith("[]", StringComparison.Ordinal);
        string name = isArray ? step[..^2] : step;
        JsonNode? next = owner[name];
        bool isUsable = isArray ? next is JsonArray { Count: > 0 } : next is JsonObject;
        if (!isUsable)
            owner[name] = next = Usual(step);
        Set(isArray ? next![0]! : next!, path[(dot + 1)..], value);
    }

    /// <summary>What a member usually is where another one stands in it.</summary>
    private static JsonNode Usual(string step) =>
        JsonNode.Parse(
            step switch
            {
                "messages" => """[{"role":"user","content":"Once upon a time"}]""",
                "content[]" => """[{"type":"text","text":"Once upon a time"}]""",
                "tools[]" => """[{"type":"function","function":{"name":"f"}}]""",
                "functions[]" => """[{"name":"f"}]""",
                "tool_calls[]" => """[{"type":"function","function":{"name":"f"}}]""",
                "response_format" => """{"type":"json_schema"}""",
                "json_schema" => """{"name":"x"}""",
                "image_url" => """{"url":"data:image/png;base64,AA=="}""",
                _ when step.EndsWith("[]", StringComparison.Ordinal) => "[{}]",
                _ => "{}",
            }
        )!;
}
