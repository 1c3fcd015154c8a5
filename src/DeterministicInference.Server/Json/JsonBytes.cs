using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace DeterministicInference.Server.Json;

/// <summary>Writes JSON in memory.</summary>
internal static class JsonBytes
{
    private const int UsualSize = 1024;

    /// <summary>Escapes only what JSON requires: bodies are never embedded in HTML.</summary>
    public static readonly JsonWriterOptions WriterOptions = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>One JSON value in UTF-8.</summary>
    public static ReadOnlyMemory<byte> Write(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>(UsualSize);
        using (var json = new Utf8JsonWriter(buffer, WriterOptions))
            write(json);
        return buffer.WrittenMemory;
    }

    /// <summary>One JSON value as text.</summary>
    public static string WriteText(Action<Utf8JsonWriter> write) => Encoding.UTF8.GetString(Write(write).Span);
}
