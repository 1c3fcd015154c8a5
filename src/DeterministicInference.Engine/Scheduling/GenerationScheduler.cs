using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using DeterministicInference.Engine.Forward;
using DeterministicInference.Engine.Model;
using DeterministicInference.Engine.Sampling;
using DeterministicInference.Engine.Tokenization;

namespace DeterministicInference.Engine.Scheduling;

/// <summary>Limits of a <see cref="GenerationScheduler"/>. None of them changes an answer.</summary>
/// <param name="Threads">Threads that compute.</param>
/// <param name="MaxSequences">Choices that run side by side; further requests wait in order of arrival.</param>
/// <param name="PrefillChunk">Prompt tokens computed per step, so that running sequences go on meanwhile.</param>
/// <param name="CacheBytes">Memory for keys and values.</param>
internal sealed record SchedulerLimits(int Threads, int MaxSequences, int PrefillChunk, long CacheBytes);

/// <summary>
/// Continuous batching: every step takes one token of each running sequence, and a piece of the prompts that wait,
/// through one forward pass. One thread owns all state; requests come in by a queue, tokens go out by channels.
/// </summary>
internal sealed class GenerationScheduler : IDisposable
{
    private readonly ConcurrentQueue<Generation> _incoming = new();
    private readonly SemaphoreSlim _arrived = new(0);
    private readonly LinkedList<Generation> _waiting = new();
    private readonly List<Generation> _running = [];
    private readonly List<BatchRow> _rows = [];
    private readonly List<Sequence> _owners = [];
    private readonly ModelConfig _config;
    private readonly BpeTokenizer _tokenizer;
    private readonly SchedulerLimits _limits;
    private readonly WorkerPool _workers;
    private readonly ForwardPass _forward;
    private readonly KeyValueBlockPool _blocks;
    private readonly Sampler _sampler;
    private readonly Thread _thread;
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _failure = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _disposed;
    private int _reservedBlocks;
    private long _generatedTokens;
    private long _stepBegan;
    private int _runningSequences;
    private int _waitingRequests;

    public GenerationScheduler(ModelConfig config, LlamaWeights weights, BpeTokenizer tokenizer, SchedulerLimits limits)
    {
        _config = config;
        _tokenizer = tokenizer;
        _limits = limits;
        _workers = new WorkerPool(limits.Threads);
        _forward = new ForwardPass(config, weights, _workers, limits.MaxSequences + limits.PrefillChunk);
        _blocks = new KeyValueBlockPool(config, limits.CacheBytes);
        _sampler = new Sampler(config.VocabularySize);
        _thread = new Thread(Run) { IsBackground = true, Name = "engine scheduler" };
        _thread.Start();
    }

    /// <summary>Choices being computed.</summary>
    public int RunningSequences => Volatile.Read(ref _runningSequences);

    /// <summary>Requests that have not begun.</summary>
    public int WaitingRequests => Volatile.Read(ref _waitingRequests);

    /// <summary>Tokens generated since the start.</summary>
    public long GeneratedTokens => Interlocked.Read(ref _generatedTokens);

    /// <summary>
    /// How long the step that runs now has taken; zero between steps and while there is nothing to do.
    /// </summary>
    public TimeSpan StepTime =>
        Volatile.Read(ref _stepBegan) is var began and not 0 ? Stopwatch.GetElapsedTime(began) : TimeSpan.Zero;

    /// <summary>
    /// Blocks of the cache that hold something, and those set aside for running requests; exact while nothing runs.
    /// </summary>
    public (int InUse, int Reserved) CacheBlocks => (_blocks.BlocksInUse, Volatile.Read(ref _reservedBlocks));

    /// <summary>Faults when a step failed. The scheduler then takes no more requests.</summary>
    public Task Failure => _failure.Task;

    /// <summary>Called on the scheduler's thread before each step with the rows of its batch; for tests.</summary>
    public Action<IReadOnlyList<BatchRow>>? BeforeStep { get; set; }

    /// <summary>Blocks that a request needs at most, and that there are.</summary>
    public (int Needed, int Available) CacheDemand(GenerationRequest request) =>
        (
            request.Choices * KeyValueBlockPool.BlocksFor(request.Prompt.Count + request.MaxTokens),
            _blocks.MaximumBlocks
        );

    /// <summary>
    /// Runs a request and reports its tokens as they come. Cancelling stops the computation within a step.
    /// </summary>
    /// <exception cref="InvalidOperationException">The engine failed or was stopped.</exception>
    public async IAsyncEnumerable<GenerationEvent> Generate(
        GenerationRequest request,
        [EnumeratorCancellation] CancellationToken cancellation
    )
    {
        RequireFitting(request);
        // The reader's departure without cancellation (an exception in its loop) must end the work as well.
        using var abandoned = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        try
        {
            var generation = new Generation(request, abandoned.Token);
            // Before the scheduler can take it, and count it down.
            Interlocked.Increment(ref _waitingRequests);
            _incoming.Enqueue(generation);
            _arrived.Release();
            // After the stop nobody may be left to take it from the queue.
            if (_stop.IsCancellationRequested)
                generation.Complete(new InvalidOperationException("The engine is stopping."));
            await foreach (GenerationEvent e in generation.Events.ReadAllAsync(cancellation))
                yield return e;
        }
        finally
        {
            await abandoned.CancelAsync();
        }
    }

    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        _stop.Cancel();
        _thread.Join();
        _stop.Dispose();
        _arrived.Dispose();
        _workers.Dispose();
        _forward.Dispose();
        _blocks.Dispose();
        _sampler.Dispose();
    }

    /// <summary>
    /// Whoever reads requests checks them too, with better messages; but a wrong one must never reach memory.
    /// </summary>
    private void RequireFitting(GenerationRequest request)
    {
        ArgumentOutOfRangeException.ThrowIfZero(request.Prompt.Count, nameof(request));
        ArgumentOutOfRangeException.ThrowIfNegative(request.MaxTokens, nameof(request));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(
            (long)request.Prompt.Count + request.MaxTokens,
            _config.MaxPositions,
            nameof(request)
        );
        ArgumentOutOfRangeException.ThrowIfLessThan(request.Choices, 1, nameof(request));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(request.Choices, _limits.MaxSequences, nameof(request));
        (int needed, int available) = CacheDemand(request);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(needed, available, nameof(request));
        foreach (int token in request.Prompt.Concat(request.Sampling.LogitBias.Select(bias => bias.Key)))
        {
            ArgumentOutOfRangeException.ThrowIfNegative(token, nameof(request));
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(token, _config.VocabularySize, nameof(request));
        }
    }

    private void Run()
    {
        try
        {
            while (true)
            {
                if (_running.Count == 0 && _waiting.Count == 0)
                    _arrived.Wait(_stop.Token);
                _stop.Token.ThrowIfCancellationRequested();
                while (_incoming.TryDequeue(out Generation? generation))
                    _waiting.AddLast(generation);
                DropCancelled();
                Admit();
                Step();
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            FailAll(new InvalidOperationException("The engine is stopping."));
        }
        catch (Exception e)
        {
            // Anything here is a defect or exhausted memory; a half-computed batch can't be continued.
            _stop.Cancel();
            FailAll(new InvalidOperationException("The engine failed while computing.", e));
            _failure.SetException(e);
        }
    }

    private void DropCancelled()
    {
        for (LinkedListNode<Generation>? node = _waiting.First; node is not null; )
        {
            LinkedListNode<Generation>? next = node.Next;
            if (node.Value.Cancellation.IsCancellationRequested)
            {
                _waiting.Remove(node);
                Interlocked.Decrement(ref _waitingRequests);
                node.Value.Complete(new OperationCanceledException());
            }
            node = next;
        }
        for (int i = _running.Count - 1; i >= 0; i--)
        {
            Generation generation = _running[i];
            if (!generation.Cancellation.IsCancellationRequested)
                continue;
            foreach (Sequence sequence in generation.Active)
                sequence.Dispose();
            generation.Active.Clear();
            // Not a regular end: a reader that has not seen the cancellation yet must not take the answer for complete.
            Retire(generation, new OperationCanceledException());
        }
    }

    /// <summary>
    /// Starts waiting requests, first come first served, while sequences and memory for their longest course are free.
    /// </summary>
    private void Admit()
    {
        int sequences = _running.Sum(generation => generation.Request.Choices);
        while (_waiting.First is { Value: var next })
        {
            int blocks = CacheDemand(next.Request).Needed;
            if (
                sequences + next.Request.Choices > _limits.MaxSequences
                || _reservedBlocks + blocks > _blocks.MaximumBlocks
            )
                break;
            _waiting.RemoveFirst();
            Interlocked.Decrement(ref _waitingRequests);
            sequences += next.Request.Choices;
            next.ReservedBlocks = blocks;
            _reservedBlocks += blocks;
            // One choice computes the prompt; the others are forked from it.
            next.Active.Add(new Sequence(next, 0, new KeyValueCache(_blocks)));
            _running.Add(next);
        }
        Volatile.Write(ref _runningSequences, sequences);
    }

    private void Step()
    {
        _rows.Clear();
        _owners.Clear();
        foreach (Generation generation in _running)
        {
            foreach (Sequence sequence in generation.Active)
            {
                if (!sequence.InPrompt)
                    AddRow(sequence, sequence.LastToken, wantsLogits: true);
            }
        }
        int budget = _limits.PrefillChunk;
        foreach (Generation generation in _running)
        {
            if (generation.Active[0].InPrompt)
                budget -= AddPrompt(generation.Active[0], budget);
            if (budget == 0)
                break;
        }
        if (_rows.Count == 0)
            return;

        Volatile.Write(ref _stepBegan, Stopwatch.GetTimestamp());
        BeforeStep?.Invoke(_rows);
        _forward.Run(CollectionsMarshal.AsSpan(_rows));
        Volatile.Write(ref _stepBegan, 0);
        Report();
        for (int i = _running.Count - 1; i >= 0; i--)
        {
            if (_running[i].Active.Count == 0)
                Retire(_running[i]);
        }
    }

    private int AddPrompt(Sequence sequence, int budget)
    {
        GenerationRequest request = sequence.Generation.Request;
        int count = Math.Min(budget, request.Prompt.Count - sequence.Computed);
        for (int i = 0; i < count; i++)
        {
            bool last = sequence.Computed == request.Prompt.Count - 1;
            AddRow(
                sequence,
                request.Prompt[sequence.Computed],
                last || request.PromptLogprobs || request.PromptLogits is not null
            );
        }
        return count;
    }

    private void AddRow(Sequence sequence, int token, bool wantsLogits)
    {
        sequence.Cache.EnsureCapacity(sequence.Computed + 1);
        _rows.Add(new BatchRow(token, sequence.Computed, sequence.Cache, wantsLogits));
        _owners.Add(sequence);
        sequence.Computed++;
    }

    private void Report()
    {
        int wanted = 0;
        for (int i = 0; i < _rows.Count; i++)
        {
            if (!_rows[i].WantsLogits)
                continue;
            ReadOnlySpan<float> logits = _forward.LogitsOf(wanted++);
            Sequence sequence = _owners[i];
            GenerationRequest request = sequence.Generation.Request;
            int next = _rows[i].Position + 1;
            if (next <= request.Prompt.Count)
                request.PromptLogits?.Invoke(logits);
            if (next < request.Prompt.Count)
            {
                if (request.PromptLogprobs)
                    sequence.Generation.PromptScores.Add(
                        PositionLogprobs.Of(logits, request.Prompt[next], request.Logprobs ?? 0)
                    );
                continue;
            }
            if (next == request.Prompt.Count)
                BeginChoices(sequence, logits);
            else
                Advance(sequence, logits);
        }
    }

    private void BeginChoices(Sequence first, ReadOnlySpan<float> logits)
    {
        Generation generation = first.Generation;
        int prompt = generation.Request.Prompt.Count;
        if (generation.Request.PromptLogprobs)
            generation.Emit(new PromptScored(generation.PromptScores));
        for (int choice = 1; choice < generation.Request.Choices; choice++)
        {
            generation.Active.Add(new Sequence(generation, choice, first.Cache.Fork(prompt)) { Computed = prompt });
        }
        foreach (Sequence sequence in generation.Active.ToArray())
            Advance(sequence, logits);
    }

    private void Advance(Sequence sequence, ReadOnlySpan<float> logits)
    {
        // First, so that whoever has received a token finds it counted.
        if (sequence.Generation.Request.MaxTokens > 0)
            Interlocked.Increment(ref _generatedTokens);
        if (!sequence.Advance(logits, _sampler, _tokenizer, _config.EndTokens))
            return;
        sequence.Dispose();
        sequence.Generation.Active.Remove(sequence);
    }

    private void Retire(Generation generation, Exception? error = null)
    {
        _reservedBlocks -= generation.ReservedBlocks;
        _running.Remove(generation);
        Volatile.Write(ref _runningSequences, _running.Sum(other => other.Request.Choices));
        // Last, so that whoever has read the end sees the counts without it.
        generation.Complete(error);
    }

    private void FailAll(Exception error)
    {
        while (_incoming.TryDequeue(out Generation? generation))
            _waiting.AddLast(generation);
        foreach (Generation generation in _waiting.Concat(_running))
            generation.Complete(error);
    }
}
