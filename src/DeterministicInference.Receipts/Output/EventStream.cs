using System.Buffers;
using DeterministicInference.Receipts.Canonical;

namespace DeterministicInference.Receipts.Output;

/// <summary>
/// The data of the events of a recorded stream (WHATWG HTML, section 9.2.6): lines end in LF, CR or CR LF, an event at an
/// empty line, and one without the empty line is dropped. Comments and other fields do not count.
/// </summary>
internal ref struct EventStream(ReadOnlySpan<byte> body)
{
    private ReadOnlySpan<byte> rest = CanonicalJson.WithoutMark(body);

    public bool Next(out ReadOnlySpan<byte> data)
    {
        data = [];
        bool any = false;
        ArrayBufferWriter<byte>? lines = null;
        while (Line(out ReadOnlySpan<byte> line))
        {
            if (line.IsEmpty)
            {
                if (any) return true;
                continue;
            }
            if (!line.StartsWith("data"u8) || (line.Length > 4 && line[4] != ':')) continue;
            ReadOnlySpan<byte> value = line.Length > 4 ? line[5..] : [];
            if (value.StartsWith(" "u8)) value = value[1..];
            if (any)
            {
                if (lines is null) (lines = new ArrayBufferWriter<byte>()).Write(data);
                lines.Write("\n"u8);
                lines.Write(value);
                data = lines.WrittenSpan;
            }
            else data = value;
            any = true;
        }
        data = [];
        return false;
    }

    private bool Line(out ReadOnlySpan<byte> line)
    {
        int end = rest.IndexOfAny((byte)'\n', (byte)'\r');
        line = end < 0 ? [] : rest[..end];
        if (end < 0) return false;
        bool pair = rest[end] == '\r' && rest[(end + 1)..].StartsWith("\n"u8);
        rest = rest[(end + (pair ? 2 : 1))..];
        return true;
    }
}
