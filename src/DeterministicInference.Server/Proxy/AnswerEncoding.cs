using System.IO.Compression;
using System.Net.Http.Headers;
using DeterministicInference.Server.OpenAI;

namespace DeterministicInference.Server.Proxy;

/// <summary>
/// The plain bytes of an answer. Engines are asked for nothing else, but what stands between may compress all the same; the
/// answer is looked into and spliced, so the client gets it plain.
/// </summary>
internal static class AnswerEncoding
{
    /// <exception cref="OpenAIException">502: the encoding is unknown, or there are several.</exception>
    public static Stream Decode(Stream body, HttpContentHeaders headers) => headers.ContentEncoding.Count switch
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
    public static bool IsBroken(Exception e) => e is IOException or InvalidDataException
        // How BrotliStream reports damage.
        || e.GetType() == typeof(InvalidOperationException);

    private static OpenAIException Unknown() => BackendFailures.BadAnswer("its answer has an encoding that is not known here.");
}
