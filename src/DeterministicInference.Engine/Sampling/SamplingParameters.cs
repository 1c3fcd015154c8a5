namespace DeterministicInference.Engine.Sampling;

/// <summary>How the next token is chosen from the logits. Validated by whoever reads a request.</summary>
internal sealed record SamplingParameters
{
    public static SamplingParameters Greedy { get; } = new() { Temperature = 0 };

    /// <summary>≥ 0; 0 takes the most probable token.</summary>
    public float Temperature { get; init; } = 1;

    /// <summary>(0, 1]: the most probable tokens that together reach this share stay.</summary>
    public float TopP { get; init; } = 1;

    /// <summary>&gt; 0: only that many most probable tokens stay; 0 or −1: all.</summary>
    public int TopK { get; init; }

    /// <summary>[0, 1]: tokens less probable than this share of the most probable one go.</summary>
    public float MinP { get; init; }

    /// <summary>[−2, 2]: subtracted from a logit once for every time its token was generated.</summary>
    public float FrequencyPenalty { get; init; }

    /// <summary>[−2, 2]: subtracted from the logit of every token that was generated.</summary>
    public float PresencePenalty { get; init; }

    /// <summary>Token id → value added to its logit.</summary>
    public IReadOnlyList<KeyValuePair<int, float>> LogitBias { get; init; } = [];

    /// <summary>Key of the random draws; equal seeds draw equally.</summary>
    public ulong Seed { get; init; }
}
