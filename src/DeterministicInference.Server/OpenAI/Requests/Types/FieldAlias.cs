namespace DeterministicInference.Server.OpenAI.Requests.Types;

/// <summary>A field that means the same as another one, or nearly so.</summary>
/// <param name="Path">Its path.</param>
/// <param name="Value">The one value of it that means the same, as JSON; null if that depends on the request.</param>
internal sealed record FieldAlias(string Path, string? Value = null)
{
    public static implicit operator FieldAlias(string path) => new(path);
}
