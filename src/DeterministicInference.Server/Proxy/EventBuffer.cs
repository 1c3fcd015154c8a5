namespace DeterministicInference.Server.Proxy;

/// <summary>Collects the bytes of a stream of server-sent events and cuts it into events, whatever pieces it comes in.</summary>
internal sealed class EventBuffer
{
    private const int InitialSize = 8 * 1024, SmallestRead = 4 * 1024;

    private byte[] _bytes = new byte[InitialSize];

    /// <summary>Begin of the event, begin of the line, how far it was searched for the line's end, and end of what there is.</summary>
    private int _event, _line, _searched, _end;

    /// <summary>Bytes of the event that is not complete yet.</summary>
    public int Waiting => _end - _event;

    /// <summary>Room for more; what is put there counts after <see cref="Added"/>.</summary>
    public Memory<byte> Free
    {
        get
        {
            if (_event > 0 && (_event == _end || _bytes.Length - _end < SmallestRead)) MoveToFront();
            if (_bytes.Length - _end < SmallestRead) Array.Resize(ref _bytes, _bytes.Length * 2);
            return _bytes.AsMemory(_end);
        }
    }

    public void Added(int count) => _end += count;

    /// <summary>The next complete event with the blank line that ends it. Valid until <see cref="Free"/> is used.</summary>
    /// <param name="isLast">Whether nothing more will come. Else a carriage return at the end may be half of a line's end.</param>
    /// <param name="bytes">The event.</param>
    public bool TryTake(bool isLast, out ReadOnlyMemory<byte> bytes)
    {
        while (true)
        {
            int end = _bytes.AsSpan(_searched.._end).IndexOfAny((byte)'\r', (byte)'\n');
            _searched = end < 0 ? _end : _searched + end;
            bool isHalf = end >= 0 && !isLast && _bytes[_searched] == '\r' && _searched + 1 == _end;
            if (end < 0 || isHalf)
            {
                bytes = default;
                return false;
            }
            bool isBlank = _searched == _line;
            bool isPair = _bytes[_searched] == '\r' && _searched + 1 < _end && _bytes[_searched + 1] == '\n';
            _line = _searched += isPair ? 2 : 1;
            if (!isBlank) continue;
            bytes = _bytes.AsMemory(_event.._line);
            _event = _line;
            return true;
        }
    }

    /// <summary>What is left of an event that no blank line ends.</summary>
    public ReadOnlyMemory<byte> TakeRest()
    {
        ReadOnlyMemory<byte> rest = _bytes.AsMemory(_event.._end);
        _event = _line = _searched = _end;
        return rest;
    }

    private void MoveToFront()
    {
        _bytes.AsSpan(_event.._end).CopyTo(_bytes);
        _line -= _event;
        _searched -= _event;
        _end -= _event;
        _event = 0;
    }
}
