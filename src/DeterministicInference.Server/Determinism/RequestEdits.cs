using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using DeterministicInference.Server.OpenAI;

namespace DeterministicInference.Server.Determinism;

/// <summary>Collects the changes to a request and makes them in its text, in one pass.</summary>
internal sealed class RequestEdits(RequestBody request)
{
    private readonly List<JsonSplice.Edit> _edits = [];
    private readonly List<KeyValuePair<string, string>> _added = [];
    private readonly Dictionary<string, string> _changes = new(StringComparer.Ordinal);
    private string? _removed;

    /// <summary>What changes the meaning of the request: path and new value.</summary>
    public IReadOnlyDictionary<string, string> Changes => _changes;

    /// <summary>Gives a value that is there another text.</summary>
    public void Replace(string path, JsonElement value, string json)
    {
        _changes.Add(path, json);
        _edits.Add(new JsonSplice.Edit(request.PlaceOf(value), Encoding.UTF8.GetBytes(json)));
    }

    /// <summary>Gives a member of the request a value, in its place or as the last one.</summary>
    public void Set(string name, string json)
    {
        _changes.Add(name, json);
        Ask(name, json);
    }

    /// <summary>The same for a member that only asks the engine to tell more, or says the same in another way.</summary>
    public void Ask(string name, string json)
    {
        if (request.Root.TryGetProperty(name, out JsonElement value))
        {
            Range place = request.PlaceOf(value);
            // A scalar that was written as a string may have been replaced before.
            _edits.RemoveAll(edit => edit.Place.Equals(place));
            _edits.Add(new JsonSplice.Edit(place, Encoding.UTF8.GetBytes(json)));
        }
        else _added.Add(new(name, json));
    }

    /// <summary>Takes a member out, where it is there. One at most.</summary>
    public void Remove(string name) => _removed = request.Root.TryGetProperty(name, out _) ? name : null;

    public ReadOnlyMemory<byte> Apply()
    {
        if (_edits.Count == 0 && _added.Count == 0 && _removed is null) return request.Json;
        _edits.Sort((a, b) => a.Place.Start.Value.CompareTo(b.Place.Start.Value));
        ReadOnlyMemory<byte> json = JsonSplice.Apply(request.Json.Span, CollectionsMarshal.AsSpan(_edits));
        if (_removed is not null) json = JsonSplice.Remove(json.Span, Encoding.UTF8.GetBytes(_removed));
        return _added.Count == 0 ? json : JsonSplice.Append(json.Span, _added);
    }
}
