using DeterministicInference.Receipts.Canonical;
using DeterministicInference.Receipts.Output;
using DeterministicInference.Receipts.Tokens;

namespace DeterministicInference.Receipts.Verification;

/// <summary>An answer that was read whole: what a receipt binds of it, and what tells where two answers part.</summary>
public sealed class RecordedAnswer
{
    private readonly ReportedTokens reported;
    private readonly TokenTexts texts;
    private readonly IReadOnlyList<ChannelText> channels;

    private RecordedAnswer(OutputDigest output, bool ended, ReportedTokens reported, TokenTexts texts, IReadOnlyList<ChannelText> channels)
    {
        (Output, Ended, this.reported, this.texts, this.channels) = (output, ended, reported, texts, channels);
        (Tokens, Prompt) = (reported.Tokens, reported.Prompt);
    }

    /// <summary>Its canonical output.</summary>
    public OutputDigest Output { get; }

    /// <summary>A JSON answer, or a stream with <c>[DONE]</c>.</summary>
    public bool Ended { get; }

    /// <summary>Its generated tokens; null if it does not report the ids of all of them.</summary>
    public TokenDigest? Tokens { get; }

    /// <summary>The prompts' tokens; null likewise.</summary>
    public TokenDigest? Prompt { get; }

    /// <summary>Reads an answer.</summary>
    /// <param name="body">After content decoding: one JSON object, or the events.</param>
    /// <param name="delivery">Which of them.</param>
    /// <param name="salt">The receipt's.</param>
    /// <param name="choicesPerPrompt">See <see cref="ReportedTokens.ChoicesPerPrompt"/>.</param>
    /// <param name="logprobs">The receipt commits to log-probabilities.</param>
    /// <exception cref="CanonicalFormException">The answer has no canonical form.</exception>
    public static RecordedAnswer Read(ReadOnlySpan<byte> body, AnswerDelivery delivery, Salt salt, int choicesPerPrompt = 1, bool logprobs = false)
    {
        ArgumentNullException.ThrowIfNull(salt);
        using var hasher = new OutputHasher(logprobs, keepsText: true);
        var reported = new ReportedTokens(salt, choicesPerPrompt, keep: true);
        var texts = new TokenTexts();
        bool ended = delivery == AnswerDelivery.Json;
        if (ended)
        {
            hasher.AppendAnswer(body);
            Add(body);
        }
        else
        {
            var events = new EventStream(body);
            while (!ended && events.Next(out ReadOnlySpan<byte> data))
            {
                ended = data.SequenceEqual("[DONE]"u8);
                if (ended) break;
                hasher.AppendEvent(data);
                Add(data);
            }
        }
        OutputDigest output = hasher.Finish();
        return new RecordedAnswer(output, ended, reported, texts, [.. hasher.Texts()]);

        void Add(ReadOnlySpan<byte> json)
        {
            reported.Append(json);
            texts.Append(json);
        }
    }

    /// <summary>The first tokens of each choice, so many as <paramref name="counts"/> says; null if there are fewer, or not all ids are known.</summary>
    /// <param name="counts">Of each choice from 0.</param>
    /// <param name="salt">The receipt's.</param>
    public TokenDigest? FirstTokens(IReadOnlyList<int> counts, Salt salt)
    {
        ArgumentNullException.ThrowIfNull(counts);
        if (Tokens is null || counts.Count == 0) return null;
        TokenChain chain = TokenChain.OfChoices(salt);
        for (int choice = 0; choice < counts.Count; choice++)
        {
            IReadOnlyList<uint> ids = reported.OfChoice(choice);
            if (ids.Count < counts[choice]) return null;
            chain.Append(choice, [.. ids.Take(counts[choice])]);
        }
        return chain.Current();
    }

    /// <summary>The id of a token; null if it is unknown or there is none.</summary>
    public uint? TokenAt(TokenPlace place) =>
        Tokens is not null && place.Token < reported.OfChoice(place.Choice).Count ? reported.OfChoice(place.Choice)[place.Token] : null;

    /// <summary>The text of a token, as its log-probability or an event of its own names it; null if it is unknown.</summary>
    public string? TextAt(TokenPlace place) => Tokens is null ? null : texts.At(place, reported.OfChoice(place.Choice).Count);

    /// <summary>The first token that differs, or that only one of them has; null if there is none or not all ids are known.</summary>
    public TokenPlace? FirstTokenDifference(RecordedAnswer other)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (Tokens is null || other.Tokens is null) return null;
        for (int choice = 0; choice < Math.Max(Tokens.Counts.Count, other.Tokens.Counts.Count); choice++)
        {
            uint[] ours = [.. reported.OfChoice(choice)], theirs = [.. other.reported.OfChoice(choice)];
            int same = ours.AsSpan().CommonPrefixLength(theirs);
            if (same < Math.Max(ours.Length, theirs.Length)) return new TokenPlace(choice, same);
        }
        return null;
    }

    /// <summary>The first byte that differs in the first channel that differs; null if there is none.</summary>
    public TextPlace? FirstTextDifference(RecordedAnswer other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return OutputTexts.FirstDifference(channels, other.channels);
    }
}
