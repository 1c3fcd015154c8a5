using DeterministicInference.Receipts.Answers;
using DeterministicInference.Receipts.Bundles;
using DeterministicInference.Receipts.Canonical;
using DeterministicInference.Receipts.Output;
using DeterministicInference.Receipts.Tokens;

namespace DeterministicInference.Receipts.Verification;

/// <summary>What is kept of an answer that is read, beside its hashes: as much as it is large.</summary>
internal enum AnswerKeeping
{
    /// <summary>Nothing: for a verdict.</summary>
    Hashes,

    /// <summary>Its texts, to show them.</summary>
    Texts,

    /// <summary>Texts, token ids and the texts of tokens, to find where two answers part.</summary>
    All,
}

/// <summary>An answer that was read whole: what a receipt binds of it, and what tells where two answers part.</summary>
internal sealed class RecordedAnswer
{
    private readonly ReportedTokens _reported;
    private readonly TokenTexts? _texts;
    private readonly IReadOnlyList<ChannelText> _channels;

    private RecordedAnswer(
        OutputDigest output,
        bool ended,
        ReportedTokens reported,
        TokenTexts? texts,
        IReadOnlyList<ChannelText> channels
    )
    {
        (Output, Ended, _reported, _texts, _channels) = (output, ended, reported, texts, channels);
        (Tokens, Prompt) = (reported.Tokens, reported.Prompt);
    }

    /// <summary>
    /// What it says, as it is bound: the texts of its choices in the order of the manifest. Who has verified the answer
    /// shows these, and reads it no second time. None where they are not kept.
    /// </summary>
    public IReadOnlyList<ChannelText> Texts => _channels;

    /// <summary>
    /// The names of members of the answer itself, and of its log-probabilities, that no form reads: anybody may have
    /// added them. Of very many there are the first ones, and <c>…</c>.
    /// </summary>
    public IReadOnlyList<string> Unbound { get; private init; } = [];

    /// <summary>The receipt that a JSON answer carries; null for none, and of a stream.</summary>
    public byte[]? Receipt { get; private init; }

    /// <summary>Its canonical output.</summary>
    public OutputDigest Output { get; }

    /// <summary>A JSON answer, or a stream with <c>[DONE]</c>.</summary>
    public bool Ended { get; }

    /// <summary>Its generated tokens; null if it does not report the ids of all of them.</summary>
    public TokenDigest? Tokens { get; }

    /// <summary>The prompts' tokens; null likewise.</summary>
    public TokenDigest? Prompt { get; }

    /// <summary>Whether ids of generated tokens are there, also unreadable ones or not all.</summary>
    public bool HasTokens => _reported.HasTokens;

    /// <summary>The same of the prompts' ids.</summary>
    public bool HasPrompt => _reported.HasPrompt;

    /// <summary>What a recording is: an object is a JSON answer, and all else are events.</summary>
    public static AnswerDelivery DeliveryOf(ReadOnlySpan<byte> body) =>
        CanonicalJson.WithoutMark(body).TrimStart(" \t\r\n"u8).StartsWith("{"u8)
            ? AnswerDelivery.Json
            : AnswerDelivery.Sse;

    /// <summary>Reads an answer.</summary>
    /// <param name="body">After content decoding: one JSON object, or the events.</param>
    /// <param name="delivery">Which of them.</param>
    /// <param name="salts">The receipt's.</param>
    /// <param name="choicesPerPrompt">How many choices the answer has for each prompt.</param>
    /// <param name="logprobs">Whether log-probabilities count where there are none.</param>
    /// <param name="keeping">What is kept.</param>
    /// <exception cref="CanonicalFormException">The answer has no canonical form.</exception>
    public static RecordedAnswer Read(
        ReadOnlySpan<byte> body,
        AnswerDelivery delivery,
        ReceiptSalts salts,
        int choicesPerPrompt = 1,
        bool logprobs = false,
        AnswerKeeping keeping = AnswerKeeping.All
    )
    {
        ArgumentNullException.ThrowIfNull(salts);
        byte[]? receipt = null;
        using var hasher = new OutputHasher(logprobs, keepsText: keeping >= AnswerKeeping.Texts);
        var reported = new ReportedTokens(salts, choicesPerPrompt, keep: keeping == AnswerKeeping.All);
        TokenTexts? texts = keeping == AnswerKeeping.All ? new TokenTexts() : null;
        var unbound = new UnboundNames();
        var reader = new AnswerReader(delivery, logprobs: true);
        bool ended = delivery == AnswerDelivery.Json;
        if (ended)
        {
            AnswerReading answer = reader.Read(CanonicalJson.WithoutMark(body));
            Add(answer);
            receipt = AnswerReceipt.In(answer);
        }
        else
        {
            var events = new RecordedEvents(body);
            while (events.Next(out ReadOnlySpan<byte> data))
                Add(reader.Read(data));
            ended = events.HasEnd;
        }
        OutputDigest output = hasher.Finish();
        return new RecordedAnswer(
            output,
            ended,
            reported,
            texts,
            keeping >= AnswerKeeping.Texts ? [.. hasher.Texts()] : []
        )
        {
            Receipt = receipt,
            Unbound = unbound.All,
        };

        void Add(scoped in AnswerReading answer)
        {
            if (delivery == AnswerDelivery.Sse)
                RequireOwnEvent(answer);
            foreach (ref readonly AnswerPart part in answer.Parts)
            {
                if (part.Kind is AnswerPartKind.Unbound or AnswerPartKind.LogprobsExtra)
                    unbound.Add(answer.Json[part.Start..]);
            }
            hasher.Append(answer);
            reported.Append(answer);
            texts?.Append(answer);
        }
    }

    /// <summary>
    /// Refuses what this server does not send in an event: its own members, and line breaks of some clients outside of
    /// what is bound, where they could hide or show an event.
    /// </summary>
    private static void RequireOwnEvent(scoped in AnswerReading answer)
    {
        int breaks = LineBreaks.Count(answer.Json);
        foreach (ref readonly AnswerPart part in answer.Parts)
        {
            if (part.Kind is AnswerPartKind.Environment or AnswerPartKind.Determinism && !answer.IsNull(part))
                throw Refuse("A member that the server sends in no event", answer.Json, part.Start);
            // A client that stops at the first reason which is not null would not see what follows.
            if (part.Kind == AnswerPartKind.Finish && answer.ValueIs(part, ""u8))
                throw Refuse("An empty finish reason, which the server sends in no event,", answer.Json, part.Start);
            bool isBound =
                part.Kind
                // Reasoning by its second name, which is the same as by the first.
                is AnswerPartKind.None
                    or (>= AnswerPartKind.Text and <= AnswerPartKind.CallArguments)
                    or (>= AnswerPartKind.ToolName and <= AnswerPartKind.Finish)
                    or AnswerPartKind.Role
                    or AnswerPartKind.Model
                    or (>= AnswerPartKind.ChoiceExtra and <= AnswerPartKind.ToolExtra);
            if (breaks > 0 && isBound)
                breaks -= LineBreaks.Count(answer.Json[part.Start..part.End]);
        }
        if (breaks == 0)
            return;
        foreach (ref readonly ScoredToken token in answer.Scores)
            breaks -= LineBreaks.Count(answer.Json[token.Token]);
        foreach (ref readonly ScoredText token in answer.Alternatives)
            breaks -= LineBreaks.Count(answer.Json[token.Token]);
        if (breaks > 0)
            throw Refuse("A line break of some clients outside of the text", answer.Json, 0);

        static CanonicalFormException Refuse(string what, ReadOnlySpan<byte> json, int at) =>
            new(CanonicalFormError.AmbiguousStream, what, json, at);
    }

    /// <summary>
    /// The first tokens of each choice, so many as <paramref name="counts"/> says; null if there are fewer, or not all
    /// ids are known.
    /// </summary>
    /// <param name="counts">Of each choice from 0.</param>
    /// <param name="salt">The receipt's for tokens.</param>
    public TokenDigest? FirstTokens(IReadOnlyList<int> counts, Salt salt)
    {
        ArgumentNullException.ThrowIfNull(counts);
        if (Tokens is null || counts.Count == 0)
            return null;
        var chain = new TokenChain(salt);
        for (int choice = 0; choice < counts.Count; choice++)
        {
            IReadOnlyList<uint> ids = _reported.OfChoice(choice);
            if (ids.Count < counts[choice])
                return null;
            chain.Append(choice, [.. ids.Take(counts[choice])]);
        }
        return chain.Current();
    }

    /// <summary>The id of a token; null if it is unknown or there is none.</summary>
    public uint? TokenAt(TokenPlace place) =>
        Tokens is not null && place.Token < _reported.OfChoice(place.Choice).Count
            ? _reported.OfChoice(place.Choice)[place.Token]
            : null;

    /// <summary>
    /// The text of a token, as its log-probability or an event of its own names it; null if it is unknown.
    /// </summary>
    public string? TextAt(TokenPlace place) =>
        Tokens is null ? null : _texts?.At(place, _reported.OfChoice(place.Choice).Count);

    /// <summary>
    /// The first token that differs, or that only one of them has; null if there is none or not all ids are known.
    /// </summary>
    public TokenPlace? FirstTokenDifference(RecordedAnswer other)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (Tokens is null || other.Tokens is null)
            return null;
        for (int choice = 0; choice < Math.Max(Tokens.Counts.Count, other.Tokens.Counts.Count); choice++)
        {
            uint[] ours = [.. _reported.OfChoice(choice)],
                theirs = [.. other._reported.OfChoice(choice)];
            int same = ours.AsSpan().CommonPrefixLength(theirs);
            if (same < Math.Max(ours.Length, theirs.Length))
                return new TokenPlace(choice, same);
        }
        return null;
    }

    /// <summary>The first byte that differs in the first channel that differs; null if there is none.</summary>
    public TextPlace? FirstTextDifference(RecordedAnswer other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return OutputTexts.FirstDifference(_channels, other._channels);
    }
}
