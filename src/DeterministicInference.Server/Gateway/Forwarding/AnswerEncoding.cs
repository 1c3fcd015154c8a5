using System.IO.Compression;
using System.Net.Http.Headers;
using DeterministicInference.Server.OpenAI;

namespace DeterministicInference.Server.Gateway.Forwarding;

/// <summary>
/// Decodes the content encoding of an answer. The engine is asked for identity only, but a proxy in between may
/// compress all the same; the answer is parsed and edited, so the client gets it uncompressed.
/// </summary>
internal static class AnswerEncoding
{
    /// <summary>Largest event of a stream, in bytes.</summary>
    public const int LargestEvent = 32 << 20;

    /// <summary>Opens the body of an answer that must be a stream of events.</summary>
    /// <exception cref="OpenAIException">502: the answer is no stream, or its encoding is not supported.</exception>
    public static async Task<Stream> OpenEventsAsync(HttpResponseMessage response, CancellationToken cancellation) =>
        EngineExchange.IsEventStream(response)
            ? Decode(await response.Content.ReadAsStreamAsync(cancellation), response.Content.Headers)
            : throw GatewayErrors.BadAnswer("a stream was requested, but its answer is not one.");

    /// <exception cref="OpenAIException">502: the encoding is not supported, or there are several.</exception>
    public static Stream Decode(Stream body, HttpContentHeaders headers) =>
        headers.ContentEncoding.Count switch
        {
            0 => body,
            1 => headers.ContentEncoding.First().ToLowerInvariant() switch
            {
                "identity" => body,
                "gzip" or "x-gzip" => new GZipStream(body, CompressionMode.Decompress),
                "deflate" => new ZLibStream(body, CompressionMode.Decompress),
                "br" => new BrotliStream(body, CompressionMode.Decompress),
                _ => throw Unknown(),
            },
            _ => throw Unknown(),
        };

    /// <summary>Whether reading an answer failed because of its bytes or its connection.</summary>
    public static bool IsBroken(Exception e) =>
        e is IOException or InvalidDataException
        // BrotliStream throws InvalidOperationException for invalid data (BrotliStream.Decompress in dotnet/runtime
        // 10.0).
        || e.GetType() == typeof(InvalidOperationException);

    private static OpenAIException Unknown() =>
        GatewayErrors.BadAnswer("its answer has an unsupported content encoding.");
}
