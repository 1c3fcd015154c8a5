using System.Buffers;
using System.IO.Pipelines;
using DeterministicInference.Receipts.Json;

namespace DeterministicInference.Server.OpenAI;

/// <summary>
/// Writes the single error format: <c>{"error":{"message","type","param","code"}}</c>, with all four keys.
/// </summary>
internal static class OpenAIError
{
    /// <summary>Delay for an error event to arrive before the connection's reset, which would overtake it.</summary>
    private static readonly TimeSpan ResetDelay = TimeSpan.FromMilliseconds(100);

    /// <summary>Limit for sending the error event to a client that does not read.</summary>
    private static readonly TimeSpan FlushLimit = TimeSpan.FromSeconds(2);

    public static Task WriteAsync(HttpContext context, OpenAIException error)
    {
        IHeaderDictionary headers = context.Response.Headers;
        if (error.RetryAfter is { } seconds)
        {
            headers.RetryAfter = seconds;
            // An engine's hints are its own.
            if (!error.IsQuoted)
            {
                headers[RetryHeaders.Milliseconds] = seconds + "000";
                headers[RetryHeaders.ShouldRetry] = "true";
            }
        }
        foreach ((string name, string value) in error.Headers)
            headers[name] = value;
        return ApiJson.WriteAsync(context, error.Status, Body(error));
    }

    /// <summary>
    /// Reports an error in a stream that has begun. Some clients ignore error events, so the stream must also not end
    /// regularly: the caller aborts the connection next.
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
            // The client disconnected, or does not read.
        }
    }

    /// <summary>The error as JSON.</summary>
    public static byte[] Body(OpenAIException error)
    {
        return JsonBytes.Write(json =>
        {
            json.WriteStartObject();
            json.WriteStartObject("error");
            json.WriteString("message", error.Message);
            json.WriteString("type", error.Type);
            json.WriteString("param", error.Param);
            json.WriteString("code", error.Code);
            json.WriteEndObject();
            json.WriteEndObject();
        });
    }
}
