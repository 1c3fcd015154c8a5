using System.Buffers;
using System.IO.Pipelines;
using System.Text.Json;

namespace DeterministicInference.Server.OpenAI;

/// <summary>Writes the only error body there is: <c>{"error":{"message","type","param","code"}}</c>, all four keys.</summary>
internal static class OpenAIError
{
    /// <summary>Time for an error event to arrive before the reset, which would otherwise overtake it.</summary>
    private static readonly TimeSpan ResetDelay = TimeSpan.FromMilliseconds(100);

    /// <summary>A client that does not even take the error event is not waited for.</summary>
    private static readonly TimeSpan FlushLimit = TimeSpan.FromSeconds(2);

    public static Task WriteAsync(HttpContext context, OpenAIException error)
    {
        if (error.RetryAfter is { } seconds) context.Response.Headers.RetryAfter = seconds;
        return ApiJson.WriteAsync(context, error.Status, Body(error));
    }

    /// <summary>
    /// Tells of an error in a stream that has begun. Some clients pass over error events, so an answer that broke must
    /// also not end in good order: the caller aborts the connection next.
    /// </summary>
    public static async Task SendEventAsync(HttpContext context, OpenAIException error)
    {
        PipeWriter body = context.Response.BodyWriter;
        body.Write("data: "u8);
        body.Write(Body(error));
        body.Write("\n\n"u8);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        limit.CancelAfter(FlushLimit);
        try
        {
            await body.FlushAsync(limit.Token);
            await Task.Delay(ResetDelay, context.RequestAborted);
        }
        catch (OperationCanceledException)
        {
            // The client left, or does not read.
        }
    }

    private static byte[] Body(OpenAIException error)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(buffer, ApiJson.WriterOptions))
        {
            json.WriteStartObject();
            json.WriteStartObject("error");
            json.WriteString("message", error.Message);
            json.WriteString("type", error.Type);
            json.WriteString("param", error.Param);
            json.WriteString("code", error.Code);
            json.WriteEndObject();
            json.WriteEndObject();
        }
        return buffer.WrittenSpan.ToArray();
    }
}
