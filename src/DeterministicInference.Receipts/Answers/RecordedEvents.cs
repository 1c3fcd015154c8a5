using DeterministicInference.Receipts.Canonical;

namespace DeterministicInference.Receipts.Answers;

/// <summary>
/// The data of the events of a recorded stream, up to <c>[DONE]</c>. It is a stream as this server sends it: what a
/// client could cut in another way is refused. An event without data is dropped, and so is one that no blank line ends,
/// unless it is the end.
/// </summary>
/// <param name="body">The stream, after content decoding.</param>
internal ref struct RecordedEvents(ReadOnlySpan<byte> body)
{
    private readonly ReadOnlySpan<byte> _body = body;
    private EventLines _lines = new(body);
    private bool _hasBegun;

    /// <summary>Whether <c>[DONE]</c> was read.</summary>
    public bool HasEnd { get; private set; }

    /// <summary>Whether data is the mark for the end. Clients look at its beginning only.</summary>
    public static bool IsEnd(ReadOnlySpan<byte> data) => data.StartsWith("[DONE]"u8);

    /// <summary>Reads the next event; false at the end.</summary>
    /// <param name="data">Gets its data.</param>
    /// <exception cref="CanonicalFormException">
    /// A line is one that clients take in different ways (<see cref="CanonicalFormError.AmbiguousStream"/>).
    /// </exception>
    public bool Next(out ReadOnlySpan<byte> data)
    {
        if (!_hasBegun)
            RequireUsualLines();
        _hasBegun = true;
        ReadOnlySpan<byte> found = default;
        bool hasData = false;
        while (_lines.Next(out ReadOnlySpan<byte> line))
        {
            if (HasEnd && !line.IsEmpty)
                throw Ambiguous("A line behind the end of a stream", line);
            if (line.IsEmpty)
            {
                if (!hasData)
                    continue;
                if (TryTake(found, out data))
                    return true;
                hasData = false;
            }
            else if (DataOf(line, out ReadOnlySpan<byte> content))
            {
                if (hasData)
                    throw Ambiguous("An event whose data has several lines", line);
                hasData = true;
                found = content;
            }
            else
            {
                RequireHarmless(line);
            }
        }
        // Programs that keep a text without the empty lines at its end are usual.
        ReadOnlySpan<byte> rest = _lines.Rest;
        if (HasEnd && !rest.IsEmpty)
            throw Ambiguous("A line behind the end of a stream", rest);
        bool isData = DataOf(rest, out ReadOnlySpan<byte> last);
        if (!isData && LineBreaks.Has(rest))
            throw Ambiguous("A line that is neither data nor a comment", rest);
        if (isData)
        {
            if (hasData)
                throw Ambiguous("An event whose data has several lines", rest);
            hasData = true;
            found = last;
        }
        if (hasData && IsEnd(found))
            TryTake(found, out data);
        data = default;
        return false;
    }

    /// <returns>Whether it is an event before the end.</returns>
    private bool TryTake(ReadOnlySpan<byte> found, out ReadOnlySpan<byte> data)
    {
        data = found;
        if (!IsEnd(found))
            return !found.IsEmpty;
        if (!found["[DONE]".Length..].Trim((byte)' ').IsEmpty)
            throw Ambiguous("More than [DONE] in the last event", found);
        HasEnd = true;
        return false;
    }

    /// <summary>
    /// Few clients end a line at a carriage return alone, and some take a leading mark for a part of the first line.
    /// </summary>
    private readonly void RequireUsualLines()
    {
        if (_body.StartsWith("\uFEFF"u8))
            throw Ambiguous("A byte order mark, which the server does not send", _body);
        ReadOnlySpan<byte> rest = _body;
        while (rest.IndexOf((byte)'\r') is >= 0 and var at)
        {
            if (at + 1 == rest.Length || rest[at + 1] != '\n')
                throw Ambiguous("A carriage return without a line feed", rest[at..]);
            rest = rest[(at + 2)..];
        }
    }

    private static bool DataOf(ReadOnlySpan<byte> line, out ReadOnlySpan<byte> content)
    {
        bool isData = line.StartsWith("data:"u8);
        content = isData ? line["data:".Length..] : default;
        if (content.StartsWith(" "u8))
            content = content[1..];
        return isData;
    }

    /// <summary>
    /// A comment, or a field that no client acts upon in an answer. An <c>event</c> of another name than
    /// <c>message</c> is dropped or handled on its own by some clients; a line that is no field, or begins with white
    /// space, is data to those that trim.
    /// </summary>
    private readonly void RequireHarmless(ReadOnlySpan<byte> line)
    {
        bool isHarmless =
            !LineBreaks.Has(line)
            && (
                line[0] == ':'
                || line.StartsWith("id:"u8)
                || line.StartsWith("retry:"u8)
                || line.SequenceEqual("event: message"u8)
                || line.SequenceEqual("event:message"u8)
            );
        if (!isHarmless)
            throw Ambiguous("A line that is neither data nor a comment", line);
    }

    private readonly CanonicalFormException Ambiguous(string what, ReadOnlySpan<byte> at)
    {
        bool isInside = _body.Overlaps(at, out int offset);
        return new CanonicalFormException(
            CanonicalFormError.AmbiguousStream,
            what,
            ReadOnlySpan<byte>.Empty,
            isInside ? offset : 0
        );
    }
}
