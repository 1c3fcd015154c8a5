using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace DeterministicInference.ModelTools.Export;

/// <summary>Writes indented JSON files whose bytes are the same on every operating system.</summary>
internal static class JsonFile
{
    private static readonly JsonWriterOptions Options = new()
    {
        Indented = true,
        NewLine = "\n",
        // The files are read by programs, never embedded in HTML: keep the tokens legible.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>
    /// Writes <paramref name="name"/> in <paramref name="folder"/> with what <paramref name="content"/> writes.
    /// </summary>
    public static void Write(string folder, string name, Action<Utf8JsonWriter> content)
    {
        ArrayBufferWriter<byte> buffer = new();
        using (Utf8JsonWriter json = new(buffer, Options))
        {
            content(json);
        }
        buffer.Write("\n"u8);
        File.WriteAllBytes(Path.Combine(folder, name), buffer.WrittenSpan);
    }
}
