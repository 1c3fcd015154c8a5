using System.Runtime.CompilerServices;
using System.Threading.Channels;
using DeterministicInference.Engine.Scheduling;

namespace DeterministicInference.Server.Engines.Embedded;

/// <summary>Runs all prompts of a call concurrently and yields their events in order of arrival.</summary>
internal static class EventMerge
{
    public static async IAsyncEnumerable<(int Prompt, GenerationEvent Event)> Run(
        GenerationScheduler scheduler,
        IReadOnlyList<GenerationRequest> requests,
        [EnumeratorCancellation] CancellationToken cancellation
    )
    {
        if (requests.Count == 1)
        {
            await foreach (GenerationEvent e in scheduler.Generate(requests[0], cancellation))
                yield return (0, e);
            yield break;
        }

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        Channel<(int, GenerationEvent)> merged = Channel.CreateUnbounded<(int, GenerationEvent)>();
        Task pumps = Task.WhenAll(
            requests.Select((request, prompt) => Pump(scheduler, request, prompt, merged.Writer, stop.Token))
        );
        _ = pumps.ContinueWith(
            done =>
                merged.Writer.TryComplete(
                    done.IsCanceled ? new OperationCanceledException() : done.Exception?.InnerException
                ),
            CancellationToken.None,
            TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default
        );
        try
        {
            await foreach ((int, GenerationEvent) e in merged.Reader.ReadAllAsync(cancellation))
                yield return e;
        }
        finally
        {
            await stop.CancelAsync();
        }
    }

    private static async Task Pump(
        GenerationScheduler scheduler,
        GenerationRequest request,
        int prompt,
        ChannelWriter<(int, GenerationEvent)> target,
        CancellationToken cancellation
    )
    {
        await foreach (GenerationEvent e in scheduler.Generate(request, cancellation))
            await target.WriteAsync((prompt, e), cancellation);
    }
}
