namespace DeterministicInference.Server.Backends.Guard;

/// <summary>
/// Cuts a stream of bytes into lines. Both line feed and carriage return end one, as progress bars use the latter; empty
/// ones are left out. A line that is too long comes in pieces, never cut inside a UTF-8 character.
/// </summary>
/// <param name="line">Gets each line, without its end; the bytes are valid during the call.</param>
internal sealed class LineSplitter(Action<ReadOnlySpan<byte>> line)
{
    /// <summary>Bytes.</summary>
    public const int LongestLine = 16 * 1024;

    private readonly byte[] _begun = new byte[LongestLine];
    private int _length;

    public void Feed(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            int end = bytes.IndexOfAny((byte)'\n', (byte)'\r');
            ReadOnlySpan<byte> part = end < 0 ? bytes : bytes[..end];
            bytes = end < 0 ? default : bytes[(end + 1)..];
            while (part.Length > LongestLine - _length)
            {
                int taken = LongestLine - _length;
                part[..taken].CopyTo(_begun.AsSpan(_length));
                part = part[taken..];
                EmitPiece();
            }
            part.CopyTo(_begun.AsSpan(_length));
            _length += part.Length;
            if (end >= 0) Finish();
        }
    }

    /// <summary>The stream is over: what is there is the last line.</summary>
    public void Finish()
    {
        if (_length > 0) line(_begun.AsSpan(0, _length));
        _length = 0;
    }

    private void EmitPiece()
    {
        int cut = LongestLine;
        // Before the first byte of a character that goes on, but garbage is cut anywhere.
        for (int back = 1; back <= 3; back++)
        {
            byte b = _begun[LongestLine - back];
            if ((b & 0xC0) == 0x80) continue;
            int characterLength = b >= 0xF0 ? 4 : b >= 0xE0 ? 3 : b >= 0xC0 ? 2 : 1;
            if (characterLength > back) cut = LongestLine - back;
            break;
        }
        line(_begun.AsSpan(0, cut));
        _begun.AsSpan(cut).CopyTo(_begun);
        _length = LongestLine - cut;
    }
}
