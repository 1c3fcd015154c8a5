using System.Globalization;
using System.IO.Compression;
using System.Net.Mime;
using System.Text;
using System.Text.Json;
using DeterministicInference.Receipts.Log;
using DeterministicInference.Server.OpenAI;
using DeterministicInference.Server.Receipts.Store;
using DeterministicInference.Server.Receipts.Witnesses;
using Microsoft.Net.Http.Headers;

namespace DeterministicInference.Server.Receipts.Http;

/// <summary>
/// Logs as C2SP tlog-tiles describes them (https://c2sp.org/tlog-tiles): below <c>/v1/log</c> the one that is
/// continued, below <c>/v1/logs/NUMBER</c> each that the server has. A log has <c>checkpoint</c>,
/// <c>tile/LEVEL/INDEX[.p/WIDTH]</c> and <c>tile/entries/INDEX[.p/WIDTH]</c>: whoever keeps a checkpoint can prove with
/// them that the log has only grown since. <c>/v1/logs</c> lists the logs, with the revocations of their keys.
/// </summary>
/// <param name="store">The store of receipts.</param>
/// <param name="witnesses">Has the checkpoints of the log that is continued cosigned; null without a policy.</param>
/// <param name="isPublic">Whether the logs need no API key, so that shared caches may keep them.</param>
internal sealed class LogRoutes(ReceiptStore store, CheckpointWitnesses? witnesses, bool isPublic)
{
    private const string Current = "/v1/log",
        All = "/v1/logs",
        Number = "number";

    /// <summary>
    /// Whether <c>--public-log</c> opens a path: the logs, and the key that they are verified with. Neither has text of
    /// requests or answers, nor ids of receipts.
    /// </summary>
    public static bool Contains(PathString path) =>
        path.StartsWithSegments(Current) || path.StartsWithSegments(All) || path == ReceiptRoutes.KeyPath;

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapMethods(All, ["GET", "HEAD"], ListAsync);
        foreach (string log in (string[])[Current, $"{All}/{{{Number}}}"])
        {
            routes.MapMethods($"{log}/checkpoint", ["GET", "HEAD"], CheckpointAsync);
            routes.MapMethods($"{log}/tile/{{**path}}", ["GET", "HEAD"], TileAsync);
        }
    }

    private Task ListAsync(HttpContext context)
    {
        context.Response.Headers.CacheControl = "no-cache";
        return ApiJson.WriteAsync(
            context,
            StatusCodes.Status200OK,
            json =>
            {
                json.WriteStartObject();
                json.WriteString("object", "list");
                json.WriteStartArray("data");
                foreach (ClosedLog log in store.ClosedLogs)
                    Write(json, log.Archive.Folder.Number, log.State.Key, log.State.Checkpoint, log);
                Checkpoint current = Checkpoint.Parse(SignedNote.Parse(store.Checkpoint).Text);
                Write(json, store.Number, store.LogKey, current, closed: null);
                json.WriteEndArray();
                json.WriteEndObject();
            }
        );
    }

    private static void Write(Utf8JsonWriter json, int number, NoteKey key, Checkpoint checkpoint, ClosedLog? closed)
    {
        json.WriteStartObject();
        json.WriteString("vkey", key.ToString());
        json.WriteString("path", string.Create(CultureInfo.InvariantCulture, $"{All}/{number}"));
        json.WriteBoolean("closed", closed is not null);
        json.WriteNumber("entries", checkpoint.Size);
        json.WriteString("next", closed?.State.End?.Next.ToString());
        json.WriteString("revocation", closed?.Revocation);
        json.WriteEndObject();
    }

    private Task CheckpointAsync(HttpContext context)
    {
        int number = NumberOf(context);
        string checkpoint =
            witnesses is null ? store.CheckpointOf(number)!
            : number == store.Number ? Witnessed(witnesses)
            : LastOf(number, witnesses);
        context.Response.Headers.CacheControl = "no-cache";
        context.Response.ContentType = "text/plain; charset=utf-8";
        return WriteAsync(context, Encoding.UTF8.GetBytes(checkpoint));
    }

    /// <summary>The newest checkpoint that meets the policy: monitors see what clients believe.</summary>
    private static string Witnessed(CheckpointWitnesses witnesses) =>
        witnesses.Current?.Text
        ?? throw new OpenAIException(
            StatusCodes.Status503ServiceUnavailable,
            "server_error",
            "No checkpoint has a quorum of witnesses yet; GET /health says which witness is behind.",
            code: "not_witnessed"
        )
        {
            RetryAfter = OpenAIException.UsualRetryAfter,
        };

    private string LastOf(int number, CheckpointWitnesses witnesses)
    {
        ClosedLog log = store.ClosedLogs.First(log => log.Archive.Folder.Number == number);
        return witnesses.LastOf(log.State.Key)?.Text ?? log.State.Note;
    }

    private async Task TileAsync(HttpContext context)
    {
        int number = NumberOf(context);
        string name = $"tile/{context.Request.RouteValues["path"]}";
        ReadOnlyMemory<byte> tile = TilePath.TryParse(name, out TilePath path)
            ? await StoreErrors.ExplainAsync(store.FindTileAsync(number, path, context.RequestAborted))
            : default;
        if (tile.IsEmpty)
        {
            throw NotFound(
                $"The log's checkpoint covers no such tile. GET {Current}/checkpoint has the number of entries.",
                "log_tile_not_found"
            );
        }
        // Whatever the log grows to, these bytes stay; which log is continued does not.
        string scope = isPublic ? "public" : "private";
        context.Response.Headers.CacheControl = context.Request.RouteValues.ContainsKey(Number)
            ? $"{scope}, max-age=31536000, immutable"
            : "no-cache";
        context.Response.ContentType = MediaTypeNames.Application.Octet;
        if (path.Level == TilePath.EntriesLevel)
            tile = Compress(context, tile);
        await WriteAsync(context, tile);
    }

    /// <summary>The number of the log that a request is about.</summary>
    private int NumberOf(HttpContext context)
    {
        if (context.Request.RouteValues[Number] is not string text)
            return store.Number;
        return
            int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number)
            && number.ToString(CultureInfo.InvariantCulture) == text
            && store.CheckpointOf(number) is not null
            ? number
            : throw NotFound($"The server has no such log. GET {All} lists those that it has.", "log_not_found");
    }

    private static OpenAIException NotFound(string message, string code) =>
        new(StatusCodes.Status404NotFound, "invalid_request_error", message, code: code);

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
