using Microsoft.AspNetCore.Http.Features;
using Microsoft.Net.Http.Headers;

namespace DeterministicInference.Server.OpenAI;

/// <summary>
/// Receives the bytes of a request's body: their type, their content encoding, and the limit of their number, which
/// holds as sent and as decoded.
/// </summary>
/// <remarks>
/// The framework's decompression of requests (Microsoft.AspNetCore.RequestDecompression 10.0) is not used: it decodes
/// on the thread that serves the sockets, takes a body that is cut or has other bytes behind it for a whole one, passes
/// an encoding that it does not know on to the reader of JSON, and its limit is the property of Kestrel's that
/// <see cref="LiftLimit"/> must lift.
/// </remarks>
internal static class RequestBytes
{
    /// <summary>Larger bodies are parsed and processed off the thread that serves the sockets.</summary>
    private const int LargeBody = 16 * 1024;

    /// <summary>Memory for a body of unknown length, in bytes, and most that is allocated as announced.</summary>
    private const int FirstRead = 1024,
        TrustedLength = 1 << 20;

    /// <summary>Longest part of a header that an error quotes.</summary>
    private const int LongestQuote = 100;

    /// <summary>
    /// The accepted content encodings, as Accept-Encoding of a refusal lists them (RFC 9110, sections 12.5.3 and
    /// 15.5.16).
    /// </summary>
    private const string AcceptedEncodings = "gzip, deflate, identity";

    private enum BodyEncoding
    {
        Identity,
        Gzip,

        /// <summary>zlib (RFC 9110, section 8.4.1.2): what aiohttp sends by default where it compresses.</summary>
        Deflate,
    }

    /// <summary>The body's bytes, decoded.</summary>
    /// <exception cref="OpenAIException">
    /// Another type or encoding, too many bytes, or bytes that are not what their encoding says.
    /// </exception>
    public static async Task<ReadOnlyMemory<byte>> ReceiveAsync(HttpContext context)
    {
        RequireJson(context.Request);
        BodyEncoding encoding = EncodingOf(context);
        long largest = LiftLimit(context);
        ReadOnlyMemory<byte> sent = await ReceiveAsync(context, largest);
        // A few compressed bytes may be a large body.
        if (encoding != BodyEncoding.Identity || sent.Length > LargeBody)
            await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        return encoding == BodyEncoding.Identity
            ? sent
            : await DecodeAsync(sent, encoding, largest, context.RequestAborted);
    }

    private static void RequireJson(HttpRequest request)
    {
        string? type = request.ContentType;
        if (type is not null && !(request.HasJsonContentType() && IsUtf8(type)))
        {
            throw Refused(
                StatusCodes.Status415UnsupportedMediaType,
                $"Unsupported Content-Type '{Shortened(type)}'. Send application/json in UTF-8."
            );
        }
    }

    private static bool IsUtf8(string type) =>
        !MediaTypeHeaderValue.TryParse(type, out MediaTypeHeaderValue? parsed)
        || !parsed.Charset.HasValue
        || HeaderUtilities.RemoveQuotes(parsed.Charset) is var charset
            && (
                charset.Equals("utf-8", StringComparison.OrdinalIgnoreCase)
                || charset.Equals("utf8", StringComparison.OrdinalIgnoreCase)
            );

    /// <summary>One encoding: a second one has no use but to multiply the work of decoding.</summary>
    private static BodyEncoding EncodingOf(HttpContext context)
    {
        string names = context.Request.Headers.ContentEncoding.ToString();
        switch (names.ToLowerInvariant())
        {
            case "" or "identity":
                return BodyEncoding.Identity;
            case "gzip" or "x-gzip":
                return BodyEncoding.Gzip;
            case "deflate":
                return BodyEncoding.Deflate;
            default:
                context.Response.Headers.AcceptEncoding = AcceptedEncodings;
                throw Refused(
                    StatusCodes.Status415UnsupportedMediaType,
                    $"Unsupported Content-Encoding '{Shortened(names)}'. Compress the body once, by gzip or deflate, "
                        + "or send it uncompressed."
                );
        }
    }

    private static async Task<ReadOnlyMemory<byte>> ReceiveAsync(HttpContext context, long largest)
    {
        HttpRequest request = context.Request;
        // One byte more than announced: the end of the body is then seen without growing the buffer.
        int first = (int)Math.Min(request.ContentLength ?? FirstRead, TrustedLength) + 1;
        try
        {
            ReadOnlyMemory<byte>? received =
                request.ContentLength > largest
                    ? null
                    : await ReadToEndAsync(request.Body, first, largest, context.RequestAborted);
            if (received is { } bytes)
                return bytes;
            context.Response.Headers.Connection = "close";
            throw TooLarge("The request body is too large.");
        }
        catch (BadHttpRequestException e)
        {
            // The rest of the body is not read, so the connection can't be reused.
            context.Response.Headers.Connection = "close";
            throw Refused(
                e.StatusCode,
                e.StatusCode == StatusCodes.Status408RequestTimeout
                    ? "The request body could not be read: it came too slowly."
                    : "The request body could not be read: it ended early, or its chunks are malformed."
            );
        }
        catch (IOException) when (!context.RequestAborted.IsCancellationRequested)
        {
            // Kestrel throws this for some malformed chunked bodies.
            context.Response.Headers.Connection = "close";
            throw Refused(
                StatusCodes.Status400BadRequest,
                "The request body could not be read: its chunks are malformed."
            );
        }
    }

    /// <summary>
    /// Decodes until the limit is passed, into a buffer of at most twice the decoded bytes: no number in what is sent
    /// is trusted.
    /// </summary>
    private static async Task<ReadOnlyMemory<byte>> DecodeAsync(
        ReadOnlyMemory<byte> sent,
        BodyEncoding encoding,
        long largest,
        CancellationToken cancellation
    )
    {
        await using var body = new CompressedBody(sent, isGzip: encoding == BodyEncoding.Gzip);
        await using Stream decoded = body.Decode();
        int first = Math.Min(sent.Length, TrustedLength) + 1;
        ReadOnlyMemory<byte>? bytes;
        try
        {
            bytes = await ReadToEndAsync(decoded, first, largest, cancellation);
        }
        catch (Exception e) when (CompressedBody.IsDamage(e))
        {
            throw Damaged(encoding);
        }
        if (bytes is null)
            throw TooLarge("The request body is too large when it is decoded.");
        return body.IsWhole ? bytes.Value : throw Damaged(encoding);
    }

    /// <returns>Null where there are more bytes than the limit.</returns>
    private static async ValueTask<ReadOnlyMemory<byte>?> ReadToEndAsync(
        Stream stream,
        int first,
        long largest,
        CancellationToken cancellation
    )
    {
        var bytes = new byte[first];
        int end = 0;
        for (int count = 1; count > 0; end += count)
        {
            if (end == bytes.Length)
                Array.Resize(ref bytes, bytes.Length * 2);
            count = await stream.ReadAsync(bytes.AsMemory(end), cancellation);
            if (end + count > largest)
                return null;
        }
        return bytes.AsMemory(0, end);
    }

    /// <summary>
    /// Takes over Kestrel's limit: behind it Kestrel would not let the rest be read, and without that the client may
    /// not see the answer.
    /// </summary>
    /// <returns>The limit, in bytes.</returns>
    private static long LiftLimit(HttpContext context)
    {
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is not { IsReadOnly: false } size)
            return long.MaxValue;
        long largest = size.MaxRequestBodySize ?? long.MaxValue;
        size.MaxRequestBodySize = null;
        return largest;
    }

    private static OpenAIException TooLarge(string problem) =>
        Refused(
            StatusCodes.Status413PayloadTooLarge,
            $"{problem} Send less, or start the server with a higher --max-request-bytes."
        );

    private static OpenAIException Damaged(BodyEncoding encoding)
    {
        (string name, string whole) =
            encoding == BodyEncoding.Gzip ? ("gzip", "whole gzip members") : ("deflate", "one whole zlib stream");
        return Refused(
            StatusCodes.Status400BadRequest,
            $"The request body is not what its Content-Encoding, {name}, says: it is damaged, ends early, or has other "
                + $"bytes behind its end. Send {whole}, or leave the header out."
        );
    }

    private static OpenAIException Refused(int status, string message) => new(status, "invalid_request_error", message);

    private static string Shortened(string header) =>
        header.Length > LongestQuote ? header[..LongestQuote] + "…" : header;
}
