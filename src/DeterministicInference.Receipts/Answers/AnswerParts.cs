using DeterministicInference.Receipts.Canonical;
using DeterministicInference.Receipts.Json;

namespace DeterministicInference.Receipts.Answers;

/// <summary>
/// Collects the parts of one answer or event, and the first thing for which it has no canonical form: what a second
/// reader could take differently. Reading goes on behind such a thing.
/// </summary>
internal sealed class AnswerParts
{
    private AnswerPart[] _parts = new AnswerPart[32];

    public int Count { get; private set; }

    public Span<AnswerPart> Span => _parts.AsSpan(0, Count);

    public AnswerDefect? Defect { get; private set; }

    /// <summary>Whether something is there that has to agree with other events of the stream.</summary>
    public bool IsRemembered { get; set; }

    public void Clear() => (Count, Defect, IsRemembered) = (0, null, false);

    /// <summary>There is no canonical form. The first reason counts.</summary>
    public void Refuse(CanonicalFormError error, string what, int at) => Defect ??= new AnswerDefect(error, what, at);

    /// <summary>
    /// Refuses a second member of a name that is read: which of the two counts is every reader's own choice. Refuses
    /// too what some readers take for such a name.
    /// </summary>
    public void RequireFirst(AnswerMember member, scoped ref MemberScope members)
    {
        ulong bit = 1UL << (int)member;
        if ((members.Seen & bit) != 0)
            Refuse(CanonicalFormError.DuplicateName, "A second member of the same name", members.Start);
        if (member > AnswerMember.Envelope)
            members.Seen |= bit;
        else if (member == AnswerMember.Other)
            AnswerNames.RequireUnmistakable(members, this);
    }

    /// <summary>Adds the member whose value begins at the cursor, and passes over the value.</summary>
    public void Pass(scoped ref JsonCursor json, AnswerPartKind kind, scoped in MemberScope members)
    {
        int at = Begin(kind, members, json.At);
        json.Skip();
        End(at, json.At);
    }

    /// <summary>Adds the string whose token begins at the cursor; any other value is refused.</summary>
    public void PassString(scoped ref JsonCursor json, AnswerPartKind kind, scoped in MemberScope members)
    {
        RequireString(ref json, "Text is expected, but another value is");
        Pass(ref json, kind, members);
    }

    /// <summary>Refuses what is no string.</summary>
    /// <param name="json">Stands at a value.</param>
    /// <param name="expected">The error, before the place.</param>
    public void RequireString(scoped ref JsonCursor json, string expected)
    {
        if (json.Peek() != '"')
            Refuse(CanonicalFormError.WrongType, expected, json.At);
    }

    /// <summary>
    /// Adds a member that is not read. Null and what is empty is none: libraries add such members, and others leave
    /// them out.
    /// </summary>
    public void PassExtra(scoped ref JsonCursor json, AnswerPartKind kind, scoped in MemberScope members)
    {
        int start = json.At;
        Pass(ref json, kind, members);
        if (IsNothing(json.Text[start..json.At]))
            Count--;
    }

    /// <summary>Adds a member whose end is not known yet.</summary>
    /// <returns>Its number, for <see cref="End"/>.</returns>
    public int Begin(AnswerPartKind kind, scoped in MemberScope members, int value) =>
        Add(
            new AnswerPart
            {
                Kind = kind,
                Traits = members.IsFirst ? AnswerPartTraits.IsFirst : AnswerPartTraits.None,
                Before = members.Before,
                Start = members.Start,
                ValueStart = value,
            }
        );

    /// <summary>Adds an element whose end is not known yet.</summary>
    public int Begin(AnswerPartKind kind, int value, int choice = 0) =>
        Add(
            new AnswerPart
            {
                Kind = kind,
                Choice = choice,
                Before = value,
                Start = value,
                ValueStart = value,
            }
        );

    public void End(int at, int end, AnswerPartTraits traits = AnswerPartTraits.None) =>
        _parts[at] = _parts[at] with { End = end, Traits = _parts[at].Traits | traits };

    public void Mark(int at, AnswerPartTraits traits) =>
        _parts[at] = _parts[at] with { Traits = _parts[at].Traits | traits };

    /// <summary>Takes a part back: another one stands for it.</summary>
    public void Drop(int at) => _parts[at] = _parts[at] with { Kind = AnswerPartKind.None };

    /// <summary>The parts from one on belong to a choice.</summary>
    public void AssignChoice(int from, int choice)
    {
        if (choice == 0)
            return;
        foreach (ref AnswerPart part in _parts.AsSpan(from..Count))
            part = part with { Choice = choice };
    }

    /// <summary>The parts from one on belong to a tool call.</summary>
    public void AssignTool(int from, int tool)
    {
        foreach (ref AnswerPart part in _parts.AsSpan(from..Count))
            part = part with { Tool = tool };
    }

    /// <summary>
    /// Refuses elements in another order than that of their indexes: some clients go by the place and others by the
    /// index, and of two with one index each takes another one.
    /// </summary>
    /// <param name="index">Of the element.</param>
    /// <param name="before">Of the one before it; -1 for the first.</param>
    /// <param name="at">The place of the element.</param>
    public void RequireOrder(int index, int before, int at)
    {
        if (index <= before)
            Refuse(CanonicalFormError.DuplicateIndex, "An element whose index does not follow the one before", at);
    }

    /// <summary>Enters the object at the cursor; false, and behind it, if another value stands there.</summary>
    /// <param name="json">Stands at a value.</param>
    /// <param name="isNullFine">Whether null stands for nothing.</param>
    public bool OpenObject(scoped ref JsonCursor json, bool isNullFine = true) =>
        Open(ref json, (byte)'{', isNullFine, "An object is expected, but another value is");

    /// <summary>
    /// Enters the array at the cursor; false, and behind it, if another value stands there. Null is none.
    /// </summary>
    public bool OpenArray(scoped ref JsonCursor json) =>
        Open(ref json, (byte)'[', isNullFine: true, "An array is expected, but another value is");

    /// <summary>Reads an index; null where there is none.</summary>
    public int? ReadIndex(scoped ref JsonCursor json)
    {
        if (json.PassNull())
            return null;
        int start = json.At;
        json.Skip();
        if (Digits.TryRead(json.Text[start..json.At], int.MaxValue, out long index))
            return (int)index;
        Refuse(CanonicalFormError.WrongType, "An index must be an integer from 0, but another value is", start);
        return null;
    }

    private static bool IsNothing(ReadOnlySpan<byte> value) =>
        value[0] switch
        {
            (byte)'n' => true,
            (byte)'"' => value.Length == 2,
            (byte)'[' or (byte)'{' => value[1..^1].Trim(" \t\r\n"u8).IsEmpty,
            _ => false,
        };

    private bool Open(scoped ref JsonCursor json, byte brace, bool isNullFine, string expected)
    {
        if (json.Peek() == brace)
        {
            json.Open();
            return true;
        }
        if (isNullFine && json.PassNull())
            return false;
        Refuse(CanonicalFormError.WrongType, expected, json.At);
        json.Skip();
        return false;
    }

    private int Add(in AnswerPart part)
    {
        if (Count == _parts.Length)
            Array.Resize(ref _parts, Count * 2);
        _parts[Count] = part;
        return Count++;
    }
}

/// <summary>Goes over the members of the object in which a cursor stands.</summary>
/// <param name="of">Which object it is.</param>
internal ref struct MemberScope(AnswerObject of)
{
    private bool _isBeforeFirst = true;

    public readonly AnswerObject Object => of;

    /// <summary>The name without escapes.</summary>
    public ReadOnlySpan<byte> Name { get; private set; }

    /// <summary>The place of the name.</summary>
    public int Start { get; private set; }

    /// <summary>The end of the member before; behind the brace for the first.</summary>
    public int Before { get; private set; }

    public bool IsFirst { get; private set; }

    /// <summary>A bit for each name that was there.</summary>
    public ulong Seen { get; set; }

    /// <summary>Moves to the value of the next member; false behind the end of the object.</summary>
    /// <exception cref="CanonicalFormException">
    /// The name has half of a surrogate pair, which readers take differently.
    /// </exception>
    public bool Next(scoped ref JsonCursor json)
    {
        Before = json.At;
        IsFirst = _isBeforeFirst;
        if (!json.NextMember(ref _isBeforeFirst, out int start, out ReadOnlySpan<byte> name))
            return false;
        Start = start;
        Name = json.HasEscapes ? Unescaped(name, json.Text, start) : name;
        return true;
    }

    private static ReadOnlySpan<byte> Unescaped(ReadOnlySpan<byte> name, ReadOnlySpan<byte> json, int at) =>
        JsonStrings.HasUnpairedSurrogate(name)
            ? throw new CanonicalFormException(
                CanonicalFormError.UnpairedSurrogate,
                "Half of a surrogate pair in a name",
                json,
                at
            )
            : System.Text.Encoding.UTF8.GetBytes(JsonStrings.Decode(name));
}
