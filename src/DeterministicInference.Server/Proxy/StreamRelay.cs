using System.Buffers;
using System.Diagnostics;
using System.IO.Pipelines;
using DeterministicInference.Receipts.Bundles;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Determinism;
using DeterministicInference.Server.OpenAI;

namespace DeterministicInference.Server.Proxy;

#pragma warning disable CA2012 // An operation is watched while it is pending, and awaited once, when it is complete.

/// <summary>
/// Sends an answer in events on, each one as it came and as soon as it is there. The answer ends as an answer only where
/// the engine finished it: one that broke must not look complete.
/// </summary>
/// <remarks>
/// The client's 200 waits for the engine's first event, at most for <c>--stream-header-delay</c>: an error until then is an
/// answer with its own status. While nothing comes, the client gets comment lines. One flow of control writes everything.
/// </remarks>
internal sealed class StreamRelay(HttpContext context, InferenceOptions options, AnswerClock clock, AnswerPlan plan)
{
    /// <summary>A client that takes nothing for so long is cut: it holds a place in the engine.</summary>
    public static readonly TimeSpan ReaderPatience = TimeSpan.FromSeconds(30);

    /// <summary>Largest event, in bytes.</summary>
    private const int LargestEvent = 32 << 20;

    private readonly PipeWriter _body = context.Response.BodyWriter;
    private readonly CancellationToken _gone = context.RequestAborted;
    private readonly EventBuffer _buffer = new();
    private readonly AnswerScan _scan = new(plan.HidesTokenIds, plan.Ids);
    private readonly bool _hasLine = !ReceiptHeaders.AsksForHeaderOnly(context.Request);
    private ReadOnlyMemory<byte>? _upstream;
    private bool _isFirst = true;
    private long _lastWrite;

    /// <summary>Whether the client has its 200: what goes wrong from here on goes wrong within the stream.</summary>
    public bool IsOpen { get; private set; }

    /// <summary>Waits for the engine's headers.</summary>
    /// <exception cref="OpenAIException">504: a limit is reached.</exception>
    public async Task HeadersAsync(Task<HttpResponseMessage> sending)
    {
        if (options.StreamHeaderDelay == TimeSpan.Zero) await TickAsync();
        if (sending.IsCompleted) return;
        WakeUp();
        clock.Watch(sending.GetAwaiter());
        while (!await clock.NextAsync()) await TickAsync();
    }

    /// <summary>Sends the engine's events on, to the end of the answer.</summary>
    /// <param name="events">The body.</param>
    /// <param name="cancellation">Ends it, as the end of the client does.</param>
    /// <returns>False where the client stopped reading: its connection is cut.</returns>
    /// <exception cref="OpenAIException">The answer broke: the client must be told.</exception>
    public async Task<bool> RelayAsync(Stream events, CancellationToken cancellation)
    {
        try
        {
            WakeUp();
            while (true)
            {
                ValueTask<int> read = events.ReadAsync(_buffer.Free, cancellation);
                if (!read.IsCompleted)
                {
                    clock.Watch(read.GetAwaiter());
                    while (!await clock.NextAsync()) await TickAsync();
                }
                int count = await read;
                // From now on it is pauses that count.
                if (count > 0 && clock.Progress()) WakeUp();
                bool wasOpen = IsOpen, isEnd = Take(count);
                if (isEnd) await FinishAsync(cancellation);
                if (!await FlushAsync()) return false;
                if (isEnd) return true;
                // The timer was set for a status that has gone out now.
                if (!wasOpen && IsOpen) WakeUp();
            }
        }
        catch (Exception e) when (AnswerEncoding.IsBroken(e) && !cancellation.IsCancellationRequested)
        {
            throw BackendFailures.BadAnswer("its stream broke before the answer was complete.");
        }
        finally
        {
            _scan.Usage.Log(context);
        }
    }

    /// <summary>Writes the events that are complete with what was read; none is the end of the body.</summary>
    /// <returns>Whether the answer is at its end.</returns>
    private bool Take(int count)
    {
        _buffer.Added(count);
        while (_buffer.TryTake(isLast: count == 0, out ReadOnlyMemory<byte> next))
        {
            if (Take(next)) return true;
        }
        if (count > 0)
        {
            return _buffer.Waiting <= LargestEvent ? false : throw BackendFailures.BadAnswer("its stream has an event that is too large.");
        }
        // The engine closed the stream without the mark for its end, which it may, but not without the end.
        if (_buffer.Waiting > 0) Take((byte[])[.. _buffer.TakeRest().Span, (byte)'\n', (byte)'\n']);
        return true;
    }

    /// <returns>Whether the event was the end.</returns>
    private bool Take(ReadOnlyMemory<byte> next)
    {
        // Some clients lose the first event after a byte order mark.
        if (_isFirst && next.Span.StartsWith("\uFEFF"u8)) next = next[3..];
        _isFirst = false;
        if (next.Span.IndexOf(ReceiptLine.Prefix) >= 0) next = ReceiptLine.TakeOut(next, ref _upstream);
        if (EventData.Of(next) is { Length: > 0 } data)
        {
            if (data.Span.StartsWith("[DONE]"u8)) return true;
            plan.Observe(_scan, data, "its stream has an event that is not a JSON object.");
            if (_scan.IsEmpty) return false;
            if (_scan.Edits.Length > 0)
            {
                WriteEdited(next.Span, data.Span);
                return false;
            }
        }
        // Without data it is a comment, or nothing: some clients take an event without data for a broken one.
        else if (next.Length == 0 || next.Span[0] != ':')
        {
            return false;
        }
        Write(next.Span);
        return false;
    }

    /// <summary>The end of the answer, which tells the client that it is complete: not before its receipt is on disk.</summary>
    private async ValueTask FinishAsync(CancellationToken cancellation)
    {
        if (!_scan.IsComplete) throw BackendFailures.BadAnswer("its stream ended before the answer was complete.");
        if (plan.Seal is not null)
        {
            Task<byte[]?> sealing = plan.Seal.SealAsync(_upstream, cancellation);
            if (!sealing.IsCompleted)
            {
                await FlushAsync();
                clock.Resume();
                WakeUp();
                clock.Watch(sealing.GetAwaiter());
                while (!await clock.NextAsync()) await TickAsync();
            }
            if (await sealing is { } receipt && _hasLine) Write([.. AnswerReceipt.LinePrefix, .. receipt, (byte)'\n']);
        }
        Write("data: [DONE]\n\n"u8);
    }

    private void Write(ReadOnlySpan<byte> bytes)
    {
        Open();
        _body.Write(bytes);
    }

    private void WriteEdited(ReadOnlySpan<byte> next, ReadOnlySpan<byte> data)
    {
        if (!next.Overlaps(data, out int start))
        {
            // Several data lines, which only white space can part.
            byte[] joined = JsonSplice.Apply(data, _scan.Edits);
            joined.AsSpan().Replace((byte)'\n', (byte)' ');
            Write([.. "data: "u8, .. joined, (byte)'\n', (byte)'\n']);
            return;
        }
        int read = 0;
        foreach (JsonSplice.Edit edit in _scan.Edits)
        {
            Write(next[read..(start + edit.Place.Start.Value)]);
            Write(edit.Text);
            read = start + edit.Place.End.Value;
        }
        Write(next[read..]);
    }

    private void Open()
    {
        if (IsOpen) return;
        IsOpen = true;
        context.Response.ContentType = "text/event-stream; charset=utf-8";
        context.Response.Headers.CacheControl = "no-cache";
        context.Response.Headers["X-Accel-Buffering"] = "no";
        if (plan.Seal is not null) context.Response.Headers[ReceiptHeaders.Id] = plan.Seal.ReceiptId;
    }

    /// <summary>Sends what was written. The engine is not read while the client does not read.</summary>
    /// <returns>False where the client took nothing for too long.</returns>
    private async ValueTask<bool> FlushAsync()
    {
        if (_body.UnflushedBytes == 0) return true;
        ValueTask<FlushResult> flush = _body.FlushAsync(_gone);
        if (!flush.IsCompleted)
        {
            long since = Stopwatch.GetTimestamp();
            clock.Watch(flush.GetAwaiter());
            clock.Wake(ReaderPatience);
            while (!await clock.NextAsync())
            {
                TimeSpan left = AnswerClock.Remaining(ReaderPatience, since);
                if (left == TimeSpan.Zero)
                {
                    context.Abort();
                    return false;
                }
                clock.Wake(left);
            }
            clock.Resume();
            WakeUp();
        }
        await flush;
        _lastWrite = clock.Last;
        return true;
    }

    /// <summary>The timer fired while nothing came from the engine.</summary>
    private async ValueTask TickAsync()
    {
        clock.Check();
        bool isDue = IsOpen
            ? AnswerClock.Remaining(options.KeepAliveInterval, _lastWrite) == TimeSpan.Zero
            : clock.Elapsed >= options.StreamHeaderDelay;
        if (isDue)
        {
            Open();
            // A line, not an event: it may stand between any two events.
            if (options.KeepAliveInterval != Timeout.InfiniteTimeSpan) _body.Write(": ka\n"u8);
            await _body.FlushAsync(_gone);
            _lastWrite = Stopwatch.GetTimestamp();
        }
        WakeUp();
    }

    /// <summary>Sets the timer to whatever is due next.</summary>
    private void WakeUp()
    {
        TimeSpan left = options.StreamHeaderDelay - clock.Elapsed;
        clock.Wake(AnswerClock.Earlier(clock.Due, IsOpen ? AnswerClock.Remaining(options.KeepAliveInterval, _lastWrite) : left > TimeSpan.Zero ? left : TimeSpan.Zero));
    }
}
