using System.Globalization;
using DeterministicInference.Receipts.Tokens;

namespace DeterministicInference.Receipts.Verification;

/// <summary>Where an answer differs from the receipt.</summary>
/// <param name="Part">The first part that differs.</param>
/// <param name="Token">The first token that differs, as far as the trails tell.</param>
public sealed record ReplayDifference(ReplayPart Part, TokenPlace? Token)
{
    /// <summary>Such as <c>token 17 of choice 0</c>.</summary>
    public override string ToString() => (Part, Token) switch
    {
        (ReplayPart.Prompt, _) => "the prompt",
        (ReplayPart.Tokens, { } place) => string.Create(CultureInfo.InvariantCulture, $"token {place.Token} of choice {place.Choice}"),
        (ReplayPart.Tokens, null) => "the tokens, place unknown",
        (ReplayPart.Text, _) => "the text, token unknown",
        _ => "the log-probabilities",
    };
}
