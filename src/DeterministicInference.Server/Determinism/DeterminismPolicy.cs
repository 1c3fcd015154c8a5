using System.Collections.ObjectModel;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.OpenAI;
using DeterministicInference.Server.OpenAI.Requests;

namespace DeterministicInference.Server.Determinism;

/// <summary>
/// Turns a request into one that can have only one answer: a function of the request and the settings alone.
/// </summary>
internal sealed class DeterminismPolicy(InferenceOptions options)
{
    private readonly bool _enforce = options.Determinism != "off";
    private readonly string _seed = options.Seed.ToString(null, null);

    /// <summary>
    /// Sets the seed where the request has none, or null; a seed that it has is the sender's choice. Scalars that are written
    /// as strings become scalars, also in a plain proxy.
    /// </summary>
    public PinnedRequest Pin(RequestBody request, IReadOnlyList<Coercion> coercions)
    {
        bool hasSeed = request.Root.TryGetProperty("seed"u8, out JsonElement seed) && seed.ValueKind != JsonValueKind.Null;
        bool setsSeed = _enforce && !hasSeed;
        if (!setsSeed && coercions.Count == 0) return new PinnedRequest(request.Json, ReadOnlyDictionary<string, string>.Empty);
        var pins = new Dictionary<string, string>(coercions.Count + 1);
        var edits = new List<JsonSplice.Edit>(coercions.Count + 1);
        foreach (Coercion coercion in coercions)
        {
            pins.Add(coercion.Path, coercion.Scalar);
            edits.Add(new JsonSplice.Edit(request.PlaceOf(coercion.Written), Encoding.ASCII.GetBytes(coercion.Scalar)));
        }
        if (setsSeed)
        {
            pins.Add("seed", _seed);
            edits.Add(JsonSplice.Member(request.Json.Span, "seed"u8, Encoding.ASCII.GetBytes(_seed)));
        }
        edits.Sort((a, b) => a.Place.Start.Value.CompareTo(b.Place.Start.Value));
        return new PinnedRequest(JsonSplice.Apply(request.Json.Span, CollectionsMarshal.AsSpan(edits)), pins);
    }
}
