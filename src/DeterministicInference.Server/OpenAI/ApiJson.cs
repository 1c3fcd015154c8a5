using System.Text.Encodings.Web;
using System.Text.Json;

namespace DeterministicInference.Server.OpenAI;

/// <summary>How JSON is read and written on the API.</summary>
internal static class ApiJson
{
    /// <summary>Escapes only what JSON requires: bodies are never embedded in HTML.</summary>
    public static readonly JsonWriterOptions WriterOptions = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Two readers must not be able to disagree about a request, so a duplicate key is an error.</summary>
    public static readonly JsonDocumentOptions ReaderOptions = new() { MaxDepth = 64, AllowDuplicateProperties = false };
}
