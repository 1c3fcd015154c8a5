using DeterministicInference.Receipts.Canonical;
using DeterministicInference.Receipts.Json;

namespace DeterministicInference.Receipts.Answers;

/// <summary>What was read of one answer or event. Valid until its reader reads the next one.</summary>
internal readonly ref struct AnswerReading
{
    private readonly AnswerDefect? _defect;

    internal AnswerReading(
        ReadOnlySpan<byte> json,
        ReadOnlySpan<AnswerPart> parts,
        ReadOnlySpan<ScoredToken> scores,
        ReadOnlySpan<ScoredText> alternatives,
        ReadOnlySpan<Range> bareNumbers,
        AnswerDefect? defect
    )
    {
        Json = json;
        Parts = parts;
        Scores = scores;
        Alternatives = alternatives;
        BareNumbers = bareNumbers;
        _defect = defect;
    }

    /// <summary>What was read: a JSON answer, or an event.</summary>
    public AnswerDelivery Delivery { get; internal init; }

    /// <summary>The text that was read.</summary>
    public ReadOnlySpan<byte> Json { get; }

    /// <summary>Its parts, in the order of the text.</summary>
    public ReadOnlySpan<AnswerPart> Parts { get; }

    /// <summary>
    /// Where <c>NaN</c>, <c>Infinity</c> and <c>-Infinity</c> stand in log-probabilities, in the order of the text.
    /// They are not JSON: see <see cref="BareNumber"/>.
    /// </summary>
    public ReadOnlySpan<Range> BareNumbers { get; }

    /// <summary>False for an event whose data is <c>null</c>, which stands for none.</summary>
    public bool IsObject { get; internal init; }

    /// <summary>
    /// Whether nothing is left without its token ids but what names the answer, null, and choices that are bare.
    /// </summary>
    public bool IsBare { get; internal init; }

    /// <summary>The place behind the object's last member; behind its brace where it has none.</summary>
    public int End { get; internal init; }

    /// <summary>Whether it has no canonical form.</summary>
    public bool HasDefect => _defect is not null;

    /// <summary>Why it has no canonical form; null where it has one.</summary>
    public CanonicalFormException? Defect => _defect?.At(Json);

    /// <summary>Log-probabilities of tokens, if they are read.</summary>
    internal ReadOnlySpan<ScoredToken> Scores { get; }

    /// <summary>Those of the alternatives of <see cref="Scores"/>.</summary>
    internal ReadOnlySpan<ScoredText> Alternatives { get; }

    /// <exception cref="CanonicalFormException">It has no canonical form.</exception>
    public void RequireCanonical()
    {
        if (_defect is { } defect)
            throw defect.At(Json);
    }

    /// <summary>Whether the value of a part is the string <paramref name="text"/>, however it is escaped.</summary>
    public bool ValueIs(in AnswerPart part, ReadOnlySpan<byte> text) =>
        TryGetString(part, out ReadOnlySpan<byte> escaped) && JsonStrings.AreEqual(escaped, text);

    /// <summary>Gets what stands between the quotes; false if the part's value is no string.</summary>
    public bool TryGetString(in AnswerPart part, out ReadOnlySpan<byte> escaped)
    {
        bool isString = Json[part.ValueStart] == '"';
        escaped = isString ? Json[(part.ValueStart + 1)..(part.End - 1)] : default;
        return isString;
    }

    /// <summary>What stands between the quotes of a part that is a string.</summary>
    internal ReadOnlySpan<byte> String(in AnswerPart part) => Json[(part.ValueStart + 1)..(part.End - 1)];

    /// <summary>The whole number that a part is.</summary>
    public long Number(in AnswerPart part) => Digits.Read(Json[part.Value]);

    /// <summary>
    /// What the client gets instead of a number that is not JSON: the value with which OpenAI says "very unlikely"
    /// instead of <c>-Infinity</c>, null instead of the others.
    /// </summary>
    /// <param name="literal">As it was sent.</param>
    public static ReadOnlySpan<byte> BareNumber(ReadOnlySpan<byte> literal) =>
        literal[0] == '-' ? "-9999.0"u8 : "null"u8;

    /// <summary>The ids of a list that is not malformed.</summary>
    /// <param name="list">A part of the kind <c>TokenIds</c>, <c>PromptTokenIds</c> or <c>TokenIdList</c>.</param>
    internal TokenIdReader Ids(in AnswerPart list) => new(Json[list.Value]);

    /// <summary>Whether the value of a part is null.</summary>
    internal bool IsNull(in AnswerPart part) => Json[part.ValueStart] == 'n';
}

/// <summary>Goes over a list of token ids that was checked.</summary>
internal ref struct TokenIdReader(ReadOnlySpan<byte> list)
{
    private ReadOnlySpan<byte> _rest = list;

    public bool Next(out uint id)
    {
        int start = _rest.IndexOfAnyInRange((byte)'0', (byte)'9');
        id = 0;
        if (start < 0)
            return false;
        ReadOnlySpan<byte> from = _rest[start..];
        int length = from.IndexOfAnyExceptInRange((byte)'0', (byte)'9');
        id = (uint)Digits.Read(from[..length]);
        _rest = from[length..];
        return true;
    }
}

/// <summary>A token's text and its log-probability. An answer may have a million: it is as small as can be.</summary>
/// <param name="Token">The inside of the JSON string that is its text.</param>
/// <param name="Number">
/// Not a number for a token without one, such as the first of an echoed prompt: no number of an answer is read as that.
/// </param>
internal readonly record struct ScoredText(Range Token, double Number);

/// <summary>A token and its log-probability.</summary>
/// <param name="Text">Text and number.</param>
/// <param name="Choice">Index of its choice.</param>
/// <param name="FirstAlternative">The first of its alternatives in the list of all.</param>
/// <param name="Alternatives">How many alternatives it has.</param>
/// <param name="Place">The list in which it stands.</param>
internal readonly record struct ScoredToken(
    ScoredText Text,
    int Choice = 0,
    int FirstAlternative = 0,
    int Alternatives = 0,
    ScorePlace Place = ScorePlace.Arrays
)
{
    public Range Token => Text.Token;

    public bool IsRefusal => Place == ScorePlace.Refusal;
}

/// <summary>The list in which a token's log-probability stands; clients look into one of them.</summary>
internal enum ScorePlace : byte
{
    /// <summary>The <c>content</c> of a chat.</summary>
    Content,

    /// <summary>The <c>refusal</c> of a chat.</summary>
    Refusal,

    /// <summary>The parallel arrays of completions.</summary>
    Arrays,
}

/// <summary>
/// The first reason why an answer has no canonical form. The place is looked for only if somebody asks.
/// </summary>
internal sealed record AnswerDefect(CanonicalFormError Error, string What, int Offset)
{
    public CanonicalFormException At(ReadOnlySpan<byte> json) => new(Error, What, json, Offset);
}
