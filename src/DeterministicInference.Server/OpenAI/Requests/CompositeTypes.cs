using System.Text.Json;

namespace DeterministicInference.Server.OpenAI.Requests;

/// <summary>An object. Members that are not listed are the engine's business.</summary>
internal sealed record ObjectType(params Field[] Fields) : FieldType
{
    public override void Check(JsonElement value, string path, List<Coercion> coercions)
    {
        if (value.ValueKind != JsonValueKind.Object) throw OpenAIException.InvalidType(path, "an object", FieldReader.Kind(value));
        CheckMembers(value, path + ".", coercions);
    }

    /// <param name="value">An object.</param>
    /// <param name="prefix">Its path: empty at the top, else ending in a dot.</param>
    /// <param name="coercions">Gets the scalars that are written as strings.</param>
    public void CheckMembers(JsonElement value, string prefix, List<Coercion> coercions)
    {
        foreach (Field field in Fields) field.Check(value, prefix, coercions);
    }
}

/// <summary>An array.</summary>
/// <param name="Items">What each item is.</param>
/// <param name="Expected">For the error about another type.</param>
/// <param name="AtLeast">For the error about an empty one, which is legal where this is null.</param>
internal sealed record ArrayType(FieldType Items, string Expected = "an array", string? AtLeast = null) : FieldType
{
    public override void Check(JsonElement value, string path, List<Coercion> coercions)
    {
        if (value.ValueKind != JsonValueKind.Array) throw OpenAIException.InvalidType(path, Expected, FieldReader.Kind(value));
        if (AtLeast is not null && value.GetArrayLength() == 0) throw OpenAIException.Invalid($"Invalid '{path}': empty array. Expected {AtLeast}.", path, "empty_array");
        int i = 0;
        foreach (JsonElement item in value.EnumerateArray()) Items.Check(item, $"{path}[{i++}]", coercions);
    }
}

/// <summary>One of several kinds.</summary>
/// <param name="Expected">For the error about a kind that is none of them.</param>
internal sealed record EitherType(string Expected) : FieldType
{
    public FieldType? Text { get; init; }

    public FieldType? Array { get; init; }

    public FieldType? Object { get; init; }

    public override void Check(JsonElement value, string path, List<Coercion> coercions)
    {
        FieldType? type = value.ValueKind switch
        {
            JsonValueKind.String => Text,
            JsonValueKind.Array => Array,
            JsonValueKind.Object => Object,
            _ => null,
        };
        if (type is null) throw OpenAIException.InvalidType(path, Expected, FieldReader.Kind(value));
        type.Check(value, path, coercions);
    }
}
