using System.Buffers;
using System.IO.Pipelines;
using DeterministicInference.Server.Backends;
using DeterministicInference.Server.OpenAI;

namespace DeterministicInference.Server.Proxy;

/// <summary>
/// Sends an answer in events on, each one as it came and as soon as it is there. The answer ends as an answer only where
/// the engine finished it: one that broke must not look complete.
/// </summary>
internal sealed class StreamRelay(HttpContext context, Stream events, EngineActivity activity)
{
    /// <summary>Largest event, in bytes.</summary>
    private const int LargestEvent = 32 << 20;

    private readonly PipeWriter _body = context.Response.BodyWriter;
    private readonly CancellationToken _gone = context.RequestAborted;
    private readonly EventBuffer _buffer = new();
    private readonly StreamObserver _observer = new();
    private bool _isFirst = true;

    /// <returns>Null for an answer that was sent to its end, else why it broke: the client must be told.</returns>
    public async Task<OpenAIException?> RunAsync()
    {
        context.Response.ContentType = "text/event-stream; charset=utf-8";
        context.Response.Headers.CacheControl = "no-cache";
        context.Response.Headers["X-Accel-Buffering"] = "no";
        await context.Response.StartAsync(_gone);
        // An engine that sends its headers early has accepted the request, and the client may know.
        await _body.FlushAsync(_gone);
        try
        {
            return await RelayAsync();
        }
        catch (IOException) when (!_gone.IsCancellationRequested)
        {
            return BackendFailures.BadAnswer("its stream broke before the answer was complete.");
        }
        finally
        {
            _observer.Usage.Log(context);
        }
    }

    private async Task<OpenAIException?> RelayAsync()
    {
        while (true)
        {
            int count = await events.ReadAsync(_buffer.Free, _gone);
            activity.Progress();
            _buffer.Added(count);
            while (_buffer.TryTake(isLast: count == 0, out ReadOnlyMemory<byte> next))
            {
                (bool isEnd, OpenAIException? broken) = Take(next);
                if (!isEnd && broken is null) continue;
                await _body.FlushAsync(_gone);
                return broken;
            }
            await _body.FlushAsync(_gone);
            if (count == 0) return await EndAsync();
            if (_buffer.Waiting > LargestEvent) return BackendFailures.BadAnswer("its stream has an event that is too large.");
        }
    }

    /// <summary>The engine closed the stream without the mark for its end, which it may, but not without the end.</summary>
    private async Task<OpenAIException?> EndAsync()
    {
        if (_buffer.Waiting > 0)
        {
            (bool isEnd, OpenAIException? broken) = Take((byte[])[.. _buffer.TakeRest().Span, (byte)'\n', (byte)'\n']);
            if (broken is not null || isEnd)
            {
                await _body.FlushAsync(_gone);
                return broken;
            }
        }
        OpenAIException? incomplete = Finish();
        await _body.FlushAsync(_gone);
        return incomplete;
    }

    /// <summary>Writes an event.</summary>
    /// <returns>Whether it was the end, and what broke the answer.</returns>
    private (bool IsEnd, OpenAIException? Broken) Take(ReadOnlyMemory<byte> next)
    {
        // Some clients lose the first event after a byte order mark.
        if (_isFirst && next.Span.StartsWith("\uFEFF"u8)) next = next[3..];
        _isFirst = false;
        if (EventData.Of(next) is { } data)
        {
            if (data.Span.StartsWith("[DONE]"u8)) return (true, Finish());
            if (_observer.Observe(data) is { } broken) return (false, broken);
        }
        // Without data it is a comment, or nothing: some clients take an event without data for a broken one.
        else if (next.Span[0] != ':') return (false, null);
        _body.Write(next.Span);
        return (false, null);
    }

    private OpenAIException? Finish()
    {
        if (!_observer.IsComplete) return BackendFailures.BadAnswer("its stream ended before the answer was complete.");
        _body.Write("data: [DONE]\n\n"u8);
        return null;
    }
}
