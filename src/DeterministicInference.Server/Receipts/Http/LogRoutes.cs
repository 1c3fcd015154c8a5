using System.IO.Compression;
using System.Net.Mime;
using System.Text;
using DeterministicInference.Receipts.Log;
using DeterministicInference.Server.OpenAI;
using DeterministicInference.Server.Receipts.Store;
using Microsoft.Net.Http.Headers;

namespace DeterministicInference.Server.Receipts.Http;

/// <summary>
/// The log as C2SP tlog-tiles describes it (https://c2sp.org/tlog-tiles), below <c>/v1/log</c>: <c>checkpoint</c>,
/// <c>tile/LEVEL/INDEX[.p/WIDTH]</c> and <c>tile/entries/INDEX[.p/WIDTH]</c>. Whoever keeps a checkpoint can prove with
/// them that the log has only grown since.
/// </summary>
/// <param name="store">The store of receipts.</param>
/// <param name="isPublic">Whether the log needs no API key, so that shared caches may keep it.</param>
internal sealed class LogRoutes(ReceiptStore store, bool isPublic)
{
    private const string Prefix = "/v1/log";

    /// <summary>
    /// Whether <c>--public-log</c> opens a path: the log, and the key that it is verified with. Neither has text of
    /// requests or answers, nor ids of receipts.
    /// </summary>
    public static bool Contains(PathString path) => path.StartsWithSegments(Prefix) || path == ReceiptRoutes.KeyPath;

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapMethods($"{Prefix}/checkpoint", ["GET", "HEAD"], CheckpointAsync);
        routes.MapMethods($"{Prefix}/tile/{{**path}}", ["GET", "HEAD"], TileAsync);
    }

    private Task CheckpointAsync(HttpContext context)
    {
        context.Response.Headers.CacheControl = "no-cache";
        context.Response.ContentType = "text/plain; charset=utf-8";
        return WriteAsync(context, Encoding.UTF8.GetBytes(store.Checkpoint));
    }

    private async Task TileAsync(HttpContext context)
    {
        string name = $"tile/{context.Request.RouteValues["path"]}";
        ReadOnlyMemory<byte> tile = TilePath.TryParse(name, out TilePath path)
            ? await StoreErrors.ExplainAsync(store.FindTileAsync(path, context.RequestAborted))
            : default;
        if (tile.IsEmpty)
        {
            throw new OpenAIException(
                StatusCodes.Status404NotFound,
                "invalid_request_error",
                $"The log's checkpoint covers no such tile. GET {Prefix}/checkpoint has the number of entries.",
                code: "log_tile_not_found"
            );
        }
        // Whatever the log grows to, these bytes stay.
        context.Response.Headers.CacheControl = isPublic
            ? "public, max-age=31536000, immutable"
            : "private, max-age=31536000, immutable";
        context.Response.ContentType = MediaTypeNames.Application.Octet;
        if (path.Level == TilePath.EntriesLevel)
            tile = Compress(context, tile);
        await WriteAsync(context, tile);
    }

    /// <summary>Entries are text, and half as long when compressed; hashes can't be.</summary>
    private static ReadOnlyMemory<byte> Compress(HttpContext context, ReadOnlyMemory<byte> entries)
    {
        context.Response.Headers.Vary = HeaderNames.AcceptEncoding;
        bool takesGzip = context
            .Request.GetTypedHeaders()
            .AcceptEncoding.Any(encoding => encoding.Value == "gzip" && encoding.Quality != 0);
        if (!takesGzip)
            return entries;
        using var compressed = new MemoryStream();
        using (var gzip = new GZipStream(compressed, CompressionLevel.Optimal))
            gzip.Write(entries.Span);
        context.Response.Headers.ContentEncoding = "gzip";
        return compressed.ToArray();
    }

    private static async Task WriteAsync(HttpContext context, ReadOnlyMemory<byte> body)
    {
        context.Response.ContentLength = body.Length;
        if (!HttpMethods.IsHead(context.Request.Method))
            await context.Response.Body.WriteAsync(body, context.RequestAborted);
    }
}
