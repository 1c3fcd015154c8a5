using System.Text.Json;
using DeterministicInference.Receipts.Json;

namespace DeterministicInference.Server.OpenAI;

/// <summary>Writes JSON answers.</summary>
internal static class ApiJson
{
    /// <summary>Writes a JSON answer; for HEAD only its headers.</summary>
    public static Task WriteAsync(HttpContext context, int status, Action<Utf8JsonWriter> write) =>
        WriteAsync(context, status, JsonBytes.Write(write));

    /// <inheritdoc cref="WriteAsync(HttpContext, int, Action{Utf8JsonWriter})"/>
    public static async Task WriteAsync(HttpContext context, int status, ReadOnlyMemory<byte> body)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = body.Length;
        if (!HttpMethods.IsHead(context.Request.Method))
            await context.Response.Body.WriteAsync(body, context.RequestAborted);
    }
}
