using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using DeterministicInference.Receipts.Canonical;

namespace DeterministicInference.Server.OpenAI.Requests.Types;

/// <summary>One pass over a request: its position and its findings.</summary>
/// <param name="acceptsText">Whether scalars may be written as strings.</param>
internal sealed class FieldCheck(bool acceptsText)
{
    private readonly List<Step> _steps = [];
    private readonly List<FieldUse> _uses = [];
    private readonly List<Coercion> _coercions = [];

    /// <summary>The scalars written as strings, in the order of the table.</summary>
    public IReadOnlyList<Coercion> Coercions => _coercions;

    /// <summary>The fields that affect the answer or its metadata, each once, an object before its members.</summary>
    public IReadOnlyList<FieldUse> Uses => _uses;

    /// <summary>
    /// Whether a scalar may be a string here. Content has no coercions, as receipts could not record them.
    /// </summary>
    public bool AcceptsText =>
        acceptsText && (_steps.Count == 1 || CanonicalRequest.IsRemoved(_steps[0].Field?.Name ?? ""));

    /// <summary>The path of the position, for errors; built on demand.</summary>
    public string Path
    {
        get
        {
            var path = new StringBuilder();
            foreach (Step step in _steps)
            {
                if (step.Field is null)
                    path.Append('[').Append(step.Index).Append(']');
                else
                    path.Append(path.Length == 0 ? "" : ".").Append(step.Field.Name);
            }
            return path.ToString();
        }
    }

    public void Enter(Field field) => _steps.Add(new Step(field, 0));

    public void EnterItems() => _steps.Add(new Step(null, -1));

    public void NextItem() => CollectionsMarshal.AsSpan(_steps)[^1].Index++;

    public void Leave() => _steps.RemoveAt(_steps.Count - 1);

    /// <summary>Records a scalar that is written as a string.</summary>
    /// <returns>The scalar.</returns>
    public JsonElement Coerce(JsonElement written, JsonElement scalar)
    {
        _coercions.Add(new Coercion(Path, written, scalar));
        return scalar;
    }

    /// <summary>Records that the value of the last entered field was checked.</summary>
    /// <param name="field">The field.</param>
    /// <param name="value">Its value.</param>
    /// <param name="usesBefore">Number of uses before the value was checked.</param>
    public void Use(Field field, JsonElement value, int usesBefore)
    {
        if (field.NoEffect.Matches(value))
        {
            // Its members have no effect either.
            _uses.RemoveRange(usesBefore, _uses.Count - usesBefore);
            return;
        }
        if (field.Changes is FieldChange.Nothing or FieldChange.Delivery)
            return;
        foreach (FieldUse use in _uses)
        {
            if (ReferenceEquals(use.Field, field))
                return;
        }
        _uses.Insert(usesBefore, new FieldUse(field, _steps[0].Field!, Indices()));
    }

    private int[] Indices()
    {
        if (_steps.Count == 1)
            return [];
        var indices = new List<int>();
        foreach (Step step in _steps)
        {
            if (step.Field is null)
                indices.Add(step.Index);
        }
        return [.. indices];
    }

    private struct Step(Field? field, int index)
    {
        public readonly Field? Field = field;
        public int Index = index;
    }
}
