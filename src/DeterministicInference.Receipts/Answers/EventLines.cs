namespace DeterministicInference.Receipts.Answers;

/// <summary>
/// The lines of a text, which end in LF, CR or CR LF. What follows the last end is no line.
/// </summary>
/// <param name="text">A stream of server-sent events, or a part of it that begins at a line.</param>
internal ref struct EventLines(ReadOnlySpan<byte> text)
{
    private readonly ReadOnlySpan<byte> _text = text;
    private int _next;

    /// <summary>What follows the last end of a line, after the last line was read.</summary>
    public readonly ReadOnlySpan<byte> Rest => _text[_next..];

    /// <summary>Reads the next line; false where there is none.</summary>
    /// <param name="line">Gets the line without its end.</param>
    public bool Next(out ReadOnlySpan<byte> line)
    {
        int end = FindEnd(_text, _next, isLast: true, out int next);
        line = end < 0 ? default : _text[_next..end];
        if (end >= 0)
            _next = next;
        return end >= 0;
    }

    /// <summary>The place of the next line end; -1 where there is none yet.</summary>
    /// <param name="text">What there is.</param>
    /// <param name="from">Where to begin.</param>
    /// <param name="isLast">
    /// Whether nothing more will come. Else a carriage return at the end may be half of a line's end.
    /// </param>
    /// <param name="next">Gets the begin of the line behind it; else how far was searched.</param>
    internal static int FindEnd(ReadOnlySpan<byte> text, int from, bool isLast, out int next)
    {
        int length = text[from..].IndexOfAny((byte)'\r', (byte)'\n'),
            end = from + length;
        next = length < 0 ? text.Length : end;
        if (length < 0)
            return -1;
        bool isReturn = text[end] == '\r',
            isAtEnd = end + 1 == text.Length;
        if (isReturn && isAtEnd && !isLast)
            return -1;
        next = end + (isReturn && !isAtEnd && text[end + 1] == '\n' ? 2 : 1);
        return end;
    }
}
