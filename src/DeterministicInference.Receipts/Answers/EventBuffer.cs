namespace DeterministicInference.Receipts.Answers;

/// <summary>An event, or a run of comments, of a stream.</summary>
/// <param name="Bytes">As it came, with the blank line that ends it.</param>
/// <param name="Data">Its data, with LF between several lines of it; empty for one without.</param>
internal readonly record struct StreamEvent(ReadOnlyMemory<byte> Bytes, ReadOnlyMemory<byte> Data);

/// <summary>
/// Collects the bytes of a stream of server-sent events and cuts it into events, whatever pieces it comes in.
/// </summary>
internal sealed class EventBuffer
{
    private const int InitialSize = 8 * 1024,
        SmallestRead = 4 * 1024;

    private byte[] _bytes = new byte[InitialSize];
    private EventCutter _cutter;
    private int _end;

    /// <summary>Bytes of the event that is not complete yet.</summary>
    public int Waiting => _end - _cutter.Begin;

    /// <summary>Room for more; what is put there counts after <see cref="Added"/>.</summary>
    public Memory<byte> Free
    {
        get
        {
            int begin = _cutter.Begin;
            if (begin > 0 && (begin == _end || _bytes.Length - _end < SmallestRead))
                MoveToFront(begin);
            if (_bytes.Length - _end < SmallestRead)
                Array.Resize(ref _bytes, _bytes.Length * 2);
            return _bytes.AsMemory(_end);
        }
    }

    /// <summary>Bytes were put into <see cref="Free"/>.</summary>
    /// <param name="count">How many.</param>
    public void Added(int count) => _end += count;

    /// <summary>
    /// Takes what is left for an event although no blank line ends it: an engine that closes the stream may leave that
    /// out.
    /// </summary>
    public void End()
    {
        if (Waiting == 0)
            return;
        "\n\n"u8.CopyTo(Free.Span);
        Added(2);
    }

    /// <summary>Takes the next complete event. It is valid until <see cref="Free"/> is used.</summary>
    /// <param name="isLast">
    /// Whether nothing more will come. Else a carriage return at the end may be half of a line's end.
    /// </param>
    /// <param name="next">Gets the event.</param>
    public bool TryTake(bool isLast, out StreamEvent next)
    {
        ReadOnlyMemory<byte> text = _bytes.AsMemory(0, _end);
        next = default;
        if (!_cutter.Next(text.Span, isLast, out EventCut cut))
            return false;
        next = new StreamEvent(text[cut.Begin..cut.End], cut.IsSplit ? cut.Join(text.Span) : text[cut.Data]);
        return true;
    }

    private void MoveToFront(int begin)
    {
        _bytes.AsSpan(begin.._end).CopyTo(_bytes);
        _cutter.MoveToFront();
        _end -= begin;
    }
}
