using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace DeterministicInference.Receipts.Json;

/// <summary>
/// Writes the JSON of receipts, environments and bundles. Quotes are written <c>\"</c>: it is never put into HTML.
/// </summary>
internal static class FormatJson
{
    private static readonly JsonWriterOptions Minified = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private static readonly JsonWriterOptions Indented = Minified with { Indented = true, NewLine = "\n" };

    /// <summary>What <paramref name="write"/> writes, on one line without an end.</summary>
    public static byte[] Write(Action<Utf8JsonWriter> write) => Write(write, Minified).ToArray();

    /// <summary>What <paramref name="write"/> writes, on lines that end with LF.</summary>
    public static byte[] WriteIndented(Action<Utf8JsonWriter> write) => [.. Write(write, Indented), (byte)'\n'];

    private static ReadOnlySpan<byte> Write(Action<Utf8JsonWriter> write, JsonWriterOptions options)
    {
        var buffer = new ArrayBufferWriter<byte>(2048);
        using (var json = new Utf8JsonWriter(buffer, options))
            write(json);
        return buffer.WrittenSpan;
    }
}
