using DeterministicInference.Server.OpenAI.Requests.Types;
using static DeterministicInference.Server.OpenAI.Requests.Types.FieldChange;
using static DeterministicInference.Server.OpenAI.Requests.Types.RequestRoute;
using static DeterministicInference.Server.OpenAI.Requests.Types.UsualTypes;

namespace DeterministicInference.Server.OpenAI.Requests;

/// <summary>Functions that an answer may call.</summary>
internal static class ToolFields
{
    private static readonly NoEffect None = new("\"none\"");

    public static IReadOnlyList<Field> All { get; } =
    [
        new("tools", new ArrayType(new ObjectType(Tool())), Answer, "[]", Chat)
        {
            SwitchedOffBy = ("tool_choice", None),
            Aliases = ["functions"],
        },
        new("tool_choice", ToolChoice(), Answer, "\"none\" | \"auto\"", Chat) { Aliases = ["function_call"] },
        new("parallel_tool_calls", Flag, Answer, "true", Chat) { AbsenceVaries = true, OnlyWith = ["tools"] },
        new("functions", new ArrayType(new ObjectType(Function("functions[]."))), Answer, "[]", Chat)
        {
            SwitchedOffBy = ("function_call", None),
            Aliases = ["tools"],
        },
        new("function_call", TextOrObject, Answer, "\"none\" | \"auto\"", Chat) { Aliases = ["tool_choice"] },
        // If absent, TGI puts its own instruction before the tools.
        new("tool_prompt", Text, Answer, "\"\"", Chat) { OnlyWith = ["tools"] },
        new("parse_tool_calls", Flag, Report) { OnlyWith = ["tools"] },
    ];

    private static Field[] Tool() =>
        [
            new("tools[].type", Text, Answer, "\"function\"", Chat),
            new("tools[].function", new ObjectType(Function("tools[].function.")), Answer, routes: Chat),
            new("tools[].custom", AnyObject, Answer, routes: Chat),
            new("tools[].defer_loading", Any, Answer, "false", Chat),
        ];

    private static Field[] Function(string prefix) =>
        [
            new(prefix + "name", Text, Answer, routes: Chat) { IsRequired = true },
            new(prefix + "description", Text, Answer, routes: Chat),
            new(prefix + "parameters", AnyObject, Answer, routes: Chat),
            new(prefix + "strict", Flag, Answer, routes: Chat) { AbsenceVaries = true },
            new(prefix + "defer_loading", Any, Answer, "false", Chat),
        ];

    private static EitherType ToolChoice() =>
        new("a string or an object")
        {
            Text = Text,
            Object = new ObjectType(
                new("tool_choice.function", Any, Answer, routes: Chat),
                new("tool_choice.allowed_tools", Any, Answer, routes: Chat),
                new("tool_choice.custom", Any, Answer, routes: Chat)
            ),
        };
}
