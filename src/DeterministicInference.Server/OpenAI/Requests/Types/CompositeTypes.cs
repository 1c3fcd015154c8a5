using System.Text.Json;

namespace DeterministicInference.Server.OpenAI.Requests.Types;

/// <summary>An object. Members that are not listed are left to the engine.</summary>
internal sealed record ObjectType(params Field[] Members) : FieldType
{
    private readonly FieldIndex _index = new(Members);
    private readonly Field[] _required =
    [
        .. Members.Where(field => field.IsRequired || field.RequiredWhere is not null),
    ];

    public override string Description => "object";

    public override IEnumerable<Field> Fields => Members;

    public override JsonElement Check(JsonElement value, FieldCheck at)
    {
        if (value.ValueKind != JsonValueKind.Object)
            throw OpenAIException.InvalidType(at.Path, "an object", FieldValue.Kind(value));
        if (Members.Length == 0)
            return value;
        foreach (JsonProperty member in value.EnumerateObject())
        {
            if (member.Value.ValueKind != JsonValueKind.Null)
                _index.Find(member)?.Check(member.Value, at);
        }
        foreach (Field field in _required)
            field.Require(value, at);
        return value;
    }
}

/// <summary>An array.</summary>
/// <param name="Items">Type of the items.</param>
/// <param name="Expected">Description for errors about another type.</param>
/// <param name="AtLeast">Description for errors about an empty array; null if an empty one is valid.</param>
internal sealed record ArrayType(FieldType Items, string Expected = "an array", string? AtLeast = null) : FieldType
{
    public override string Description =>
        Items is AnyType ? "array" : $"array of {Items.Description.Split(' ', ':')[0]}s";

    public override IEnumerable<Field> Fields => Items.Fields;

    public override JsonElement Check(JsonElement value, FieldCheck at)
    {
        if (value.ValueKind != JsonValueKind.Array)
            throw OpenAIException.InvalidType(at.Path, Expected, FieldValue.Kind(value));
        if (AtLeast is not null && value.GetArrayLength() == 0)
        {
            throw OpenAIException.Invalid(
                $"Invalid '{at.Path}': empty array. Expected {AtLeast}.",
                at.Path,
                "empty_array"
            );
        }
        at.EnterItems();
        foreach (JsonElement item in value.EnumerateArray())
        {
            at.NextItem();
            Items.Check(item, at);
        }
        at.Leave();
        return value;
    }
}

/// <summary>A choice between JSON types.</summary>
/// <param name="Expected">Description for errors about any other type.</param>
internal sealed record EitherType(string Expected) : FieldType
{
    public FieldType? Text { get; init; }

    public FieldType? Boolean { get; init; }

    public FieldType? Number { get; init; }

    public FieldType? Array { get; init; }

    public FieldType? Object { get; init; }

    public override string Description =>
        string.Join(
            " or ",
            ((FieldType?[])[Text, Boolean, Number, Array, Object]).OfType<FieldType>().Select(type => type.Description)
        );

    public override IEnumerable<Field> Fields => [.. Array?.Fields ?? [], .. Object?.Fields ?? []];

    public override JsonElement Check(JsonElement value, FieldCheck at)
    {
        FieldType? type = value.ValueKind switch
        {
            JsonValueKind.String => Text,
            JsonValueKind.True or JsonValueKind.False => Boolean,
            JsonValueKind.Number => Number,
            JsonValueKind.Array => Array,
            JsonValueKind.Object => Object,
            _ => null,
        };
        if (type is null)
            throw OpenAIException.InvalidType(at.Path, Expected, FieldValue.Kind(value));
        return type.Check(value, at);
    }
}
