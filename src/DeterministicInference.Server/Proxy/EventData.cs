namespace DeterministicInference.Server.Proxy;

/// <summary>The data of a server-sent event, as the HTML standard's section on the event stream format reads it.</summary>
internal static class EventData
{
    /// <summary>The data lines' contents, joined by line feeds; null for an event without data, such as a comment.</summary>
    public static ReadOnlyMemory<byte>? Of(ReadOnlyMemory<byte> bytes)
    {
        ReadOnlyMemory<byte>? data = null;
        while (bytes.Length > 0)
        {
            int end = bytes.Span.IndexOfAny((byte)'\r', (byte)'\n');
            ReadOnlyMemory<byte> line = end < 0 ? bytes : bytes[..end];
            // Between the halves of CR LF there is an empty line, which is no data.
            bytes = end < 0 ? default : bytes[(end + 1)..];
            if (Value(line) is not { } value) continue;
            // Rare: engines write one line.
            data = data is { } before ? (byte[])[.. before.Span, (byte)'\n', .. value.Span] : value;
        }
        return data;
    }

    private static ReadOnlyMemory<byte>? Value(ReadOnlyMemory<byte> line)
    {
        if (!line.Span.StartsWith("data"u8)) return null;
        ReadOnlyMemory<byte> rest = line[4..];
        if (rest.Length == 0) return rest;
        if (rest.Span[0] != ':') return null;
        return rest.Length > 1 && rest.Span[1] == ' ' ? rest[2..] : rest[1..];
    }
}
