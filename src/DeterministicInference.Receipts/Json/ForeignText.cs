using System.Text.Json;

namespace DeterministicInference.Receipts.Json;

/// <summary>Reads strings from foreign JSON.</summary>
internal static class ForeignText
{
    /// <summary>
    /// A member's string; null for another type, a parent that is not an object, and a lone surrogate.
    /// </summary>
    public static string? GetStringOrNull(JsonElement parent, string name)
    {
        try
        {
            return
                parent.ValueKind == JsonValueKind.Object
                && parent.TryGetProperty(name, out JsonElement value)
                && value.ValueKind == JsonValueKind.String
                ? value.GetString()
                : null;
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }
}
