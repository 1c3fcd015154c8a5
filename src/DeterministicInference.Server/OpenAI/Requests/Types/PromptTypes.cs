using System.Globalization;
using System.Text.Json;

namespace DeterministicInference.Server.OpenAI.Requests.Types;

/// <summary>The array form of a prompt: token ids, or prompts of which each is a text or token ids.</summary>
internal sealed record PromptsType : FieldType
{
    private static readonly TextType Text = new();

    public override string Description => "array of strings, of token ids, or of arrays of token ids";

    public override JsonElement Check(JsonElement value, FieldCheck at)
    {
        if (value.GetArrayLength() == 0)
            throw Empty(at, "prompt");
        if (value[0].ValueKind == JsonValueKind.Number)
        {
            CheckTokens(value, at);
            return value;
        }
        at.EnterItems();
        foreach (JsonElement prompt in value.EnumerateArray())
        {
            at.NextItem();
            if (prompt.ValueKind == JsonValueKind.Array)
                CheckTokens(prompt, at);
            else
                Text.Check(prompt, at);
        }
        at.Leave();
        return value;
    }

    private static void CheckTokens(JsonElement tokens, FieldCheck at)
    {
        if (tokens.GetArrayLength() == 0)
            throw Empty(at, "token id");
        int i = 0;
        foreach (JsonElement id in tokens.EnumerateArray())
        {
            if (!(id.ValueKind == JsonValueKind.Number && id.TryGetInt32(out int token) && token >= 0))
                FieldValue.AsInteger(id, $"{at.Path}[{i}]", 0, int.MaxValue);
            i++;
        }
    }

    private static OpenAIException Empty(FieldCheck at, string item) =>
        OpenAIException.Invalid(
            $"Invalid '{at.Path}': empty array. Expected at least one {item}.",
            at.Path,
            "empty_array"
        );
}

/// <summary>A map of token ids to biases of their logits.</summary>
internal sealed record LogitBiasType : FieldType
{
    public override string Description => "object of token id to number -100…100";

    public override JsonElement Check(JsonElement value, FieldCheck at)
    {
        if (value.ValueKind != JsonValueKind.Object)
            throw OpenAIException.InvalidType(at.Path, "an object", FieldValue.Kind(value));
        foreach (JsonProperty entry in value.EnumerateObject())
        {
            bool isToken = int.TryParse(entry.Name, NumberStyles.None, CultureInfo.InvariantCulture, out _);
            if (!isToken)
                throw OpenAIException.Invalid(
                    $"Invalid '{at.Path}': keys are token ids, such as \"50256\".",
                    at.Path,
                    "invalid_value"
                );
            FieldValue.AsNumber(entry.Value, $"{at.Path}.{entry.Name}", -100, 100);
        }
        return value;
    }
}
