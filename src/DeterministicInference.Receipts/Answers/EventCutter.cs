using System.Buffers;

namespace DeterministicInference.Receipts.Answers;

/// <summary>
/// Cuts a stream of server-sent events at its blank lines, and finds the data of each (WHATWG HTML, section 9.2.6:
/// https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation), in one scan. A byte
/// order mark at the begin of the stream is no part of it.
/// </summary>
internal struct EventCutter
{
    private static ReadOnlySpan<byte> Mark => "\uFEFF"u8;

    private bool _hasBegun;
    private EventCut _event;

    /// <summary>Begin of the line, and how far it was searched for its end.</summary>
    private int _line,
        _searched;

    /// <summary>The begin of the event that is not complete yet.</summary>
    public readonly int Begin => _event.Begin;

    /// <summary>Cuts off the next event that is complete.</summary>
    /// <param name="text">The stream as far as it is there; only its end changes from call to call.</param>
    /// <param name="isLast">Whether nothing more will come.</param>
    /// <param name="cut">Gets the event.</param>
    public bool Next(ReadOnlySpan<byte> text, bool isLast, out EventCut cut)
    {
        cut = default;
        if (!_hasBegun && !PassMark(text, isLast))
            return false;
        while (true)
        {
            int end = EventLines.FindEnd(text, _searched, isLast, out _searched);
            if (end < 0)
                return false;
            bool isBlank = end == _line;
            if (!isBlank)
                _event.AddLine(text[_line..end], _line);
            _line = _searched;
            if (!isBlank)
                continue;
            cut = _event with { End = _line };
            _event = new EventCut { Begin = _line };
            return true;
        }
    }

    /// <summary>The text before the event that is not complete yet was taken away.</summary>
    public void MoveToFront()
    {
        int by = _event.Begin;
        _line -= by;
        _searched -= by;
        _event.Move(by);
    }

    private bool PassMark(ReadOnlySpan<byte> text, bool isLast)
    {
        if (text.Length < Mark.Length && !isLast && Mark.StartsWith(text))
            return false;
        _hasBegun = true;
        if (text.StartsWith(Mark))
            _event.Begin = _line = _searched = Mark.Length;
        return true;
    }
}

/// <summary>Where an event stands in a text, and its data.</summary>
internal struct EventCut
{
    private int _dataStart,
        _dataEnd,
        _dataLines;

    public int Begin { get; set; }

    /// <summary>Behind the blank line.</summary>
    public int End { get; set; }

    /// <summary>
    /// The place of the data; empty for an event without any, which is none, and for one with several lines of it.
    /// </summary>
    public readonly Range Data => _dataLines == 1 ? _dataStart.._dataEnd : default;

    /// <summary>Whether the data has several lines, so that it stands nowhere in one piece.</summary>
    public readonly bool IsSplit => _dataLines > 1;

    public void AddLine(ReadOnlySpan<byte> line, int place)
    {
        if (DataOf(line) is not { } length)
            return;
        _dataLines++;
        _dataEnd = place + line.Length;
        _dataStart = _dataEnd - length;
    }

    public void Move(int by)
    {
        Begin -= by;
        _dataStart -= by;
        _dataEnd -= by;
    }

    /// <summary>The contents of the data lines, joined by line feeds.</summary>
    public readonly byte[] Join(ReadOnlySpan<byte> text)
    {
        var joined = new ArrayBufferWriter<byte>();
        var lines = new EventLines(text[Begin..End]);
        for (bool isFirst = true; lines.Next(out ReadOnlySpan<byte> line); )
        {
            if (DataOf(line) is not { } length)
                continue;
            if (!isFirst)
                joined.Write("\n"u8);
            joined.Write(line[^length..]);
            isFirst = false;
        }
        return joined.WrittenSpan.ToArray();
    }

    /// <summary>The length of a data line's content, which is its end; null for another line.</summary>
    private static int? DataOf(ReadOnlySpan<byte> line)
    {
        if (!line.StartsWith("data"u8))
            return null;
        ReadOnlySpan<byte> rest = line[4..];
        if (rest.IsEmpty)
            return 0;
        if (rest[0] != ':')
            return null;
        return rest.Length - (rest.Length > 1 && rest[1] == ' ' ? 2 : 1);
    }
}
