using DeterministicInference.Server.Determinism;

namespace DeterministicInference.Server.Proxy;

/// <summary>Takes members out of one object while it is read, each with the comma that has to go with it.</summary>
/// <param name="edits">Gets the edits, in the order of their places.</param>
/// <param name="open">The place behind the object's opening brace.</param>
internal struct MemberEdits(List<JsonSplice.Edit> edits, int open)
{
    private bool _hasKept;
    private int _pending = -1;

    /// <summary>The place behind the member before.</summary>
    public int End { get; private set; } = open;

    /// <summary>Whether no member is left.</summary>
    public readonly bool IsEmpty => !_hasKept;

    /// <summary>A member begins.</summary>
    public void Next(int start)
    {
        if (_pending >= 0) edits.Add(new JsonSplice.Edit(_pending..start, []));
        _pending = -1;
    }

    /// <summary>The member stays.</summary>
    public void Keep(int end)
    {
        _hasKept = true;
        End = end;
    }

    /// <summary>The member goes.</summary>
    public void Remove(int start, int end)
    {
        if (_hasKept) edits.Add(new JsonSplice.Edit(End..end, []));
        else _pending = start;
        End = end;
    }

    /// <summary>There are no more members.</summary>
    public readonly void Close()
    {
        if (_pending >= 0) edits.Add(new JsonSplice.Edit(_pending..End, []));
    }
}
