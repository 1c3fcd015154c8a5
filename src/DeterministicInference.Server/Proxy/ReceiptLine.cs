using DeterministicInference.Receipts.Bundles;

namespace DeterministicInference.Server.Proxy;

/// <summary>The comment line of a stream that carries its receipt.</summary>
internal static class ReceiptLine
{
    /// <summary>How every comment line begins that is this server's.</summary>
    public static ReadOnlySpan<byte> Prefix => ": dis-"u8;

    /// <summary>Takes the lines of a server behind this one out of an event: they must not look like ours.</summary>
    /// <param name="next">The event.</param>
    /// <param name="receipt">Gets the receipt, where there is one.</param>
    /// <returns>What is left; nothing where it is only line ends.</returns>
    public static ReadOnlyMemory<byte> TakeOut(ReadOnlyMemory<byte> next, ref ReadOnlyMemory<byte>? receipt)
    {
        List<byte> kept = [];
        bool hasLine = false;
        ReadOnlyMemory<byte> rest = next;
        while (rest.Length > 0)
        {
            int end = rest.Span.IndexOfAny((byte)'\r', (byte)'\n');
            ReadOnlyMemory<byte> line = end < 0 ? rest : rest[..(end + 1)];
            rest = rest[line.Length..];
            ReadOnlySpan<byte> text = line.Span.TrimEnd("\r\n"u8);
            if (text.StartsWith(AnswerReceipt.LinePrefix)) receipt = text[AnswerReceipt.LinePrefix.Length..].ToArray();
            if (text.StartsWith(Prefix)) continue;
            hasLine |= text.Length > 0;
            kept.AddRange(line.Span);
        }
        return hasLine ? (byte[])[.. kept] : default;
    }
}
