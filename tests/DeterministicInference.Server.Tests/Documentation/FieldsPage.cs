using System.Text;
using DeterministicInference.Server.Determinism;
using DeterministicInference.Server.Engines;
using DeterministicInference.Server.OpenAI.Requests;
using DeterministicInference.Server.OpenAI.Requests.Types;

namespace DeterministicInference.Server.Tests.Documentation;

/// <summary>The text of <c>docs/fields.md</c>.</summary>
internal static class FieldsPage
{
    private const string Introduction = """
        # Request fields

        This page is for authors of clients. It has every field of `POST /v1/chat/completions` and `POST /v1/completions` that this server knows: those of
        the OpenAI API, those that engines add, and those that clients send although no engine reads them. The tables are generated from the code:
        `DIS_WRITE_DOCS=1` and the test `The_page_of_fields_shows_the_table` write this page.

        Rules:

        - The type of a field is checked before an engine sees it, also with `--determinism off`: 400 `invalid_type` and the like, with its path.
        - A field that changes the answer, or what is reported about it, and that the engine does not honour is 400 `unsupported_parameter`, with its
          path and the remedy: the engine would silently ignore it and answer another request. The gateway refuses it for engines that it knows, unless
          `--determinism off` is set; the embedded engine always does. For `--backend external` no field is refused, because it is not known what that
          engine honours.
        - A field that makes the answer depend on more than the request is 400 `nondeterministic_request` for every engine, unless `--determinism off`
          is set. The one exception is `session_id` for vLLM, to which a session is only a name.
        - Values *without effect* are always accepted. Numbers count by value, an object stands for every object with these members, and null is always
          such a value: the gateway removes top-level nulls of these fields from the request, because many engines refuse them.
        - *Neutral* says whether a value without effect may be left out for every engine. Where absence means different things to different
          engines (which take defaults from files beside the weights, or from arguments), no value is neutral.
        - A member that is in no table is passed to the engine.
        - The embedded engine takes no message of the role `tool` or `function`, and in a chat a `max_tokens` of 1 or more.

        Routes: `both`, `chat`, `completions`. *Honoured by* lists the values of `--backend`; a field that changes neither answers nor reports need not
        be honoured. *Also* names fields with the same or nearly the same meaning.

        """;

    public static string Text()
    {
        var page = new StringBuilder(Introduction);
        foreach ((string topic, IReadOnlyList<Field> fields) in RequestFields.Topics)
        {
            page.Append($"\n## {topic}\n\n");
            page.Append("| field | routes | type | changes | without effect | neutral | honoured by | also |\n");
            page.Append("| --- | --- | --- | --- | --- | --- | --- | --- |\n");
            foreach (Field field in fields.SelectMany(RequestFields.WithMembers))
                page.Append(Row(field));
        }
        return page.ToString();
    }

    private static string Row(Field field)
    {
        string[] cells =
        [
            $"`{field.Path}`",
            field.Routes.ToString().ToLowerInvariant(),
            field.Type.Description + (field.IsRequired ? ", required" : ""),
            field.Changes.ToString().ToLowerInvariant(),
            WithoutEffect(field),
            field.IsNeutralEverywhere ? "yes"
            : field.NoEffect.Text.Length > 0 ? "no"
            : "",
            field.Changes is FieldChange.Nothing or FieldChange.Delivery ? ""
            : DeterminismPolicy.OwnFields.Contains(field.Path) ? "this server"
            : Engines(field),
            string.Join(
                ", ",
                field.Aliases.Select(alias => $"`{alias.Path}`{(alias.Value is { } value ? $" {value}" : "")}")
            ),
        ];
        return $"| {string.Join(" | ", cells.Select(cell => cell.Length == 0 ? "–" : cell))} |\n";
    }

    private static string WithoutEffect(Field field)
    {
        var values = new List<string>();
        if (field.NoEffect.Text == NoEffect.Any)
            values.Add("any");
        values.AddRange(field.NoEffect.Values.Select(value => $"`{value.GetRawText()}`"));
        if (field.OnlyWith.Count > 0)
            values.Add("without " + string.Join(", ", field.OnlyWith.Select(name => $"`{name}`")));
        if (field.SwitchedOffBy is { } off)
            values.Add($"with `{off.Name}` `{off.Values.Text}`");
        if (field.SameAs is { } same)
            values.Add($"`{same}`");
        return string.Join(", ", values);
    }

    private static string Engines(Field field)
    {
        string[] engines =
        [
            .. EngineRegistry
                .BuiltIn.KnownFields.Select(engine => (engine.Name, Routes: RoutesOf(engine.Fields, field)))
                .Where(engine => engine.Routes != RequestRoute.None)
                .Select(engine =>
                    engine.Routes.HasFlag(field.Routes) && engine.Routes == field.Routes
                        ? engine.Name
                        : $"{engine.Name} ({engine.Routes.ToString().ToLowerInvariant()})"
                ),
        ];
        return engines.Length == 0 ? "none" : string.Join(", ", engines);
    }

    private static RequestRoute RoutesOf(EngineFields fields, Field field) =>
        (fields.Honours(RequestRoute.Chat, field.Path) && IsRowOf(field, RequestRoute.Chat) ? RequestRoute.Chat : 0)
        | (
            fields.Honours(RequestRoute.Completions, field.Path) && IsRowOf(field, RequestRoute.Completions)
                ? RequestRoute.Completions
                : 0
        );

    /// <summary>Whether this is the only row of its path for a route.</summary>
    private static bool IsRowOf(Field field, RequestRoute route) =>
        field.Routes.HasFlag(route)
        || !RequestFields.Everything.Any(other => other.Path == field.Path && other.Routes.HasFlag(route));
}
