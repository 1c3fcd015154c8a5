using System.Buffers;
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

    /// <summary>Answers with JSON; to HEAD with its headers alone.</summary>
    public static Task WriteAsync(HttpContext context, int status, Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var json = new Utf8JsonWriter(buffer, WriterOptions)) write(json);
        return WriteAsync(context, status, buffer.WrittenMemory);
    }

    /// <inheritdoc cref="WriteAsync(HttpContext, int, Action{Utf8JsonWriter})"/>
    public static async Task WriteAsync(HttpContext context, int status, ReadOnlyMemory<byte> body)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = body.Length;
        if (!HttpMethods.IsHead(context.Request.Method)) await context.Response.Body.WriteAsync(body, context.RequestAborted);
    }
}
