using DeterministicInference.Engine.Forward;
using DeterministicInference.Engine.Sampling;
using DeterministicInference.Engine.Tokenization;

namespace DeterministicInference.Engine.Scheduling;

/// <summary>One choice of a request: its tokens, its cache and its text. Used by the scheduler's thread only.</summary>
internal sealed class Sequence : IDisposable
{
    private readonly Dictionary<int, int> _counts = [];
    private readonly TextAssembler _text;
    private int _lastToken;
    private int _generated;

    public Sequence(Generation generation, int choice, KeyValueCache cache)
    {
        Generation = generation;
        Choice = choice;
        Cache = cache;
        _text = new TextAssembler(generation.Request.Stop);
    }

    public Generation Generation { get; }

    public int Choice { get; }

    public KeyValueCache Cache { get; }

    /// <summary>Positions whose keys and values are stored.</summary>
    public int Computed { get; set; }

    public bool InPrompt => Computed < Generation.Request.Prompt.Count;

    /// <summary>The token at <see cref="Computed"/> once the prompt is done.</summary>
    public int LastToken => _lastToken;

    /// <summary>Chooses the token that follows position <see cref="Computed"/> − 1 and reports it.</summary>
    /// <returns>Whether the choice is finished.</returns>
    public bool Advance(
        ReadOnlySpan<float> logits,
        Sampler sampler,
        BpeTokenizer tokenizer,
        IReadOnlyList<int> endTokens
    )
    {
        GenerationRequest request = Generation.Request;
        if (request.MaxTokens == 0)
        {
            Generation.Emit(new TokenGenerated(Choice, null, "", null, FinishReason.Length));
            return true;
        }

        int token = sampler.Sample(logits, request.Sampling, _counts, Choice, Computed);
        _lastToken = token;
        _counts[token] = _counts.GetValueOrDefault(token) + 1;
        _generated++;

        string text = _text.Add(tokenizer.Bytes(token));
        FinishReason? finish =
            _text.Stopped || (!request.IgnoreEndTokens && endTokens.Contains(token)) ? FinishReason.Stop
            : _generated == request.MaxTokens ? FinishReason.Length
            : null;
        if (finish is not null)
        {
            text += _text.Finish();
            // What was held back may itself complete a stop text only now, at the end of an incomplete character.
            if (_text.Stopped)
                finish = FinishReason.Stop;
        }
        PositionLogprobs? logprobs = request.Logprobs is { } top ? PositionLogprobs.Of(logits, token, top) : null;
        Generation.Emit(new TokenGenerated(Choice, token, text, logprobs, finish));
        return finish is not null;
    }

    public void Dispose() => Cache.Dispose();
}
