using DeterministicInference.Engine.Arithmetic;

namespace DeterministicInference.Engine.Sampling;

/// <summary>
/// Chooses tokens as docs/arithmetic.md, section 5, specifies: penalties and bias, temperature, top-k, top-p, min-p,
/// one draw keyed by (seed, choice, position). Holds scratch memory: for one caller at a time.
/// </summary>
internal sealed unsafe class Sampler(int vocabularySize) : IDisposable
{
    private readonly AlignedBuffer _adjusted = AlignedBuffer.OfSingles(Instructions.Padded(vocabularySize));
    private readonly AlignedBuffer _weights = AlignedBuffer.OfSingles(Instructions.Padded(vocabularySize));
    private readonly List<(int Token, ulong Place)> _candidates = [];
    private readonly PriorityQueue<int, ulong> _falling = new();

    /// <summary>The index of the largest value, the lowest one of equals.</summary>
    public static int ArgMax(ReadOnlySpan<float> logits)
    {
        int best = 0;
        for (int i = 1; i < logits.Length; i++)
        {
            if (logits[i] > logits[best])
                best = i;
        }
        return best;
    }

    /// <summary>The next token of a sequence.</summary>
    /// <param name="logits">Of the whole vocabulary; not changed.</param>
    /// <param name="parameters">How to choose.</param>
    /// <param name="generated">How often each token was generated, for the penalties.</param>
    /// <param name="choice">Which of the request's n choices this is.</param>
    /// <param name="position">The place in the sequence that the token will have.</param>
    public int Sample(
        ReadOnlySpan<float> logits,
        SamplingParameters parameters,
        IReadOnlyDictionary<int, int> generated,
        int choice,
        int position
    )
    {
        ReadOnlySpan<float> adjusted = Adjust(logits, parameters, generated);
        if (parameters.Temperature == 0)
            return ArgMax(adjusted);

        Span<float> weights = new(_weights.Singles, vocabularySize);
        float maximum = adjusted[ArgMax(adjusted)];
        // Subtracting first keeps every exponent at or below 0, however small the temperature.
        for (int i = 0; i < vocabularySize; i++)
            weights[i] = (adjusted[i] - maximum) / parameters.Temperature;
        float sum;
        Instructions.Run(new ExponentialSum((nint)_weights.Singles, vocabularySize, 0, (nint)(&sum)));

        Filter(adjusted, weights, parameters);
        return Draw(weights, Philox.Uniform(parameters.Seed, (ulong)position, (ulong)choice));
    }

    public void Dispose()
    {
        _adjusted.Dispose();
        _weights.Dispose();
    }

    /// <summary>The smallest id whose running sum of weights, in double precision, exceeds u · total.</summary>
    private static int Draw(ReadOnlySpan<float> weights, double u)
    {
        double total = 0;
        foreach (float weight in weights)
            total += weight;
        double target = u * total,
            running = 0;
        int last = 0;
        for (int i = 0; i < weights.Length; i++)
        {
            if (weights[i] == 0)
                continue;
            running += weights[i];
            last = i;
            if (running > target)
                return i;
        }
        return last;
    }

    private ReadOnlySpan<float> Adjust(
        ReadOnlySpan<float> logits,
        SamplingParameters parameters,
        IReadOnlyDictionary<int, int> generated
    )
    {
        bool penalize = parameters.FrequencyPenalty != 0 || parameters.PresencePenalty != 0;
        if (!penalize && parameters.LogitBias.Count == 0)
            return logits;
        Span<float> adjusted = new(_adjusted.Singles, vocabularySize);
        logits.CopyTo(adjusted);
        foreach ((int token, float bias) in parameters.LogitBias)
            adjusted[token] += bias;
        if (penalize)
        {
            foreach ((int token, int count) in generated)
            {
                adjusted[token] -= count * parameters.FrequencyPenalty + parameters.PresencePenalty;
            }
        }
        return adjusted;
    }

    /// <summary>Sets the weight of every token to zero that top-k, then top-p, then min-p takes out.</summary>
    private void Filter(ReadOnlySpan<float> adjusted, Span<float> weights, SamplingParameters parameters)
    {
        if (parameters.TopK > 0 && parameters.TopK < vocabularySize)
        {
            int count = 0;
            KeepMostProbable(adjusted, weights, _ => ++count == parameters.TopK);
        }
        if (parameters.TopP < 1)
        {
            double total = 0,
                running = 0;
            foreach (float weight in weights)
                total += weight;
            double share = parameters.TopP * total;
            KeepMostProbable(adjusted, weights, weight => (running += weight) >= share);
        }
        if (parameters.MinP > 0)
        {
            // The most probable token has weight e⁰ = 1.
            foreach (ref float weight in weights)
            {
                if (weight < parameters.MinP)
                    weight = 0;
            }
        }
    }

    /// <summary>
    /// Keeps the tokens of highest logit (equals: lowest id) up to and with the one at which <paramref name="isLast"/>
    /// of its weight holds. A heap, because usually a few of many thousand stay.
    /// </summary>
    private void KeepMostProbable(ReadOnlySpan<float> logits, Span<float> weights, Func<float, bool> isLast)
    {
        _candidates.Clear();
        for (int i = 0; i < logits.Length; i++)
        {
            if (weights[i] > 0)
                _candidates.Add((i, ((ulong)~Ordered(logits[i]) << 32) | (uint)i));
        }
        _falling.Clear();
        _falling.EnqueueRange(_candidates);
        while (_falling.TryDequeue(out int token, out _) && !isLast(weights[token])) { }
        foreach ((int token, _) in _falling.UnorderedItems)
            weights[token] = 0;
    }

    /// <summary>Bits that sort as the values do; both zeros are equal.</summary>
    private static uint Ordered(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value + 0f);
        return (bits & 0x8000_0000) != 0 ? ~bits : bits | 0x8000_0000;
    }
}
