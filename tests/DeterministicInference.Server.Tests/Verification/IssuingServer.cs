using System.Collections.Concurrent;
using System.Text;
using System.Text.Json.Nodes;
using DeterministicInference.Receipts.Answers;
using DeterministicInference.Receipts.Environments;
using DeterministicInference.Receipts.Log;
using DeterministicInference.Receipts.Signing;
using DeterministicInference.Receipts.Statements;
using DeterministicInference.Receipts.Tests.Statements;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace DeterministicInference.Server.Tests.Verification;

/// <summary>How <see cref="IssuingServer"/> delivers its receipts.</summary>
internal enum AnswerReceiptMode
{
    Inline,

    /// <summary>Only the id.</summary>
    Reference,

    /// <summary>Only the header.</summary>
    Header,

    None,

    /// <summary>The receipt of another answer.</summary>
    Foreign,

    /// <summary>The first answer again, byte for byte, as a cache before the server gives it.</summary>
    Stored,

    /// <summary>With a signature that nobody has made.</summary>
    FalseSignature,

    /// <summary>Signed by a key that the server does not tell.</summary>
    OtherKey,

    /// <summary>It says that the answer was stored.</summary>
    Memo,

    /// <summary>Of the request without members that are not known, as a proxy before the server passes it on.</summary>
    WithoutUnknown,
}

/// <summary>A server on a real socket that issues receipts for scripted answers.</summary>
internal sealed class IssuingServer : IAsyncDisposable
{
    private readonly ConcurrentQueue<AnswerRequest> _requests = [];
    private readonly ConcurrentDictionary<string, JsonObject> _receipts = [];
    private readonly WebApplication _app;
    private readonly SigningKey _otherKey = SigningKey.Create();
    private int _answers;
    private (string ContentType, string Body)? _first;

    private IssuingServer(WebApplication app) => _app = app;

    public SigningKey Key { get; } = SigningKey.Create();

    public NoteKey LogKey => new("log.example", Key.PublicKey);

    public ApiClient Api { get; private set; } = null!;

    public string Url => Api.Url;

    /// <summary>Requests that were to be answered.</summary>
    public IReadOnlyList<AnswerRequest> Requests => [.. _requests];

    /// <summary>Answers by number, from 0.</summary>
    public Func<int, ScriptedAnswer> Script { get; set; } = _ => ScriptedAnswer.Paris;

    public InferenceEnvironment Environment { get; set; } = EnvironmentOf("0.5.12");

    public AnswerReceiptMode Receipts { get; set; }

    /// <summary>Whether it serves the documents of environments.</summary>
    public bool HasDocuments { get; set; } = true;

    /// <summary>Whether it publishes its key.</summary>
    public bool TellsKey { get; set; } = true;

    /// <summary>It answers every request with this status.</summary>
    public int? Status { get; set; }

    /// <summary>What it answers at a path instead: status and body.</summary>
    public ConcurrentDictionary<string, (int Status, string Body)> Instead { get; } = [];

    /// <summary>What somebody on the way makes of a JSON answer.</summary>
    public Func<string, string> Rewrite { get; set; } = text => text;

    /// <summary>It refuses requests that ask for token ids.</summary>
    public bool RefusesIds { get; set; }

    /// <summary>
    /// It reports the ids of a chat's stream as SGLang does: asked by other names, in a chunk of their own.
    /// </summary>
    public bool HasSglangIds { get; set; }

    /// <summary>It takes requests and never answers.</summary>
    public bool IsSilent { get; set; }

    /// <summary>Pins besides those of model and seed.</summary>
    public Dictionary<string, string> Pins { get; } = [];

    public static InferenceEnvironment EnvironmentOf(string version, params string[] reasons) =>
        new(
            [
                new("engine.name", new EnvironmentFact("sglang", FactSource.Measured)),
                new("engine.version", new EnvironmentFact(version, FactSource.Measured)),
            ],
            reasons
        );

    public static async Task<IssuingServer> StartAsync()
    {
        WebApplicationBuilder builder = HttpServer.CreateBuilder(
            "127.0.0.1",
            0,
            1 << 20,
            new ServeOptions().RequestHeadersTimeout
        );
        builder.Logging.ClearProviders();
        WebApplication app = builder.Build();
        var server = new IssuingServer(app);
        app.Run(server.HandleAsync);
        await app.StartAsync(Xunit.TestContext.Current.CancellationToken);
        server.Api = new ApiClient(app.Urls.Single());
        return server;
    }

    public async ValueTask DisposeAsync()
    {
        Api.Dispose();
        await _app.DisposeAsync();
        Key.Dispose();
        _otherKey.Dispose();
    }

    private async Task HandleAsync(HttpContext context)
    {
        string path = context.Request.Path;
        if (Status is { } status)
        {
            await WriteAsync(
                context,
                status,
                """{"error":{"message":"No.","type":"server_error","param":null,"code":null}}"""
            );
        }
        else if (IsSilent)
            await Task.Delay(Timeout.InfiniteTimeSpan, context.RequestAborted)
                .ContinueWith(_ => { }, TaskScheduler.Default);
        else if (Instead.TryGetValue(path, out (int Status, string Body) other))
            await WriteAsync(context, other.Status, other.Body);
        else if (HttpMethods.IsPost(context.Request.Method))
            await AnswerAsync(context);
        else if (path == "/v1/receipts/key" && TellsKey)
            await WriteAsync(
                context,
                200,
                new JsonObject
                {
                    ["keyid"] = Key.PublicKey.KeyId.ToString(),
                    ["pem"] = Key.PublicKey.ToPem(),
                    ["vkey"] = LogKey.ToString(),
                }.ToJsonString()
            );
        else if (
            path.StartsWith("/v1/receipts/", StringComparison.Ordinal)
            && _receipts.TryGetValue(path["/v1/receipts/".Length..], out JsonObject? receipt)
        )
            await WriteAsync(context, 200, receipt.ToJsonString());
        else if (path == $"/v1/environment/{Environment.Id}" && HasDocuments)
            await WriteAsync(context, 200, Encoding.UTF8.GetString(EnvironmentDocument.Write(Environment)));
        else
            await WriteAsync(
                context,
                404,
                """{"error":{"message":"Nothing is here.","type":"invalid_request_error","param":null,"code":null}}"""
            );
    }

    private async Task AnswerAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        var request = new AnswerRequest(
            context.Request.Path,
            body.ToArray(),
            context.Request.Headers["X-Determinism"] == "execute",
            context.Request.Headers.Authorization
        );
        _requests.Enqueue(request);
        if ((RefusesIds || (HasSglangIds && request.IsChat && request.IsStream)) && request.WantsIds)
        {
            await WriteAsync(
                context,
                400,
                """{"error":{"message":"'return_token_ids' is not supported """
                    + """here.","type":"invalid_request_error","param":"return_token_ids","code":null}}"""
            );
            return;
        }
        if (Receipts == AnswerReceiptMode.Stored && _first is { } stored)
        {
            context.Response.ContentType = stored.ContentType;
            await context.Response.WriteAsync(stored.Body, context.RequestAborted);
            return;
        }
        ScriptedAnswer answer = Script(Interlocked.Increment(ref _answers) - 1);
        Receipt receipt = Issue(answer, request);
        string json = Encoding.UTF8.GetString(receipt.ToJson());
        string? inline = Receipts switch
        {
            AnswerReceiptMode.Inline => json,
            AnswerReceiptMode.Reference => $$"""{"receipt_id":"{{receipt.ReceiptId}}"}""",
            AnswerReceiptMode.Foreign => Encoding.UTF8.GetString(
                Issue(answer.With(0, 99, "Another"), request).ToJson()
            ),
            AnswerReceiptMode.None or AnswerReceiptMode.Header => null,
            _ => json,
        };
        if (Receipts != AnswerReceiptMode.None)
            context.Response.Headers["X-Receipt-Id"] = receipt.ReceiptId;
        if (request.IsStream)
            await StreamAsync(context, answer, request, inline);
        else
        {
            string text = AnswerJson.Whole(answer, request, request.WantsIds && answer.ReportsIds).ToJsonString();
            text = inline is null ? text : $"{text[..^1]},\"determinism\":{inline}}}";
            text = Rewrite(text);
            KeepFirst("application/json", text);
            await WriteAsync(context, 200, text);
        }
    }

    private async Task StreamAsync(HttpContext context, ScriptedAnswer answer, AnswerRequest request, string? receipt)
    {
        context.Response.ContentType = "text/event-stream";
        var text = new StringBuilder();
        foreach (JsonObject chunk in AnswerJson.Chunks(answer, request, request.WantsIds && answer.ReportsIds))
            text.Append($"data: {chunk.ToJsonString()}\n\n");
        if (HasSglangIds && request.WantsSglangIds)
            text.Append($"data: {AnswerJson.SglangIds(answer).ToJsonString()}\n\n");
        if (answer.BreaksAfter is null)
        {
            if (receipt is not null)
                text.Append($": dis-receipt {receipt}\n");
            text.Append("data: [DONE]\n\n");
        }
        KeepFirst("text/event-stream", text.ToString());
        await context.Response.WriteAsync(text.ToString(), context.RequestAborted);
        await context.Response.Body.FlushAsync(context.RequestAborted);
        if (answer.BreaksAfter is not null)
            context.Abort();
    }

    private Receipt Issue(ScriptedAnswer answer, AnswerRequest request)
    {
        JsonObject[] parts = request.IsStream
            ? [.. AnswerJson.Chunks(answer, request, answer.ReportsIds)]
            : [AnswerJson.Whole(answer, request, answer.ReportsIds)];
        Receipt receipt = new TestReceipt(
            request.Path,
            Receipts == AnswerReceiptMode.WithoutUnknown ? request.WithoutUnknown() : request.Body,
            request.IsStream ? AnswerDelivery.Sse : AnswerDelivery.Json,
            parts.Select(part => part.ToJsonString())
        )
        {
            Environment = Environment,
            Pins = request.Pins(Pins),
            WantsLogprobs = request.WantsLogprobs,
            IsMemo = Receipts == AnswerReceiptMode.Memo,
        }.Seal(Seal);
        Keep(receipt);
        return receipt;
    }

    /// <summary>The proof of a statement.</summary>
    public string Seal(byte[] statement)
    {
        TlogProof proof = TestReceipt.Prove(
            statement,
            LogKey,
            Receipts == AnswerReceiptMode.OtherKey ? _otherKey : Key
        );
        if (Receipts != AnswerReceiptMode.FalseSignature)
            return proof.ToString();
        SignedNote note = SignedNote.Parse(proof.Checkpoint);
        NoteSignature real = note.Signatures[0];
        var forged = new NoteSignature(real.Name, real.KeyId, new byte[real.Signature.Length]);
        return new TlogProof(1, proof.Hashes, $"{note.Text}\n{forged}\n").ToString();
    }

    /// <summary>What a cache would give again.</summary>
    private void KeepFirst(string contentType, string body)
    {
        if (Receipts == AnswerReceiptMode.Inline)
            _first = (contentType, body);
    }

    private void Keep(Receipt receipt)
    {
        JsonObject kept = JsonNode.Parse(receipt.ToJson())!.AsObject();
        kept.Remove("trail");
        kept["environment"] = JsonNode.Parse(EnvironmentDocument.Write(Environment));
        _receipts[receipt.ReceiptId] = kept;
    }

    private static async Task WriteAsync(HttpContext context, int status, string json)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(json, context.RequestAborted);
    }
}
