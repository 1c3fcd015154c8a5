using System.Globalization;
using System.Text;
using DeterministicInference.Receipts.Log;
using DeterministicInference.Server.Native;

namespace DeterministicInference.Server.Witness;

/// <summary>
/// The protocol of C2SP tlog-witness: <c>POST /add-checkpoint</c> and <c>GET /HASH/checkpoint</c>; for operators also
/// <c>GET /vkey</c> and <c>/livez</c>. There is no authentication but the log's signature.
/// </summary>
internal sealed partial class WitnessRoutes(WitnessKeys keys, IReadOnlyList<WitnessedLog> logs, ILogger logger)
{
    /// <summary>
    /// Most bytes of a request: 63 lines of a proof, and a checkpoint with 64 signatures of up to 3.3 kB.
    /// </summary>
    public const int MaxRequestBytes = 256 << 10;

    private const string SizeType = "text/x.tlog.size",
        TextType = "text/plain; charset=utf-8";

    private readonly Dictionary<string, WitnessedLog> _byOrigin = logs.ToDictionary(
        log => log.Origin,
        StringComparer.Ordinal
    );
    private readonly Dictionary<string, WitnessedLog> _byHash = logs.ToDictionary(
        log => WitnessFolder.HashOf(log.Origin),
        StringComparer.Ordinal
    );

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapMethods("/add-checkpoint", ["POST"], AddAsync);
        routes.MapMethods("/{hash}/checkpoint", ["GET", "HEAD"], CheckpointAsync);
        routes.MapMethods(
            "/vkey",
            ["GET", "HEAD"],
            context => AnswerAsync(context, StatusCodes.Status200OK, keys.VerifierKeys)
        );
        routes.MapMethods(
            "/livez",
            ["GET", "HEAD"],
            context => AnswerAsync(context, StatusCodes.Status200OK, "alive\n")
        );
    }

    /// <summary>Answers a path that is none of the routes: the web server's own error speaks of another API.</summary>
    public static Task AnswerUnknownAsync(HttpContext context) =>
        AnswerAsync(
            context,
            StatusCodes.Status404NotFound,
            "A witness has POST /add-checkpoint, and GET /HASH/checkpoint, /vkey and /livez.\n"
        );

    private async Task AddAsync(HttpContext context)
    {
        AddCheckpointRequest request;
        using var body = new MemoryStream();
        try
        {
            await context.Request.Body.CopyToAsync(body, context.RequestAborted);
            request = AddCheckpointRequest.Parse(body.GetBuffer().AsSpan(0, (int)body.Length));
        }
        catch (BadHttpRequestException e)
        {
            await AnswerAsync(context, e.StatusCode, "The request can't be read.\n");
            return;
        }
        catch (LogFormatException e)
        {
            await AnswerAsync(context, StatusCodes.Status400BadRequest, $"{e.Message}\n");
            return;
        }
        if (!_byOrigin.TryGetValue(request.Checkpoint.Origin, out WitnessedLog? log))
        {
            await AnswerAsync(context, StatusCodes.Status404NotFound, "This witness does not witness this log.\n");
            return;
        }
        await AnswerAsync(context, await AddAsync(log, request, context.RequestAborted));
    }

    private async Task<WitnessAnswer> AddAsync(
        WitnessedLog log,
        AddCheckpointRequest request,
        CancellationToken cancellation
    )
    {
        try
        {
            return await log.AddAsync(request, cancellation);
        }
        catch (LogFormatException e)
        {
            return new WitnessAnswer.Refused(StatusCodes.Status400BadRequest, e.Message);
        }
        catch (Exception e) when (WriteFailure.Is(e))
        {
            Unstored(e.Message);
            return new WitnessAnswer.Refused(
                StatusCodes.Status503ServiceUnavailable,
                "The witness can't store its state at present."
            );
        }
    }

    private static Task AnswerAsync(HttpContext context, WitnessAnswer answer) =>
        answer switch
        {
            WitnessAnswer.Cosigned cosigned => AnswerAsync(
                context,
                StatusCodes.Status200OK,
                string.Concat(cosigned.Signatures.Select(signature => $"{signature}\n"))
            ),
            WitnessAnswer.Conflict conflict => AnswerAsync(
                context,
                StatusCodes.Status409Conflict,
                string.Create(CultureInfo.InvariantCulture, $"{conflict.Size}\n"),
                SizeType
            ),
            WitnessAnswer.Refused refused => AnswerAsync(context, refused.Status, $"{refused.Reason}\n"),
            _ => throw new InvalidOperationException($"Unknown answer {answer}."),
        };

    private Task CheckpointAsync(HttpContext context)
    {
        context.Response.Headers.CacheControl = "no-cache";
        return
            _byHash.TryGetValue((string)context.Request.RouteValues["hash"]!, out WitnessedLog? log)
            && log.Note is { } note
            ? AnswerAsync(context, StatusCodes.Status200OK, note)
            : AnswerAsync(context, StatusCodes.Status404NotFound, "No checkpoint of this log was cosigned.\n");
    }

    private static async Task AnswerAsync(HttpContext context, int status, string text, string type = TextType)
    {
        byte[] body = Encoding.UTF8.GetBytes(text);
        context.Response.StatusCode = status;
        context.Response.ContentType = type;
        context.Response.ContentLength = body.Length;
        if (!HttpMethods.IsHead(context.Request.Method))
            await context.Response.Body.WriteAsync(body, context.RequestAborted);
    }

    [LoggerMessage(LogLevel.Error, "The state can't be stored, and no cosignature leaves: {Problem}")]
    private partial void Unstored(string problem);
}
