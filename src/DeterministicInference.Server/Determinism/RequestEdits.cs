using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using DeterministicInference.Receipts.Json;
using DeterministicInference.Server.OpenAI;
using DeterministicInference.Server.OpenAI.Requests;
using DeterministicInference.Server.OpenAI.Requests.Types;

namespace DeterministicInference.Server.Determinism;

/// <summary>Collects changes to a request and applies them to its text in one pass.</summary>
internal sealed class RequestEdits(CheckedRequest request)
{
    private readonly List<JsonSplice.Edit> _edits = [];
    private readonly List<KeyValuePair<string, string>> _added = [];
    private readonly HashSet<int> _removed = [];
    private readonly Dictionary<string, string> _changes = new(StringComparer.Ordinal);

    private IReadOnlyList<RequestMember> Members => request.Members;

    private RequestBody Body => request.Body;

    /// <summary>Changes that affect the request's meaning: path and new value.</summary>
    public IReadOnlyDictionary<string, string> Changes => _changes;

    /// <summary>Replaces a string by the scalar that it spells.</summary>
    public void Coerce(Coercion coercion)
    {
        string json = coercion.Scalar.GetRawText();
        _changes.Add(coercion.Path, json);
        Replace(coercion.Written, json);
    }

    /// <summary>Sets a member, in its place or as the last one.</summary>
    public void Set(string name, string json)
    {
        _changes.Add(name, json);
        SetUnrecorded(name, json);
    }

    /// <summary>Records a member that this server acts upon itself, and that is not sent.</summary>
    public void Record(string name, string json) => _changes.Add(name, json);

    /// <summary>
    /// Sets a member without recording it: it only requests more metadata, or means the same as before.
    /// </summary>
    public void SetUnrecorded(string name, string json)
    {
        if (IndexOf(name) is not { } i)
        {
            _added.Add(new(name, json));
            return;
        }
        _removed.Remove(i);
        // The value may have been replaced by a coercion before.
        Range place = Body.PlaceOf(Members[i].Property.Value);
        _edits.RemoveAll(edit => edit.Place.Equals(place));
        Replace(Members[i].Property.Value, json);
    }

    /// <summary>Removes a member if it is present.</summary>
    public void Remove(string name)
    {
        if (IndexOf(name) is { } i)
            _removed.Add(i);
    }

    /// <summary>Removes known members that are null: the API treats null as absent, many engines as an error.</summary>
    public void RemoveNulls()
    {
        for (int i = 0; i < Members.Count; i++)
        {
            if (Members[i] is { Field.AcceptsNull: false, Value.ValueKind: JsonValueKind.Null })
                _removed.Add(i);
        }
    }

    public ReadOnlyMemory<byte> Apply()
    {
        if (_edits.Count == 0 && _added.Count == 0 && _removed.Count == 0)
            return Body.Json;
        AddRemovals();
        _edits.Sort((a, b) => a.Place.Start.Value.CompareTo(b.Place.Start.Value));
        AddNewMembers();
        return JsonSplice.Apply(Body.Json.Span, CollectionsMarshal.AsSpan(_edits));
    }

    private void Replace(JsonElement value, string json) =>
        _edits.Add(new JsonSplice.Edit(Body.PlaceOf(value), Encoding.UTF8.GetBytes(json)));

    private int? IndexOf(string name)
    {
        for (int i = 0; i < Members.Count; i++)
        {
            if (Members[i].Field is { } field ? field.Name == name : Members[i].Property.NameEquals(name))
                return i;
        }
        return null;
    }

    /// <summary>
    /// Removes members with the comma before them; members before the first remaining one with the comma after them.
    /// </summary>
    private void AddRemovals()
    {
        if (_removed.Count == 0)
            return;
        bool follows = false;
        for (int i = 0; i < Members.Count; i++)
        {
            if (!_removed.Contains(i))
            {
                follows = true;
                continue;
            }
            Range whole = Body.PlaceOf(Members[i].Property);
            // The value, or one in it, may have been replaced by a coercion before.
            _edits.RemoveAll(edit =>
                edit.Place.Start.Value >= whole.Start.Value && edit.Place.End.Value <= whole.End.Value
            );
            Index end = whole.End;
            Range place =
                follows ? Body.PlaceOf(Members[i - 1].Property).End..end
                : i + 1 < Members.Count
                    ? Body.PlaceOf(Members[i].Property).Start..Body.PlaceOf(Members[i + 1].Property).Start
                : Body.PlaceOf(Members[i].Property).Start..end;
            _edits.Add(new JsonSplice.Edit(place, []));
        }
    }

    private void AddNewMembers()
    {
        if (_added.Count == 0)
            return;
        string text = string.Join(',', _added.Select(member => $"\"{member.Key}\":{member.Value}"));
        int end =
            Members.Count > 0 ? Body.PlaceOf(Members[^1].Property).End.Value : Body.PlaceOf(Body.Root).Start.Value + 1;
        bool isFirst = _removed.Count == Members.Count;
        _edits.Add(new JsonSplice.Edit(end..end, Encoding.UTF8.GetBytes(isFirst ? text : "," + text)));
    }
}
