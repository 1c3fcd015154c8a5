using DeterministicInference.Server.OpenAI.Requests.Types;
using static DeterministicInference.Server.OpenAI.Requests.Types.FieldChange;
using static DeterministicInference.Server.OpenAI.Requests.Types.UsualTypes;

namespace DeterministicInference.Server.OpenAI.Requests;

/// <summary>Constraints on the answer: a schema, a grammar, an expression.</summary>
internal static class ConstraintFields
{
    public static IReadOnlyList<Field> All { get; } =
    [
        new("response_format", new ObjectType(ResponseFormat()), Answer, "{\"type\":\"text\"}")
        {
            Aliases = ["structured_outputs", "json_schema", "grammar"],
        },
        new("structured_outputs", new ObjectType(StructuredOutputs()), Answer, "{}") { Aliases = ["response_format"] },
        new("guided_json", Any, Answer) { Aliases = ["structured_outputs.json", "response_format"] },
        new("guided_regex", Any, Answer) { Aliases = ["structured_outputs.regex", "regex"] },
        new("guided_choice", Any, Answer) { Aliases = ["structured_outputs.choice"] },
        new("guided_grammar", Any, Answer) { Aliases = ["structured_outputs.grammar", "ebnf"] },
        new("guided_whitespace_pattern", Any, Answer) { Aliases = ["structured_outputs.whitespace_pattern"] },
        new("guided_decoding_backend", Any, Nothing, NoEffect.Any),
        new("structural_tag", Any, Answer) { Aliases = ["structured_outputs.structural_tag"] },
        new("regex", Text, Answer) { Aliases = ["structured_outputs.regex"] },
        new("ebnf", Text, Answer) { Aliases = ["structured_outputs.grammar", "grammar"] },
        // An object for llama.cpp, a string for SGLang.
        new("json_schema", TextOrObject, Answer) { Aliases = ["response_format"] },
        new("grammar", Text, Answer, "\"\"") { Aliases = ["ebnf", "structured_outputs.grammar"] },
        new("grammar_lazy", Flag, Answer, "false"),
        new("grammar_triggers", AnyArray, Answer, "[]"),
        new("grammar_type", Any, Answer),
        new("preserved_tokens", AnyArray, Answer, "[]"),
    ];

    private static Field[] ResponseFormat() =>
        [
            new("response_format.type", Text, Answer, "\"text\"") { IsRequired = true },
            new("response_format.json_schema", new ObjectType(JsonSchema()), Answer)
            {
                Aliases = ["structured_outputs.json"],
            },
            Extension("schema"),
            Extension("value"),
            Extension("structures"),
            Extension("triggers"),
            Extension("format"),
        ];

    private static Field[] JsonSchema() =>
        [
            new("response_format.json_schema.name", Text, Nothing, NoEffect.Any),
            new("response_format.json_schema.description", Any, Answer),
            new("response_format.json_schema.schema", Any, Answer) { AbsenceVaries = true },
            // Engines enforce the schema in any case, as if this were true.
            new("response_format.json_schema.strict", Any, Nothing, NoEffect.Any),
        ];

    private static Field Extension(string name) =>
        new("response_format." + name, Any, Answer) { Aliases = ["response_format.json_schema"] };

    private static Field[] StructuredOutputs() =>
        [
            Structured("json", "response_format.json_schema"),
            Structured("regex", "regex"),
            Structured("choice", "guided_choice"),
            Structured("grammar", "ebnf"),
            Structured("json_object", "response_format"),
            Structured("structural_tag", "response_format"),
            Structured("whitespace_pattern", "guided_whitespace_pattern"),
            new("structured_outputs.disable_any_whitespace", Any, Answer, "false"),
            new("structured_outputs.disable_additional_properties", Any, Answer, "false"),
        ];

    private static Field Structured(string name, string alias) =>
        new("structured_outputs." + name, Any, Answer) { Aliases = [alias] };
}
