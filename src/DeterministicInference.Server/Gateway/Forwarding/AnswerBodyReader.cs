using System.Net.Http.Headers;
using DeterministicInference.Server.OpenAI;

namespace DeterministicInference.Server.Gateway.Forwarding;

#pragma warning disable CA2012 // A ValueTask is watched while it is pending, and awaited once, when it is complete.

/// <summary>Reads the body of a JSON answer to its end.</summary>
internal static class AnswerBodyReader
{
    private const int InitialSize = 16 * 1024;

    /// <summary>
    /// Up to this length, memory is allocated as announced; a larger buffer grows with the bytes that arrive.
    /// </summary>
    private const int TrustedLength = 1 << 20;

    /// <summary>Largest JSON answer, in bytes.</summary>
    public const int LargestAnswer = 256 << 20;

    /// <summary>Reads a JSON answer.</summary>
    /// <inheritdoc cref="ReadAsync"/>
    public static Task<ReadOnlyMemory<byte>> ReadJsonAsync(
        HttpResponseMessage response,
        EngineTimeouts timeouts,
        CancellationToken cancellation,
        Func<ValueTask>? wait = null
    ) =>
        EngineExchange.IsEventStream(response)
            ? throw GatewayErrors.BadAnswer("it answered with a stream, but none was requested.")
            : ReadAsync(response, LargestAnswer, timeouts, cancellation, wait);

    /// <param name="response">The response whose body is read.</param>
    /// <param name="largest">Largest body, in bytes.</param>
    /// <param name="timeouts">Notified of every read; may end the wait for the next one.</param>
    /// <param name="cancellation">Cancels the read.</param>
    /// <param name="wait">
    /// Waits for the read that is watched; null for <see cref="EngineTimeouts.WaitForOperationAsync"/>.
    /// </param>
    /// <exception cref="OpenAIException">502 or 504: the body could not be read.</exception>
    public static async Task<ReadOnlyMemory<byte>> ReadAsync(
        HttpResponseMessage response,
        int largest,
        EngineTimeouts timeouts,
        CancellationToken cancellation,
        Func<ValueTask>? wait = null
    )
    {
        HttpContentHeaders headers = response.Content.Headers;
        try
        {
            await using Stream body = AnswerEncoding.Decode(
                await response.Content.ReadAsStreamAsync(cancellation),
                headers
            );
            // One byte more than announced: the end of the body is then seen without growing the buffer.
            var bytes = new byte[
                headers.ContentLength is { } length and <= TrustedLength ? (int)length + 1 : InitialSize
            ];
            int end = 0;
            while (true)
            {
                ValueTask<int> read = body.ReadAsync(bytes.AsMemory(end), cancellation);
                if (!read.IsCompleted)
                {
                    timeouts.Watch(read.GetAwaiter());
                    await (wait is null ? timeouts.WaitForOperationAsync() : wait());
                }
                int count = await read;
                if (count == 0)
                    return bytes.AsMemory(0, end);
                timeouts.Progress();
                end += count;
                if (end > largest)
                    throw GatewayErrors.BadAnswer("its answer is too large.");
                if (end == bytes.Length)
                    Array.Resize(ref bytes, bytes.Length * 2);
            }
        }
        catch (Exception e) when (AnswerEncoding.IsBroken(e) && !cancellation.IsCancellationRequested)
        {
            throw e is IOException
                ? GatewayErrors.Of((e as HttpIOException)?.HttpRequestError ?? HttpRequestError.Unknown)
                : GatewayErrors.BadAnswer("its answer can't be decoded.");
        }
    }
}
