using System.Runtime.InteropServices;
using System.Security.Cryptography;
using DeterministicInference.Receipts.Json;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Gateway.Forwarding;
using DeterministicInference.Server.Hosting;
using DeterministicInference.Server.OpenAI;

namespace DeterministicInference.Server.Gateway.Answers;

#pragma warning disable CA2012 // A ValueTask is watched while it is pending, and awaited once, when it is complete.

/// <summary>
/// Relays a JSON answer with the members <c>environment</c> and <c>determinism</c> added. Nothing is sent before the
/// answer is complete and sealed, but with <c>--json-heartbeat</c> status 200 and white space, which may stand before
/// JSON (RFC 8259, section 2): proxies end a request to which nothing is answered.
/// </summary>
/// <param name="context">The client's request.</param>
/// <param name="options">Settings.</param>
/// <param name="handling">Processes the answer.</param>
/// <param name="environment">The value of the member <c>environment</c>, as JSON.</param>
internal sealed class JsonRelay(HttpContext context, ServeOptions options, AnswerHandling handling, byte[] environment)
    : IAnswerRelay
{
    /// <summary>Larger answers are parsed off the thread that serves the sockets.</summary>
    private const int LargeAnswer = 64 * 1024;

    private static readonly byte[] Comma = [(byte)','],
        Environment = "\"environment\":"u8.ToArray(),
        Determinism = "\"determinism\":"u8.ToArray(),
        WhiteSpace = [(byte)' '];

    private readonly AnswerRewriter _rewriter = handling.Rewriter;
    private ReadOnlyMemory<byte> _answer;
    private int _status;

    /// <summary>When the request was forwarded, or white space was sent last.</summary>
    private long _lastBeat;

    public bool HasBegun { get; private set; }

    public async Task<bool> RelayAsync(EngineExchange exchange)
    {
        _lastBeat = exchange.Timeouts.Now;
        await WaitAsync(exchange.Sending, exchange.Timeouts, isEngines: true);
        HttpResponseMessage response = await exchange.WaitForResponseAsync();
        _answer = await AnswerBodyReader.ReadJsonAsync(
            response,
            exchange.Timeouts,
            exchange.Cancellation,
            () => WaitForWatchedAsync(exchange.Timeouts, isEngines: true)
        );
        _status = (int)response.StatusCode;
        if (!HasBegun)
            AnswerHeaders.Relay(response, context.Response);

        if (_answer.Length > LargeAnswer)
            await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        // A byte order mark is not JSON, and some clients fail on it (RFC 8259, section 8.1).
        if (_answer.Span.StartsWith("\uFEFF"u8))
            _answer = _answer[3..];
        handling.Observe(_answer);
        handling.Usage.Log(RequestFacts.Of(context));
        handling.RequireComplete();
        return true;
    }

    public async Task<bool> FinishAsync(EngineExchange exchange, Task<byte[]?> sealing)
    {
        await WaitAsync(sealing, exchange.Timeouts, isEngines: false);
        byte[]? determinism = await sealing;
        byte[] body = Compose(_answer.Span, determinism);
        if (HasBegun)
        {
            await context.Response.Body.WriteAsync(body, context.RequestAborted);
            return true;
        }
        if (handling.Receipt is { } receipt)
        {
            context.Response.Headers[ReceiptHeaders.Id] = receipt.ReceiptId;
            string digest = Convert.ToBase64String(SHA256.HashData(body));
            context.Response.Headers[ReceiptHeaders.ContentDigest] = $"sha-256=:{digest}:";
        }
        await ApiJson.WriteAsync(context, _status, body);
        return true;
    }

    /// <summary>Sends the error instead of the answer: the status can't follow.</summary>
    public Task FailAsync(OpenAIException failure) =>
        context.Response.Body.WriteAsync(OpenAIError.Body(failure), context.RequestAborted).AsTask();

    /// <summary>Waits for an operation, and sends white space meanwhile.</summary>
    /// <param name="operation">The operation.</param>
    /// <param name="timeouts">The exchange's.</param>
    /// <param name="isEngines">Whether the wait is for the engine, whose silence has limits.</param>
    private async ValueTask WaitAsync(Task operation, EngineTimeouts timeouts, bool isEngines)
    {
        if (operation.IsCompleted)
            return;
        timeouts.Watch(operation.GetAwaiter());
        await WaitForWatchedAsync(timeouts, isEngines);
    }

    private async ValueTask WaitForWatchedAsync(EngineTimeouts timeouts, bool isEngines)
    {
        SetTimer(timeouts, isEngines);
        while (!await timeouts.WaitForOperationOrTimerAsync())
        {
            if (isEngines)
                timeouts.Check();
            if (timeouts.Remaining(options.JsonHeartbeat, _lastBeat) == TimeSpan.Zero)
                await BeatAsync(timeouts);
            SetTimer(timeouts, isEngines);
        }
    }

    private void SetTimer(EngineTimeouts timeouts, bool isEngines) =>
        timeouts.SetTimer(
            EngineTimeouts.Earlier(
                isEngines ? timeouts.Due : Timeout.InfiniteTimeSpan,
                timeouts.Remaining(options.JsonHeartbeat, _lastBeat)
            )
        );

    private async ValueTask BeatAsync(EngineTimeouts timeouts)
    {
        if (!HasBegun)
        {
            HasBegun = true;
            ApiJson.Begin(context.Response);
            if (handling.Receipt is { } receipt)
                context.Response.Headers[ReceiptHeaders.Id] = receipt.ReceiptId;
        }
        await context.Response.Body.WriteAsync(WhiteSpace, context.RequestAborted);
        await context.Response.Body.FlushAsync(context.RequestAborted);
        _lastBeat = timeouts.Now;
    }

    private byte[] Compose(ReadOnlySpan<byte> answer, byte[]? determinism)
    {
        List<JsonSplice.Edit> edits = [.. _rewriter.Edits];
        bool isFirst = _rewriter.End.IsEmptyObject;
        if (_rewriter.Environment is { } place)
        {
            int after = edits.FindLastIndex(edit => edit.Place.Start.Value <= place.Start.Value) + 1;
            edits.Insert(after, new JsonSplice.Edit(place, environment));
        }
        else
        {
            Add(Environment, environment);
        }
        if (determinism is not null)
            Add(Determinism, determinism);
        return JsonSplice.Apply(answer, CollectionsMarshal.AsSpan(edits));

        void Add(byte[] name, byte[] value)
        {
            Range end = _rewriter.End.Place.._rewriter.End.Place;
            if (!isFirst)
                edits.Add(new JsonSplice.Edit(end, Comma));
            edits.AddRange([new JsonSplice.Edit(end, name), new JsonSplice.Edit(end, value)]);
            isFirst = false;
        }
    }
}
