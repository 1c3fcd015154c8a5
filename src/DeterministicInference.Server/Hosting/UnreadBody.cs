using Microsoft.AspNetCore.Http.Features;

namespace DeterministicInference.Server.Hosting;

/// <summary>
/// Reads what is left of a request that was refused. A connection that is closed with bytes unread is reset (RFC 9112,
/// section 9.6), and the reset destroys the answer at a client that is still sending: Python's http.client and Node's
/// saw a broken pipe instead of 413. No slot is held meanwhile.
/// </summary>
internal static class UnreadBody
{
    /// <summary>Most bytes that are read; who sends more is cut off.</summary>
    private const long Most = 64 << 20;

    private const int BufferSize = 64 * 1024;

    /// <summary>Longest time of reading; Kestrel ends clients below its minimum data rate before.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);

    /// <summary>Sends the answer, which has been written, and reads the request to its end.</summary>
    public static async Task DrainAsync(HttpContext context)
    {
        bool isSent =
            context.Features.Get<IHttpRequestBodyDetectionFeature>() is { CanHaveBody: true }
            // Who waits for 100 Continue sends no body after another status (RFC 9110, section 10.1.1).
            && context.Request.Headers.Expect.Count == 0;
        if (!isSent)
            return;
        // Kestrel reads no byte of a body that is larger than its limit.
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
            size.MaxRequestBodySize = null;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        limit.CancelAfter(Longest);
        try
        {
            await context.Response.Body.FlushAsync(limit.Token);
            var buffer = new byte[BufferSize];
            long read = 0;
            for (int count = 1; count > 0 && read < Most; read += count)
                count = await context.Request.Body.ReadAsync(buffer, limit.Token);
            // Kestrel would read on for 5 s.
            if (read >= Most)
                context.Abort();
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            // The client left or was too slow (BadHttpRequestException is an IOException). The answer has been sent.
        }
        catch (InvalidOperationException)
        {
            // A read failed before, at a client's end within its body, and Kestrel takes it for one that still runs
            // (dotnet/aspnetcore 10.0, Http1ContentLengthMessageBody, "Reading is already in progress"). Nothing is
            // left.
        }
    }
}
