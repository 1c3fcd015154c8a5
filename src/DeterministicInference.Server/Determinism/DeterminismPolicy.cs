using System.Collections.ObjectModel;
using System.Text;
using System.Text.Json;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.OpenAI;

namespace DeterministicInference.Server.Determinism;

/// <summary>
/// Turns a request into one that can have only one answer: a function of the request and the settings alone.
/// </summary>
internal sealed class DeterminismPolicy(InferenceOptions options)
{
    private readonly bool _enforce = options.Determinism != "off";
    private readonly string _seed = options.Seed.ToString(null, null);

    /// <summary>Sets the seed where the request has none, or null; a seed that it has is the sender's choice.</summary>
    public PinnedRequest Pin(RequestBody request)
    {
        bool hasSeed = request.Root.TryGetProperty("seed"u8, out JsonElement seed) && seed.ValueKind != JsonValueKind.Null;
        if (!_enforce || hasSeed) return new PinnedRequest(request.Json, ReadOnlyDictionary<string, string>.Empty);
        byte[] json = JsonSplice.Set(request.Json.Span, "seed"u8, Encoding.ASCII.GetBytes(_seed));
        return new PinnedRequest(json, new Dictionary<string, string> { ["seed"] = _seed });
    }
}
