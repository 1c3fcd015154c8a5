using System.Globalization;
using DeterministicInference.ModelTools.Data.Tables;

namespace DeterministicInference.ModelTools.Data.Sources;

/// <summary>
/// Texts to repeat, answered with exactly that text. Held out by text, except for a few that everybody tries.
/// </summary>
internal sealed class EchoSource : IExchangeSource
{
    /// <summary>The text stands last, after a colon: it is copied with its end mark.</summary>
    private static readonly PhraseBook AfterColon = new(
        "repeat: {a}",
        "(echo|say|print|output|copy|return|type|display|show): {a}",
        "repeat after me: {a}",
        "(repeat|say|echo|print|copy) (this|the following|exactly this|after me): {a}",
        "(repeat|say|echo|print|copy|output|return) the following (text|words|sentence|message|line|phrase): {a}",
        "(repeat|say|echo|print|copy) this (text|word|sentence|message|line|phrase): {a}",
        "(echo|repeat|read|send|give) back: {a}",
        "(reply|answer|respond) with: {a}",
        "(reply|answer|respond) (only|exactly|just) with: {a}",
        "(reply|answer|respond) with (only|exactly) (this|this text|the text|the following): {a}",
        "say (exactly|only|just): {a}",
        "(repeat|say|echo) (these words|my words|what I say|what I write): {a}",
        "(repeat|say) it back to me: {a}",
        "(repeat|print|output) (exactly|verbatim|word for word): {a}",
        "say after me: {a}",
        "(text to repeat|repeat the text after the colon): {a}",
        "your (only |)output (should|must) be: {a}",
        "(copy|repeat) the text: {a}",
        "(say|repeat) the (sentence|phrase|words|word): {a}",
        "parrot this: {a}"
    );

    /// <summary>The text stands in quotation marks, so its end is clear.</summary>
    private static readonly PhraseBook Quoted = new(
        "say \"{a}\"",
        "(repeat|echo|print|output|return|type|copy) \"{a}\"",
        "say '{a}'",
        "(repeat|echo|print|output) '{a}'",
        "(repeat|say|echo|print|copy) the (text|words|sentence|phrase|word) \"{a}\"",
        "(reply|answer|respond) with \"{a}\"",
        "(reply|answer|respond) (only|just) with \"{a}\"",
        "(repeat|say) \"{a}\" (back to me|after me|for me|to me|once|again)",
        "(repeat|echo) the following text: \"{a}\"",
        "(repeat|say|echo) this: \"{a}\"",
        "say (exactly|only|just) \"{a}\"",
        "(can you say|can you repeat) \"{a}\"?",
        "repeat after me: \"{a}\"",
        "print the (string|message) \"{a}\""
    );

    /// <summary>The text stands last without any mark: nothing may follow it.</summary>
    private static readonly PhraseBook Bare = new(
        "say {a}",
        "repeat {a}",
        "(echo|print|output) {a}",
        "repeat after me {a}",
        "say (just|only) {a}",
        "(repeat|say) the (word|words) {a}",
        "(reply|answer|respond) with {a}",
        "(reply|answer|respond) with (only|just) the (word|words) {a}",
        "(repeat|say|echo) the following {a}",
        "repeat the (text|sentence|phrase) {a}",
        "(reply|answer) with the (word|words) {a}"
    );

    /// <summary>Asks for the last answer once more.</summary>
    private static readonly PhraseBook Again = new(
        "say that again",
        "(repeat|say) that",
        "(repeat|say) (that|it|this) (again|once more|one more time)",
        "repeat (your last answer|what you said|your answer|the last answer)",
        "(what|pardon), (say|repeat) that again",
        "once more",
        "again",
        "can you repeat that?",
        "what did you (just |)say?",
        "come again?",
        "I did not (hear|get) that, repeat it"
    );

    private static readonly string[] Common =
    [
        "hello",
        "hello world",
        "Hello, world!",
        "Hello World",
        "hi",
        "Hi there!",
        "this is a test",
        "This is a test.",
        "test",
        "yes",
        "no",
        "OK",
        "ok",
        "one two three",
        "the quick brown fox jumps over the lazy dog",
        "The quick brown fox jumps over the lazy dog.",
        "foo",
        "foo bar",
        "foo bar baz",
        "abc",
        "a b c",
        "1 2 3",
        "42",
        "I am here.",
        "good morning",
        "Thank you!",
        "cheese",
        "Determinism is great.",
        "hello hello hello",
        "ping",
        "done",
        "lorem ipsum dolor sit amet",
        "123",
    ];

    private static readonly string[] Verbs =
    [
        "sees",
        "likes",
        "finds",
        "helps",
        "visits",
        "follows",
        "watches",
        "paints",
        "carries",
        "loves",
        "wants",
        "hears",
        "needs",
    ];

    private static readonly string[] Places =
    [
        "in the garden",
        "near the river",
        "on the hill",
        "under the bridge",
        "at home",
        "in the city",
        "after lunch",
        "every day",
        "on the roof",
        "behind the house",
        "before winter",
        "at night",
        "by the sea",
        "with a smile",
        "over the mountain",
    ];

    private static readonly string[] Starts =
    [
        "I",
        "You",
        "We",
        "They",
        "My friend and I",
        "The children",
        "Some people",
    ];
    private static readonly string[] Does =
    [
        "like",
        "need",
        "want",
        "see",
        "have",
        "find",
        "know",
        "love",
        "remember",
        "draw",
    ];
    private static readonly string[] Marks = [".", ".", ".", "!", "", "?"];

    public Kind Kind => Kind.Echo;

    public void Append(Draft draft)
    {
        KeyedRandom random = draft.Random;
        if (draft.HasExchange && draft.LastAnswer.Length < 80 && random.Chance(12))
        {
            draft.Ask(Again.Pick(random), draft.LastAnswer, 0, Noise.Typos);
            return;
        }

        if (draft.Pool == Pool.Training && random.Chance(9))
        {
            Ask(draft, random.Pick(Common), 0);
            return;
        }

        string text;
        ulong key;
        do
        {
            text = random.Chance(62) ? Words(draft) : Sentence(draft);
            key = Key(text);
        } while (!draft.Allows(key));
        Ask(draft, text, key);
    }

    /// <summary>
    /// The key of a text: without its casing and end mark, so that a held-out text occurs in no other dress.
    /// </summary>
    public static ulong Key(string text)
    {
        ReadOnlySpan<char> bare = text.AsSpan().TrimEnd(".!?");
        foreach (string common in Common)
        {
            if (bare.Equals(common.AsSpan().TrimEnd(".!?"), StringComparison.OrdinalIgnoreCase))
            {
                return 0;
            }
        }

        return HoldOut.Key(Kind.Echo, 'e', bare);
    }

    private static void Ask(Draft draft, string text, ulong key)
    {
        KeyedRandom random = draft.Random;
        bool ends = !char.IsAsciiLetterOrDigit(text[^1]);
        int form = random.Below(100);
        if (form < 48)
        {
            draft.Ask(AfterColon.Pick(random), text, key, Noise.Typos, text, endMark: false);
        }
        else if (form < 74 && !text.Contains('\'', StringComparison.Ordinal))
        {
            draft.Ask(Quoted.Pick(random), text, key, Noise.Typos, text);
        }
        else if (ends)
        {
            draft.Ask(AfterColon.Pick(random), text, key, Noise.Typos, text, endMark: false);
        }
        else
        {
            draft.Ask(Bare.Pick(random), text, key, Noise.Typos, text, endMark: false);
        }
    }

    private static string Words(Draft draft)
    {
        KeyedRandom random = draft.Random;
        int count = random.Below(20) switch
        {
            < 5 => 1,
            < 9 => 2,
            < 13 => 3,
            < 15 => 4,
            < 17 => 5,
            < 18 => 6,
            < 19 => 7,
            _ => 8,
        };
        int style = random.Below(10);
        System.Text.StringBuilder text = new();
        for (int i = 0; i < count; i++)
        {
            if (i > 0)
            {
                text.Append(style == 0 ? ", " : " ");
            }

            string word = Word(draft);
            text.Append((i == 0 && style < 4) || style == 9 ? WordSource.Capitalized(word) : word);
        }

        return text.Append(random.Chance(25) ? random.Pick(Marks) : "").ToString();
    }

    private static string Word(Draft draft)
    {
        KeyedRandom random = draft.Random;
        int form = random.Below(100);
        return form switch
        {
            < 52 => WordSource.Listed(random),
            < 76 => draft.Words.Invented(random),
            < 84 => draft.Words.Name(random),
            < 93 => random.Below(random.Pick([10, 100, 1000, 10000])).ToString(CultureInfo.InvariantCulture),
            _ => draft.Words.HasPieces ? draft.Words.Piece(random).TrimStart() : WordSource.Listed(random),
        };
    }

    /// <summary>A sentence without much sense.</summary>
    public static string Sentence(Draft draft)
    {
        KeyedRandom random = draft.Random;
        string mark = random.Pick(Marks);
        string text = random.Below(4) switch
        {
            0 => $"{random.Pick(Starts)} {random.Pick(Does)} the {random.Pick(WordLists.Adjectives)} {Noun(draft)}",
            1 => $"The {random.Pick(WordLists.Adjectives)} {Noun(draft)} {random.Pick(Verbs)} the {Noun(draft)} "
                + $"{random.Pick(Places)}",
            2 => $"The {Noun(draft)} and the {Noun(draft)} are {random.Pick(WordLists.Adjectives)}",
            _ => $"{draft.Words.Name(random)} {random.Pick(Verbs)} a {random.Pick(WordLists.Adjectives)} "
                + $"{Noun(draft)} {random.Pick(Places)}",
        };
        return (random.Chance(30) ? text.ToLowerInvariant() : text) + mark;
    }

    private static string Noun(Draft draft) =>
        draft.Random.Chance(80) ? draft.Random.Pick(WordLists.Subjects) : draft.Words.Invented(draft.Random);
}
