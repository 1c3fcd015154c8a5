using System.Text.Json;

namespace DeterministicInference.Server.OpenAI.Requests;

/// <summary>A boolean or a number that was sent as a string, which some callers can't help.</summary>
/// <param name="Path">Of the field, for example <c>stream</c>.</param>
/// <param name="Written">The string.</param>
/// <param name="Scalar">What it says, as JSON.</param>
internal readonly record struct Coercion(string Path, JsonElement Written, string Scalar);
