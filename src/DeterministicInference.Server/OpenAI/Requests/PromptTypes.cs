using System.Globalization;
using System.Text.Json;

namespace DeterministicInference.Server.OpenAI.Requests;

/// <summary>The array form of a prompt: token ids, or prompts of which each is a text or token ids.</summary>
internal sealed record PromptsType : FieldType
{
    private static readonly TextType Text = new();

    public override void Check(JsonElement value, string path, List<Coercion> coercions)
    {
        if (value.GetArrayLength() == 0) throw OpenAIException.Invalid($"Invalid '{path}': empty array. Expected at least one prompt.", path, "empty_array");
        if (value[0].ValueKind == JsonValueKind.Number)
        {
            CheckTokens(value, path);
            return;
        }
        int i = 0;
        foreach (JsonElement prompt in value.EnumerateArray())
        {
            string at = $"{path}[{i++}]";
            if (prompt.ValueKind == JsonValueKind.Array) CheckTokens(prompt, at);
            else Text.Check(prompt, at, coercions);
        }
    }

    private static void CheckTokens(JsonElement tokens, string path)
    {
        if (tokens.GetArrayLength() == 0) throw OpenAIException.Invalid($"Invalid '{path}': empty array. Expected at least one token id.", path, "empty_array");
        int i = 0;
        foreach (JsonElement id in tokens.EnumerateArray())
        {
            // The path is built for an error only: prompts have many tokens.
            if (!(id.ValueKind == JsonValueKind.Number && id.TryGetInt32(out int token) && token >= 0)) FieldReader.AsInteger(id, $"{path}[{i}]", 0, int.MaxValue);
            i++;
        }
    }
}

/// <summary>A map from token ids to what is added to their logits.</summary>
internal sealed record LogitBiasType : FieldType
{
    public override void Check(JsonElement value, string path, List<Coercion> coercions)
    {
        if (value.ValueKind != JsonValueKind.Object) throw OpenAIException.InvalidType(path, "an object", FieldReader.Kind(value));
        foreach (JsonProperty entry in value.EnumerateObject())
        {
            bool isToken = int.TryParse(entry.Name, NumberStyles.None, CultureInfo.InvariantCulture, out _);
            if (!isToken) throw OpenAIException.Invalid($"Invalid '{path}': keys are token ids, such as \"50256\".", path, "invalid_value");
            FieldReader.AsNumber(entry.Value, $"{path}.{entry.Name}", -100, 100);
        }
    }
}
