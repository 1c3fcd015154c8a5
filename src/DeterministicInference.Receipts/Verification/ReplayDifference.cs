using System.Globalization;
using DeterministicInference.Receipts.Output;
using DeterministicInference.Receipts.Tokens;

namespace DeterministicInference.Receipts.Verification;

/// <summary>Where an answer differs from the receipt.</summary>
/// <param name="Part">The first part that differs.</param>
/// <param name="Token">The first token that differs, as far as trails or ids tell.</param>
internal sealed record ReplayDifference(ReplayPart Part, TokenPlace? Token)
{
    /// <summary>The first byte of text that differs, where no token tells and both texts are at hand.</summary>
    public TextPlace? Text { get; init; }

    /// <summary>Such as <c>token 17 of choice 0</c>.</summary>
    public override string ToString() =>
        (Part, Token, Text) switch
        {
            (ReplayPart.Prompt, _, _) => "the prompt",
            (ReplayPart.Tokens, { } place, _) => string.Create(
                CultureInfo.InvariantCulture,
                $"token {place.Token} of choice {place.Choice}"
            ),
            (ReplayPart.Logprobs, _, _) => "the log-probabilities",
            (_, _, { } text) => string.Create(
                CultureInfo.InvariantCulture,
                $"byte {text.Offset} of {text.Channel} of choice {text.Choice}, token unknown"
            ),
            (ReplayPart.Tokens, _, _) => "the tokens, place unknown",
            _ => "the text, token unknown",
        };
}

/// <summary>What of an answer is compared, in the order in which a difference is named.</summary>
internal enum ReplayPart
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
