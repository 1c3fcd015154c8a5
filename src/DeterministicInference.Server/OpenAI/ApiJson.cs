using System.Text.Json;
using DeterministicInference.Receipts.Json;

namespace DeterministicInference.Server.OpenAI;

/// <summary>Writes JSON answers.</summary>
internal static class ApiJson
{
    private const string Type = "application/json";

    /// <summary>Begins an answer of unknown length, which follows white space.</summary>
    public static void Begin(HttpResponse response)
    {
        response.ContentType = Type;
        EventStreamResponse.PassAtOnce(response);
    }

    /// <summary>Writes a JSON answer; for HEAD only its headers.</summary>
    public static Task WriteAsync(HttpContext context, int status, Action<Utf8JsonWriter> write) =>
        WriteAsync(context, status, JsonBytes.Write(write));

    /// <inheritdoc cref="WriteAsync(HttpContext, int, Action{Utf8JsonWriter})"/>
    public static async Task WriteAsync(HttpContext context, int status, ReadOnlyMemory<byte> body)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = Type;
        context.Response.ContentLength = body.Length;
        if (!HttpMethods.IsHead(context.Request.Method))
            await context.Response.Body.WriteAsync(body, context.RequestAborted);
    }
}
