namespace DeterministicInference.Receipts.Verification;

/// <summary>What of an answer is compared, in the order in which a difference is named.</summary>
public enum ReplayPart
{
    /// <summary>Another prompt was rendered.</summary>
    Prompt,

    /// <summary>Other tokens were generated.</summary>
    Tokens,

    /// <summary>The text differs.</summary>
    Text,

    /// <summary>The log-probabilities differ.</summary>
    Logprobs,
}
