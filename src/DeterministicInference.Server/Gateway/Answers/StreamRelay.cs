using System.Buffers;
using System.IO.Pipelines;
using DeterministicInference.Receipts.Answers;
using DeterministicInference.Receipts.Bundles;
using DeterministicInference.Receipts.Json;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Gateway.Forwarding;
using DeterministicInference.Server.Hosting;
using DeterministicInference.Server.OpenAI;

namespace DeterministicInference.Server.Gateway.Answers;

#pragma warning disable CA2012 // A ValueTask is watched while it is pending, and awaited once, when it is complete.

/// <summary>
/// Relays a stream event by event, unbuffered. The stream ends regularly only where the engine completed the answer: a
/// broken one must not look complete.
/// </summary>
/// <remarks>
/// The client's status 200 waits for the engine's first event, at most for <c>--stream-header-delay</c>: an error until
/// then is sent with its own status. While the engine is silent, the client gets comment lines. One flow of control
/// does all writes.
/// </remarks>
/// <param name="context">The client's request.</param>
/// <param name="options">Settings.</param>
/// <param name="handling">Processes the answer.</param>
/// <param name="hasComments">Whether comment lines are sent: the receipt, and one in each silence.</param>
internal sealed class StreamRelay(
    HttpContext context,
    ServeOptions options,
    AnswerHandling handling,
    bool hasComments = true
) : IAnswerRelay
{
    private readonly PipeWriter _body = context.Response.BodyWriter;
    private readonly CancellationToken _gone = context.RequestAborted;
    private readonly EventBuffer _buffer = new();
    private readonly AnswerRewriter _rewriter = handling.Rewriter;

    /// <summary>Silence after which a comment is sent; <see cref="Timeout.InfiniteTimeSpan"/> sends none.</summary>
    private readonly TimeSpan _keepAlive = hasComments ? options.KeepAliveInterval : Timeout.InfiniteTimeSpan;

    private long _lastWrite;

    public bool HasBegun { get; private set; }

    public async Task<bool> RelayAsync(EngineExchange exchange)
    {
        await WaitForHeadersAsync(exchange);
        HttpResponseMessage response = await exchange.ResponseAsync();
        if (!HasBegun)
            AnswerHeaders.Relay(response, context.Response);
        await using Stream events = await AnswerEncoding.OpenEventsAsync(response, exchange.Cancellation);
        return await RelayAsync(events, exchange);
    }

    public async Task<bool> FinishAsync(EngineExchange exchange, Task<byte[]?> sealing)
    {
        EngineTimeouts timeouts = exchange.Timeouts;
        if (!sealing.IsCompleted)
        {
            timeouts.Resume();
            await WaitAsync(sealing.GetAwaiter(), timeouts);
        }
        if (await sealing is { } determinism && hasComments)
            Write([.. AnswerReceipt.LinePrefix, .. determinism, (byte)'\n']);
        Write("data: [DONE]\n\n"u8);
        return await FlushAsync(timeouts);
    }

    public async Task FailAsync(OpenAIException failure)
    {
        await OpenAIError.SendEventAsync(context, failure);
        context.Abort();
    }

    /// <summary>
    /// Waits for the engine's status, and sends the client its own after <c>--stream-header-delay</c>.
    /// </summary>
    private async Task WaitForHeadersAsync(EngineExchange exchange)
    {
        if (options.StreamHeaderDelay == TimeSpan.Zero)
            await OnTimerAsync(exchange.Timeouts);
        if (!exchange.Sending.IsCompleted)
            await WaitAsync(exchange.Sending.GetAwaiter(), exchange.Timeouts);
    }

    /// <summary>Relays the engine's events up to the end of the answer.</summary>
    private async Task<bool> RelayAsync(Stream events, EngineExchange exchange)
    {
        EngineTimeouts timeouts = exchange.Timeouts;
        try
        {
            RearmTimer(timeouts);
            while (true)
            {
                ValueTask<int> read = events.ReadAsync(_buffer.Free, exchange.Cancellation);
                if (!read.IsCompleted)
                {
                    timeouts.Watch(read.GetAwaiter());
                    while (!await timeouts.WaitForOperationOrTimerAsync())
                        await OnTimerAsync(timeouts);
                }
                int count = await read;
                // From the first byte on, --idle-timeout applies.
                if (count > 0 && timeouts.Progress())
                    RearmTimer(timeouts);
                bool hadBegun = HasBegun;
                if (ProcessRead(count))
                {
                    handling.RequireComplete();
                    // What a receipt calls complete has been handed to the connection.
                    return await FlushAsync(timeouts);
                }
                if (!await FlushAsync(timeouts))
                    return false;
                // The timer was set for the client's status, which has been sent by now.
                if (!hadBegun && HasBegun)
                    RearmTimer(timeouts);
            }
        }
        catch (Exception e) when (AnswerEncoding.IsBroken(e) && !exchange.Cancellation.IsCancellationRequested)
        {
            throw GatewayErrors.StreamBroke();
        }
        finally
        {
            handling.Usage.Log(RequestFacts.Of(context));
        }
    }

    /// <summary>Writes the events that this read completed; a count of 0 is the end of the body.</summary>
    /// <returns>Whether the answer has ended.</returns>
    private bool ProcessRead(int count)
    {
        _buffer.Added(count);
        bool isLast = count == 0;
        // An engine may close the stream without [DONE], but the answer itself must be complete.
        if (isLast)
            _buffer.End();
        while (_buffer.TryTake(isLast, out StreamEvent next))
        {
            if (ProcessEvent(next))
                return true;
        }
        return _buffer.Waiting <= AnswerEncoding.LargestEvent ? isLast : throw GatewayErrors.EventTooLarge();
    }

    /// <summary>
    /// Relays the data of an event, and nothing else of it: comments and other fields mean nothing, but clients that
    /// read lines in another way than the standard could take them for data, or for a line of this server.
    /// </summary>
    /// <returns>Whether the event ends the stream.</returns>
    private bool ProcessEvent(in StreamEvent next)
    {
        if (next.Data.IsEmpty)
            return false;
        if (RecordedEvents.IsEnd(next.Data.Span))
            return true;
        if (handling.Observe(next.Data))
            WriteEvent(next.Data.Span);
        return false;
    }

    private void WriteEvent(ReadOnlySpan<byte> data)
    {
        Write("data: "u8);
        int read = 0;
        foreach (JsonSplice.Edit edit in _rewriter.Edits)
        {
            WriteData(data[read..edit.Place.Start.Value]);
            Write(edit.Text);
            read = edit.Place.End.Value;
        }
        WriteData(data[read..]);
        Write("\n\n"u8);
    }

    /// <summary>Writes data that may have come in several lines on one.</summary>
    private void WriteData(ReadOnlySpan<byte> data)
    {
        // JSON has line ends only where it has white space.
        for (int end; (end = data.IndexOf((byte)'\n')) >= 0; data = data[(end + 1)..])
        {
            Write(data[..end]);
            Write(" "u8);
        }
        Write(data);
    }

    private void Write(ReadOnlySpan<byte> bytes)
    {
        Begin();
        _body.Write(bytes);
    }

    private void Begin()
    {
        if (HasBegun)
            return;
        HasBegun = true;
        EventStreamResponse.Begin(context.Response);
        if (handling.Receipt is { } receipt)
            context.Response.Headers[ReceiptHeaders.Id] = receipt.ReceiptId;
    }

    /// <summary>Flushes what was written. The engine is not read while the client does not read.</summary>
    /// <returns>False where the client read nothing for <c>--slow-reader-timeout</c>.</returns>
    private async ValueTask<bool> FlushAsync(EngineTimeouts timeouts)
    {
        if (_body.UnflushedBytes == 0)
            return true;
        ValueTask<FlushResult> flush = _body.FlushAsync(_gone);
        if (!flush.IsCompleted)
        {
            long since = timeouts.Now;
            timeouts.Watch(flush.GetAwaiter());
            timeouts.SetTimer(options.SlowReaderTimeout);
            while (!await timeouts.WaitForOperationOrTimerAsync())
            {
                TimeSpan left = timeouts.Remaining(options.SlowReaderTimeout, since);
                if (left == TimeSpan.Zero)
                {
                    context.Abort();
                    return false;
                }
                timeouts.SetTimer(left);
            }
            timeouts.Resume();
            RearmTimer(timeouts);
        }
        if ((await flush).IsCompleted)
        {
            // The connection broke after the client had ended its side, of which Kestrel does not tell (HalfClose).
            context.Abort();
            await Task.Delay(Timeout.Infinite, _gone);
        }
        _lastWrite = timeouts.Last;
        return true;
    }

    /// <summary>Waits for an operation, and sends keep-alive comments to the client meanwhile.</summary>
    private async ValueTask WaitAsync<T>(T operation, EngineTimeouts timeouts)
        where T : System.Runtime.CompilerServices.ICriticalNotifyCompletion
    {
        RearmTimer(timeouts);
        timeouts.Watch(operation);
        while (!await timeouts.WaitForOperationOrTimerAsync())
            await OnTimerAsync(timeouts);
    }

    /// <summary>Handles the timer, which fired while the engine was silent.</summary>
    private async ValueTask OnTimerAsync(EngineTimeouts timeouts)
    {
        timeouts.Check();
        bool isDue = HasBegun
            ? timeouts.Remaining(_keepAlive, _lastWrite) == TimeSpan.Zero
            : timeouts.Elapsed >= options.StreamHeaderDelay;
        if (isDue)
        {
            Begin();
            // A comment line is not an event and may stand between any two events
            // (https://html.spec.whatwg.org/multipage/server-sent-events.html).
            if (_keepAlive != Timeout.InfiniteTimeSpan)
                _body.Write(": ka\n"u8);
            await _body.FlushAsync(_gone);
            _lastWrite = timeouts.Now;
        }
        RearmTimer(timeouts);
    }

    /// <summary>Sets the timer to the next deadline.</summary>
    private void RearmTimer(EngineTimeouts timeouts)
    {
        TimeSpan left = options.StreamHeaderDelay - timeouts.Elapsed;
        TimeSpan own = HasBegun
            ? timeouts.Remaining(_keepAlive, _lastWrite)
            : (left > TimeSpan.Zero ? left : TimeSpan.Zero);
        timeouts.SetTimer(EngineTimeouts.Earlier(timeouts.Due, own));
    }
}
