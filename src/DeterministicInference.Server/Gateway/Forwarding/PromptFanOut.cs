using System.IO.Pipelines;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Mime;
using DeterministicInference.Receipts.Answers;
using DeterministicInference.Server.OpenAI;

namespace DeterministicInference.Server.Gateway.Forwarding;

#pragma warning disable CA2012 // A ValueTask is watched while it is pending, and awaited once, when it is complete.

/// <summary>
/// Sends each prompt of a completion as a request of its own, and makes of their answers the one that an engine gives
/// to several prompts (<see cref="MergedAnswer"/>, <see cref="MergedStream"/>): what reads it sees no difference.
/// </summary>
/// <param name="count">Number of prompts.</param>
/// <param name="atOnce">Prompts that are with the engine at once.</param>
/// <param name="isStream">Whether a stream was requested.</param>
/// <param name="choicesPerPrompt">The request's <c>n</c>.</param>
/// <param name="begin">Sends the request of a prompt.</param>
internal sealed class PromptFanOut(
    int count,
    int atOnce,
    bool isStream,
    int choicesPerPrompt,
    Func<int, CancellationToken, EngineExchange> begin
)
{
    /// <summary>
    /// Most prompts of a request that are with the engine at once, so that one with many does not take all its places.
    /// </summary>
    public const int MostAtOnce = 8;

    /// <summary>Completes when nothing of the request is with the engine any more.</summary>
    private Task _sending = Task.CompletedTask;

    /// <summary>Sends all requests. Called once.</summary>
    /// <returns>The headers of the answer: of JSON when it is complete, of a stream with the first prompt's.</returns>
    /// <exception cref="OpenAIException">The answer to a prompt is an error, or not an answer.</exception>
    /// <exception cref="HttpRequestException">No answer to a prompt, or one that is not valid HTTP.</exception>
    public Task<HttpResponseMessage> SendAsync(CancellationToken cancellation)
    {
        if (isStream)
            return SendStreamAsync(cancellation);
        Task<HttpResponseMessage> sending = SendJsonAsync(cancellation);
        _sending = sending;
        return sending;
    }

    /// <summary>Waits until nothing is with the engine any more, after all was read or cancelled.</summary>
    public async Task EndedAsync() =>
        // A failure was handed to who reads the answer.
        await _sending.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    private async Task<HttpResponseMessage> SendJsonAsync(CancellationToken cancellation)
    {
        var answers = new ReadOnlyMemory<byte>[count];
        long size = 0;
        await ForEachPromptAsync(
            async (prompt, end) =>
            {
                await using EngineExchange exchange = begin(prompt, end);
                HttpResponseMessage response = await exchange.WaitForResponseAsync();
                answers[prompt] = await AnswerBodyReader.ReadJsonAsync(response, exchange.Timeouts, end);
                if (Interlocked.Add(ref size, answers[prompt].Length) > AnswerBodyReader.LargestAnswer)
                    throw GatewayErrors.BadAnswer("its answer is too large.");
            },
            cancellation
        );
        byte[] merged = MergedAnswer.Of(answers, choicesPerPrompt);
        return Response(new ByteArrayContent(merged), MediaTypeNames.Application.Json);
    }

    private async Task<HttpResponseMessage> SendStreamAsync(CancellationToken cancellation)
    {
        var pipe = new Pipe();
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _sending = RelayAsync(pipe.Writer, begun, cancellation);
        await begun.Task;
        return Response(new StreamContent(pipe.Reader.AsStream()), EngineExchange.EventStream);
    }

    private async Task RelayAsync(PipeWriter output, TaskCompletionSource begun, CancellationToken cancellation)
    {
        using var merged = new MergedStream(output, count, choicesPerPrompt);
        try
        {
            await ForEachPromptAsync((prompt, end) => RelayAsync(prompt, merged, begun, end), cancellation);
            await merged.EndAsync(cancellation);
            await output.CompleteAsync();
        }
        catch (Exception e)
        {
            // Whoever waits for the headers, or reads the stream, gets it.
            if (!begun.TrySetException(e))
                await output.CompleteAsync(e);
        }
    }

    private async ValueTask RelayAsync(
        int prompt,
        MergedStream merged,
        TaskCompletionSource begun,
        CancellationToken cancellation
    )
    {
        await using EngineExchange exchange = begin(prompt, cancellation);
        HttpResponseMessage response = await exchange.WaitForResponseAsync();
        await using Stream events = await AnswerEncoding.OpenEventsAsync(response, cancellation);
        begun.TrySetResult();
        try
        {
            await RelayAsync(prompt, events, exchange.Timeouts, merged, cancellation);
        }
        catch (Exception e) when (AnswerEncoding.IsBroken(e) && !cancellation.IsCancellationRequested)
        {
            throw GatewayErrors.StreamBroke();
        }
        merged.RequireChoice(prompt);
    }

    private static async Task RelayAsync(
        int prompt,
        Stream events,
        EngineTimeouts timeouts,
        MergedStream merged,
        CancellationToken cancellation
    )
    {
        var buffer = new EventBuffer();
        while (true)
        {
            // The engine was not read while the client did not read.
            timeouts.Resume();
            ValueTask<int> read = events.ReadAsync(buffer.Free, cancellation);
            if (!read.IsCompleted)
            {
                timeouts.Watch(read.GetAwaiter());
                await timeouts.WaitForOperationAsync();
            }
            int bytes = await read;
            buffer.Added(bytes);
            if (bytes == 0)
                buffer.End();
            else
                timeouts.Progress();
            while (buffer.TryTake(bytes == 0, out StreamEvent next))
            {
                if (RecordedEvents.IsEnd(next.Data.Span))
                    return;
                if (!next.Data.IsEmpty)
                    await merged.AddAsync(prompt, next.Data, cancellation);
            }
            if (bytes == 0)
                return;
            if (buffer.Waiting > AnswerEncoding.LargestEvent)
                throw GatewayErrors.EventTooLarge();
        }
    }

    /// <summary>Handles the prompts in order, some at once; the first failure cancels the others.</summary>
    private Task ForEachPromptAsync(Func<int, CancellationToken, ValueTask> handle, CancellationToken cancellation) =>
        Parallel.ForEachAsync(
            Enumerable.Range(0, count),
            new ParallelOptions { MaxDegreeOfParallelism = atOnce, CancellationToken = cancellation },
            handle
        );

    private static HttpResponseMessage Response(HttpContent content, string type)
    {
        content.Headers.ContentType = new MediaTypeHeaderValue(type);
        return new HttpResponseMessage(HttpStatusCode.OK) { Content = content };
    }
}
