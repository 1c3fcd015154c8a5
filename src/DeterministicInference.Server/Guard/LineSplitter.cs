using System.Globalization;
using System.Text;

namespace DeterministicInference.Server.Guard;

/// <summary>
/// Cuts a stream of bytes into lines. Both line feed and carriage return end one, as progress bars use the latter;
/// empty ones are left out. A line that is too long comes in pieces, never cut inside a UTF-8 character; of one without
/// end only the first pieces come, and how much was left out.
/// </summary>
/// <param name="line">Gets each line, without its end; the bytes are valid during the call.</param>
internal sealed class LineSplitter(Action<ReadOnlySpan<byte>> line)
{
    /// <summary>Bytes.</summary>
    public const int LongestLine = 16 * 1024;

    /// <summary>Of one line.</summary>
    public const int MostPieces = 4;

    private readonly byte[] _begun = new byte[LongestLine];
    private int _length,
        _pieces;
    private long _leftOut;

    public void Feed(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            int end = bytes.IndexOfAny((byte)'\n', (byte)'\r');
            ReadOnlySpan<byte> part = end < 0 ? bytes : bytes[..end];
            bytes = end < 0 ? default : bytes[(end + 1)..];
            while (_pieces < MostPieces && part.Length > LongestLine - _length)
            {
                int taken = LongestLine - _length;
                part[..taken].CopyTo(_begun.AsSpan(_length));
                part = part[taken..];
                EmitPiece();
            }
            if (_pieces == MostPieces)
            {
                _leftOut += part.Length;
                part = default;
            }
            part.CopyTo(_begun.AsSpan(_length));
            _length += part.Length;
            if (end >= 0)
                Finish();
        }
    }

    /// <summary>Ends the line, as its end or that of the stream was read.</summary>
    public void Finish()
    {
        if (_leftOut > 0)
            line(
                Encoding.ASCII.GetBytes(
                    string.Create(CultureInfo.InvariantCulture, $"[{_leftOut} more bytes of this line left out]")
                )
            );
        else if (_length > 0)
            line(_begun.AsSpan(0, _length));
        (_length, _pieces, _leftOut) = (0, 0, 0);
    }

    private void EmitPiece()
    {
        int cut = LongestLine;
        // Cut before a character that continues; what is not UTF-8 is cut anywhere.
        for (int back = 1; back <= 3; back++)
        {
            byte b = _begun[LongestLine - back];
            if ((b & 0xC0) == 0x80)
                continue;
            int characterLength =
                b >= 0xF0 ? 4
                : b >= 0xE0 ? 3
                : b >= 0xC0 ? 2
                : 1;
            if (characterLength > back)
                cut = LongestLine - back;
            break;
        }
        line(_begun.AsSpan(0, cut));
        _begun.AsSpan(cut).CopyTo(_begun);
        _length = LongestLine - cut;
        if (++_pieces < MostPieces)
            return;
        _leftOut = _length;
        _length = 0;
    }
}
