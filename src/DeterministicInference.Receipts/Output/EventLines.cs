using DeterministicInference.Receipts.Canonical;

namespace DeterministicInference.Receipts.Output;

/// <summary>The lines of a recorded stream, which end in LF, CR or CR LF. What follows the last end is no line.</summary>
internal ref struct EventLines(ReadOnlySpan<byte> body)
{
    private ReadOnlySpan<byte> rest = CanonicalJson.WithoutMark(body);

    public bool Next(out ReadOnlySpan<byte> line)
    {
        int end = rest.IndexOfAny((byte)'\n', (byte)'\r');
        line = end < 0 ? [] : rest[..end];
        if (end < 0) return false;
        bool pair = rest[end] == '\r' && rest[(end + 1)..].StartsWith("\n"u8);
        rest = rest[(end + (pair ? 2 : 1))..];
        return true;
    }
}
