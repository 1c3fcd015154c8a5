using System.Net.Http.Headers;
using DeterministicInference.Server.OpenAI;

namespace DeterministicInference.Server.Proxy;

#pragma warning disable CA2012 // An operation is watched while it is pending, and awaited once, when it is complete.

/// <summary>Reads an answer that is no stream to its end.</summary>
internal static class AnswerReader
{
    private const int InitialSize = 16 * 1024;

    /// <summary>An announced length up to this one gets its memory at once; beyond it the bytes must really come.</summary>
    private const int TrustedLength = 1 << 20;

    /// <param name="response">Whose body is read.</param>
    /// <param name="largest">Bytes that it may have.</param>
    /// <param name="clock">Is told of every piece, and may end the wait for the next one.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="OpenAIException">502 or 504: the body is not to be had.</exception>
    public static async Task<ReadOnlyMemory<byte>> ReadAsync(HttpResponseMessage response, int largest, AnswerClock clock, CancellationToken cancellation)
    {
        HttpContentHeaders headers = response.Content.Headers;
        try
        {
            await using Stream body = AnswerEncoding.Decode(await response.Content.ReadAsStreamAsync(cancellation), headers);
            // One byte more than announced: the end is seen without growing.
            var bytes = new byte[headers.ContentLength is { } length and <= TrustedLength ? (int)length + 1 : InitialSize];
            int end = 0;
            while (true)
            {
                ValueTask<int> read = body.ReadAsync(bytes.AsMemory(end), cancellation);
                if (!read.IsCompleted)
                {
                    clock.Watch(read.GetAwaiter());
                    await clock.CompletedAsync();
                }
                int count = await read;
                if (count == 0) return bytes.AsMemory(0, end);
                clock.Progress();
                end += count;
                if (end > largest) throw BackendFailures.BadAnswer("its answer is too large.");
                if (end == bytes.Length) Array.Resize(ref bytes, bytes.Length * 2);
            }
        }
        catch (Exception e) when (AnswerEncoding.IsBroken(e) && !cancellation.IsCancellationRequested)
        {
            throw e is IOException ? BackendFailures.Of((e as HttpIOException)?.HttpRequestError ?? HttpRequestError.Unknown) : BackendFailures.BadAnswer("its answer can't be decoded.");
        }
    }
}
