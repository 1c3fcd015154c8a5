using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace DeterministicInference.Receipts.Json;

/// <summary>
/// Writes JSON in memory: receipts, environments and bundles, and what the server says. Quotes are written
/// <c>\"</c>: it is never put into HTML.
/// </summary>
internal static class JsonBytes
{
    /// <summary>On one line; only what JSON requires is escaped.</summary>
    public static readonly JsonWriterOptions WriterOptions = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private static readonly JsonWriterOptions Indented = WriterOptions with { Indented = true, NewLine = "\n" };

    /// <summary>Larger buffers are not kept for the next document.</summary>
    private const int LargestKept = 64 * 1024;

    /// <summary>Of the last document, as each answer has two: its statement and its receipt.</summary>
    [ThreadStatic]
    private static JsonBuffer? _kept;

    /// <summary>What <paramref name="write"/> writes, on one line without an end.</summary>
    public static byte[] Write(Action<Utf8JsonWriter> write)
    {
        JsonBuffer buffer = _kept ?? new JsonBuffer(WriterOptions);
        // Not there for a document that this one contains, nor after an exception.
        _kept = null;
        try
        {
            byte[] json = buffer.Write(write).ToArray();
            if (buffer.Capacity <= LargestKept)
                _kept = buffer;
            return json;
        }
        finally
        {
            if (_kept != buffer)
                buffer.Dispose();
        }
    }

    /// <summary>The same as text.</summary>
    public static string WriteText(Action<Utf8JsonWriter> write) => Encoding.UTF8.GetString(Write(write));

    /// <summary>What <paramref name="write"/> writes, on lines that end with LF.</summary>
    public static byte[] WriteIndented(Action<Utf8JsonWriter> write)
    {
        using var buffer = new JsonBuffer(Indented);
        return [.. buffer.Write(write), (byte)'\n'];
    }

    private sealed class JsonBuffer : IDisposable
    {
        private readonly ArrayBufferWriter<byte> _bytes = new(4096);
        private readonly Utf8JsonWriter _json;

        public JsonBuffer(JsonWriterOptions options) => _json = new Utf8JsonWriter(_bytes, options);

        public int Capacity => _bytes.Capacity;

        /// <summary>Valid until the next call.</summary>
        public ReadOnlySpan<byte> Write(Action<Utf8JsonWriter> write)
        {
            _bytes.ResetWrittenCount();
            _json.Reset();
            write(_json);
            _json.Flush();
            return _bytes.WrittenSpan;
        }

        public void Dispose() => _json.Dispose();
    }
}
