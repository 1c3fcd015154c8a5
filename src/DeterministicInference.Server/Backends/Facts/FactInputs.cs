using System.Text.Json;
using DeterministicInference.Server.Backends.Preflight;
using DeterministicInference.Server.Configuration;

namespace DeterministicInference.Server.Backends.Facts;

/// <summary>Where an engine's facts come from.</summary>
/// <param name="Options">Settings.</param>
/// <param name="Machine">The machine, as it was before the launch.</param>
/// <param name="Answers">What the engine answered to GET on <see cref="IBackend.FactPaths"/>: JSON objects by path.</param>
internal sealed record FactInputs(InferenceOptions Options, MachineFacts Machine, IReadOnlyDictionary<string, JsonElement> Answers)
{
    /// <summary>Whether this server started the engine.</summary>
    public bool IsLaunched => Options.BackendUrl is null;

    /// <summary>A member of an answer as text, wherever it is a scalar; null where it is not there.</summary>
    /// <param name="path">One of <see cref="IBackend.FactPaths"/>.</param>
    /// <param name="name">The member, at the top.</param>
    public string? Answer(string path, string name) =>
        Answers.TryGetValue(path, out JsonElement answer) && answer.TryGetProperty(name, out JsonElement value)
            ? value.ValueKind switch
            {
                JsonValueKind.String => value.GetString(),
                JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False => value.GetRawText(),
                _ => null,
            }
            : null;
}
