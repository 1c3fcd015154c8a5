using System.Text.Json;
using DeterministicInference.Server.OpenAI.Requests.Types;

namespace DeterministicInference.Server.OpenAI.Requests;

/// <summary>
/// The table of request fields: those of the API on the two generating routes, extensions of engines, and fields that
/// clients send although nothing reads them. Members outside of the table are left to the engine, as is what the API
/// leaves to engines: values of <c>response_format.type</c> and the like, and limits on the number of stop texts,
/// alternatives or prompts. Each engine lists the fields that it honours.
/// </summary>
internal static class RequestFields
{
    /// <summary>The top-level fields by topic.</summary>
    public static IReadOnlyList<(string Topic, IReadOnlyList<Field> Fields)> Topics { get; } =
    [
        ("Prompts", PromptFields.All),
        ("Delivery", DeliveryFields.All),
        ("Length and end", LengthFields.All),
        ("Sampling", SamplingFields.All),
        ("Constraints", ConstraintFields.All),
        ("Tools", ToolFields.All),
        ("Templates and reasoning", TemplateFields.All),
        ("Reports", ReportFields.All),
        ("Serving", ServingFields.All),
        ("Members of other APIs", ForeignFields.All),
    ];

    /// <summary>The top-level fields, in the order in which they are checked.</summary>
    public static IReadOnlyList<Field> All { get; } = [.. Topics.SelectMany(topic => topic.Fields)];

    private static readonly Field[] Required = [.. All.Where(field => field.IsRequired)];

    private static readonly Dictionary<Field, int> Order = All.Select((field, i) => (field, i)).ToDictionary();

    private static readonly FieldIndex Chat = Index(RequestRoute.Chat),
        Completions = Index(RequestRoute.Completions);

    /// <summary>All rows, each object's before its members'.</summary>
    public static IEnumerable<Field> Everything => All.SelectMany(WithMembers);

    /// <summary>The row of a top-level field; null if the table does not have it.</summary>
    public static Field? Find(RequestRoute route, string name) => IndexOf(route).Find(name);

    /// <summary>Reads and checks a request's members, once for all users.</summary>
    /// <param name="body">The request.</param>
    /// <param name="route">The route that serves the request.</param>
    /// <param name="acceptsText">Whether scalars may be written as strings.</param>
    /// <exception cref="OpenAIException">400: the first error, in the order of the table.</exception>
    public static CheckedRequest Check(RequestBody body, RequestRoute route, bool acceptsText)
    {
        FieldIndex index = IndexOf(route);
        var members = new List<RequestMember>();
        var known = new List<(int Order, int Member)>();
        foreach (JsonProperty property in body.Root.EnumerateObject())
        {
            Field? field = index.Find(property);
            if (field is not null && property.Value.ValueKind != JsonValueKind.Null)
                known.Add((Order[field], members.Count));
            members.Add(new RequestMember(property, field, property.Value));
        }
        var check = new FieldCheck(acceptsText);
        foreach (Field field in Required)
        {
            if (field.Routes.HasFlag(route))
                field.Require(body.Root, check);
        }
        known.Sort();
        foreach ((_, int i) in known)
        {
            RequestMember member = members[i];
            if (member.Field!.Routes.HasFlag(route))
                members[i] = member with { Value = member.Field.Check(member.Value, check) };
            else
                member.Field.Note(member.Value, check);
        }
        return new CheckedRequest(body, route, members, check);
    }

    private static FieldIndex IndexOf(RequestRoute route) => route == RequestRoute.Chat ? Chat : Completions;

    /// <summary>The fields of a route, then those that only the other route has.</summary>
    private static FieldIndex Index(RequestRoute route) =>
        new(All.GroupBy(field => field.Name).Select(rows => rows.MaxBy(field => field.Routes.HasFlag(route))!));

    /// <summary>A row, and those of the members of its objects.</summary>
    public static IEnumerable<Field> WithMembers(Field field) => [field, .. field.Type.Fields.SelectMany(WithMembers)];
}
