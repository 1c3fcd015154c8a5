using System.Threading.Channels;
using DeterministicInference.Engine.Sampling;

namespace DeterministicInference.Engine.Scheduling;

/// <summary>A request under way. Its mutable state belongs to the scheduler's thread.</summary>
internal sealed class Generation(GenerationRequest request, CancellationToken cancellation)
{
    // Never full: a request has a bounded number of tokens, and the scheduler must not wait for a reader.
    private readonly Channel<GenerationEvent> _events = Channel.CreateUnbounded<GenerationEvent>(
        new UnboundedChannelOptions { SingleWriter = true, SingleReader = true }
    );

    public GenerationRequest Request { get; } = request;

    public CancellationToken Cancellation { get; } = cancellation;

    public ChannelReader<GenerationEvent> Events => _events.Reader;

    /// <summary>The choices that are not finished.</summary>
    public List<Sequence> Active { get; } = [];

    /// <summary>Log probabilities of the prompt so far, where they are asked for.</summary>
    public List<PositionLogprobs> PromptScores { get; } = [];

    /// <summary>Blocks of the key-value cache set aside for it.</summary>
    public int ReservedBlocks { get; set; }

    public void Emit(GenerationEvent e) => _events.Writer.TryWrite(e);

    /// <summary>No event follows. With an error, readers get it as an exception.</summary>
    public void Complete(Exception? error = null) => _events.Writer.TryComplete(error);
}
