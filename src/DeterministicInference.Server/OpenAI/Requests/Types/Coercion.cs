using System.Text.Json;

namespace DeterministicInference.Server.OpenAI.Requests.Types;

/// <summary>A Boolean or a number that was sent as a string, as some callers can send nothing else.</summary>
/// <param name="Path">Path of the field,</param>
/// <param name="Written">The string.</param>
/// <param name="Scalar">The scalar that the string spells.</param>
internal readonly record struct Coercion(string Path, JsonElement Written, JsonElement Scalar);
