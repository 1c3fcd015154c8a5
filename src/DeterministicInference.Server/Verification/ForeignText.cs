using System.Text.Json;

namespace DeterministicInference.Server.Verification;

/// <summary>Texts of JSON that others wrote.</summary>
internal static class ForeignText
{
    /// <summary>A member's text; null for another value, another type of parent, and half of a surrogate pair.</summary>
    public static string? Of(JsonElement parent, string name)
    {
        try
        {
            return parent.ValueKind == JsonValueKind.Object && parent.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String
                ? value.GetString() : null;
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }
}
