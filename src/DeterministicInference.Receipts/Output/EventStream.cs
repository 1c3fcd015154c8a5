using System.Buffers;

namespace DeterministicInference.Receipts.Output;

/// <summary>
/// The data of the events of a recorded stream (WHATWG HTML, section 9.2.6): an event ends at an empty line, and one without
/// the empty line is dropped. Comments and other fields do not count.
/// </summary>
internal ref struct EventStream(ReadOnlySpan<byte> body)
{
    private EventLines lines = new(body);

    public bool Next(out ReadOnlySpan<byte> data)
    {
        data = [];
        bool any = false;
        ArrayBufferWriter<byte>? joined = null;
        while (lines.Next(out ReadOnlySpan<byte> line))
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
                if (joined is null) (joined = new ArrayBufferWriter<byte>()).Write(data);
                joined.Write("\n"u8);
                joined.Write(value);
                data = joined.WrittenSpan;
            }
            else data = value;
            any = true;
        }
        data = [];
        return false;
    }
}
