using System.Globalization;
using DeterministicInference.ModelTools.Data.Tables;
using Fact = (string Item, string Value);

namespace DeterministicInference.ModelTools.Data.Sources;

/// <summary>
/// Small facts. A fact that must be known by heart is held out only in some of its wordings; one that can be worked out
/// (which number is bigger, even or odd, a regular plural) is held out itself.
/// </summary>
internal sealed class FactSource : IExchangeSource
{
    private static readonly PhraseBook Color = new(
        "what (color|colour) is {a}?",
        "(which|what) (color|colour) (is|has) {a}?",
        "(tell me|name) the (color|colour) of {a}",
        "what is the (color|colour) of {a}?",
        "{a} is (which|what) (color|colour)?",
        "do you know the (color|colour) of {a}?",
        "(color|colour) of {a}?"
    );

    /// <summary>Goes on with the same question about something else.</summary>
    private static readonly PhraseBook AndAnother = new(
        "and {a}?",
        "(and |)what about {a}?",
        "how about {a}?",
        "and for {a}?",
        "and of {a}?",
        "now {a}"
    );

    private static readonly PhraseBook Sound = new(
        "what does {a} say?",
        "what does the {b} say?",
        "(what|which) (sound|noise) does {a} make?",
        "how does {a} (sound|go)?",
        "what (sound|noise) do {b}s make?",
        "what do {b}s say?",
        "(which|what) (sound|noise) does the {b} make?",
        "(make|imitate) the sound of {a}",
        "{a} says what?",
        "tell me (what {a} says|the sound of {a})"
    );

    private static readonly PhraseBook Opposite = new(
        "what is the opposite of {a}?",
        "(tell me|name|give me|say) the opposite of {a}",
        "opposite of {a}?",
        "what's the opposite of {a}?",
        "the opposite of {a} is what?",
        "what is the (contrary|reverse) of {a}?",
        "what is the opposite (to|of the word) {a}?",
        "which word is the opposite of {a}?",
        "(give me |what is |)an antonym (of|for) {a}"
    );

    private static readonly PhraseBook Capital = new(
        "what is the capital of {a}?",
        "what's the capital of {a}?",
        "(tell me|name|do you know) the capital of {a}",
        "(the |)capital of {a}?",
        "(which|what) city is the capital of {a}?",
        "the capital of {a} is what?",
        "what is the capital city of {a}?",
        "what is {a}'s capital?"
    );

    private static readonly PhraseBook Baby = new(
        "what is a baby {a} called?",
        "what do you call a baby {a}?",
        "what is (the name of|the word for) a (baby|young) {a}?",
        "how do you call a (baby|young) {a}?",
        "what is a young {a} called?",
        "(name|tell me) the baby of a {a}"
    );

    private static readonly PhraseBook Legs = new(
        "how many legs does {a} have?",
        "how many legs has {a}?",
        "(tell me|count) the (legs|number of legs) of {a}",
        "how many legs are on {a}?",
        "number of legs of {a}?"
    );

    private static readonly PhraseBook Sides = new(
        "how many sides does {a} have?",
        "how many sides has {a}?",
        "(tell me|count) the sides of {a}",
        "number of sides of {a}?"
    );

    private static readonly PhraseBook Amount = new(
        "how many {a}?",
        "how many {b} are (there |)in {c}?",
        "how many {b} does {c} have?",
        "(tell me|what is) the number of {a}",
        "{c} has how many {b}?",
        "do you know how many {b} {c} has?"
    );

    private static readonly PhraseBook After = new(
        "(which|what) {b} comes after {a}?",
        "what comes after {a}?",
        "(which|what) is the {b} after {a}?",
        "what {b} follows {a}?",
        "(name|tell me) the {b} after {a}",
        "what is the {b} after {a}?",
        "{b} after {a}?"
    );

    private static readonly PhraseBook Before = new(
        "(which|what) {b} comes before {a}?",
        "what comes before {a}?",
        "(which|what) is the {b} before {a}?",
        "what {b} is before {a}?",
        "(name|tell me) the {b} before {a}",
        "what is the {b} before {a}?",
        "{b} before {a}?"
    );

    private static readonly PhraseBook Bigger = new(
        "which is bigger, {a} or {b}?",
        "what is (bigger|larger), {a} or {b}?",
        "which is larger, {a} or {b}?",
        "which one is (bigger|larger): {a} or {b}?",
        "{a} or {b}, which is bigger?",
        "is {a} bigger than {b} or smaller?",
        "(who|what|which) is bigger: {a} or {b}?",
        "compare {a} and {b}",
        "which is (smaller|the smaller one), {a} or {b}?",
        "(what is bigger|tell me which is bigger), {a} or {b}?"
    );

    private static readonly PhraseBook Parity = new(
        "is {a} even or odd?",
        "is {a} (even|odd)?",
        "is {a} an (even|odd) number?",
        "is the number {a} (even|odd|even or odd)?",
        "{a}: even or odd?",
        "tell me (if|whether) {a} is even or odd",
        "even or odd: {a}"
    );

    private static readonly PhraseBook Plural = new(
        "what is the plural of {a}?",
        "(tell me|give me|say|form) the plural of {a}",
        "plural of {a}?",
        "what's the plural of {a}?",
        "what is the plural (form of|of the word) {a}?",
        "one {a}, two what?"
    );

    private readonly TopicSource _topics = new(Kind.Fact, FactTables.Topics);

    public Kind Kind => Kind.Fact;

    public void Append(Draft draft)
    {
        KeyedRandom random = draft.Random;
        switch (random.Below(42))
        {
            case < 5:
                Known(
                    draft,
                    FactTables.Colors,
                    Color,
                    pair => pair.Item,
                    pair => $"{WordSource.Capitalized(pair.Item)} is {pair.Value}."
                );
                break;
            case < 9:
                Known(
                    draft,
                    FactTables.Sounds,
                    Sound,
                    pair => A(pair.Item),
                    pair => $"{WordSource.Capitalized(A(pair.Item))} says {pair.Value}.",
                    pair => pair.Item
                );
                break;
            case < 14:
                bool turned = random.Chance(50);
                Known(
                    draft,
                    FactTables.Opposites,
                    Opposite,
                    pair => turned ? pair.Value : pair.Item,
                    pair =>
                        turned
                            ? $"The opposite of {pair.Value} is {pair.Item}."
                            : $"The opposite of {pair.Item} is {pair.Value}."
                );
                break;
            case < 18:
                Known(
                    draft,
                    FactTables.Capitals,
                    Capital,
                    pair => pair.Item,
                    pair => $"The capital of {pair.Item} is {pair.Value}."
                );
                break;
            case < 20:
                Known(
                    draft,
                    FactTables.Babies,
                    Baby,
                    pair => pair.Item,
                    pair => $"A baby {pair.Item} is called a {pair.Value}."
                );
                break;
            case < 22:
                Known(
                    draft,
                    FactTables.Legs,
                    Legs,
                    pair => A(pair.Item),
                    pair => $"{WordSource.Capitalized(A(pair.Item))} has {pair.Value} legs."
                );
                break;
            case < 23:
                Known(
                    draft,
                    FactTables.Sides,
                    Sides,
                    pair => A(pair.Item),
                    pair => $"{WordSource.Capitalized(A(pair.Item))} has {pair.Value} sides."
                );
                break;
            case < 26:
                Known(
                    draft,
                    FactTables.Amounts,
                    Amount,
                    pair => pair.Item,
                    pair => pair.Value,
                    pair => Part(pair.Item, 0),
                    pair => Part(pair.Item, 1)
                );
                break;
            case < 29:
                Neighbour(draft);
                break;
            case < 32:
                CompareThings(draft);
                break;
            case < 34:
                CompareNumbers(draft);
                break;
            case < 36:
                int number = DrawNumber(draft, 'p', 0, 99);
                Exact(
                    draft,
                    Parity,
                    $"{Digits(number)} is {(number % 2 == 0 ? "even" : "odd")}.",
                    Key('p', number),
                    Digits(number)
                );
                break;
            case < 38:
                Plurals(draft);
                break;
            default:
                _topics.Append(draft);
                break;
        }
    }

    private static void Known(
        Draft draft,
        Fact[] table,
        PhraseBook book,
        Func<Fact, string> a,
        Func<Fact, string> answer,
        Func<Fact, string>? b = null,
        Func<Fact, string>? c = null
    )
    {
        while (true)
        {
            Fact pair = draft.Random.Pick(table);
            Phrase phrase = book.Pick(draft.Random);
            string shown = a(pair);
            ulong key = phrase.IsFirst ? 0 : HoldOut.Key(Kind.Fact, 'k', phrase.Text + "|" + shown);
            if (draft.Allows(key))
            {
                string typed = draft.Random.Chance(15) ? shown.ToLowerInvariant() : shown;
                draft.Ask(phrase, answer(pair), key, Noise.Typos, typed, b?.Invoke(pair) ?? "", c?.Invoke(pair) ?? "");
                if (draft.Pool == Pool.Training && draft.Random.Chance(10))
                {
                    pair = draft.Random.Pick(table);
                    draft.Ask(AndAnother.Pick(draft.Random), answer(pair), 0, Noise.Typos, a(pair), opening: false);
                }

                return;
            }
        }
    }

    private static void Neighbour(Draft draft)
    {
        while (true)
        {
            KeyedRandom random = draft.Random;
            string[] names = random.Chance(55) ? FactTables.Days : FactTables.Months;
            bool letters = random.Chance(25);
            bool after = random.Chance(60);
            int count = letters ? 26 : names.Length;
            int at = letters ? random.Between(after ? 0 : 1, after ? 24 : 25) : random.Below(count);
            int next = (at + (after ? 1 : count - 1)) % count;
            string item = letters ? ((char)('a' + at)).ToString() : names[at];
            string found = letters ? ((char)('a' + next)).ToString() : names[next];
            string unit =
                letters ? "letter"
                : names.Length == 7 ? "day"
                : "month";
            Phrase phrase = (after ? After : Before).Pick(random);
            ulong key = phrase.IsFirst ? 0 : HoldOut.Key(Kind.Fact, after ? 'a' : 'b', phrase.Text + "|" + item);
            if (draft.Allows(key))
            {
                string typed = random.Chance(15) ? item.ToLowerInvariant() : item;
                draft.Ask(
                    phrase,
                    $"{(after ? "After" : "Before")} {item} comes {found}.",
                    key,
                    Noise.Typos,
                    typed,
                    unit
                );
                return;
            }
        }
    }

    private static void CompareThings(Draft draft)
    {
        int large;
        int small;
        ulong key;
        do
        {
            large = draft.Random.Between(1, FactTables.BySize.Length - 1);
            small = draft.Random.Below(large);
            key = HoldOut.Key(Kind.Fact, 's', large, small);
        } while (!draft.Allows(key));
        Compare(draft, FactTables.BySize[large], FactTables.BySize[small], key);
    }

    private static void CompareNumbers(Draft draft)
    {
        int large;
        int small;
        ulong key;
        do
        {
            large = draft.Random.Chance(40) ? draft.Random.Between(1, 20) : draft.Random.Between(1, 99);
            small = draft.Random.Below(large);
            key = HoldOut.Key(Kind.Fact, 'n', large, small);
        } while (!draft.Allows(key));
        Compare(draft, Digits(large), Digits(small), key);
    }

    private static void Compare(Draft draft, string large, string small, ulong key)
    {
        Phrase phrase = Bigger.Pick(draft.Random);
        bool asksSmaller =
            phrase.Text.StartsWith("which is smaller", StringComparison.Ordinal)
            || phrase.Text.Contains("the smaller one", StringComparison.Ordinal);
        string answer = asksSmaller
            ? $"{WordSource.Capitalized(small)} is smaller than {large}."
            : $"{WordSource.Capitalized(large)} is bigger than {small}.";
        bool largeFirst = draft.Random.Chance(50);
        draft.Ask(phrase, answer, key, Noise.Typos, largeFirst ? large : small, largeFirst ? small : large);
    }

    private static void Plurals(Draft draft)
    {
        if (draft.Random.Chance(35))
        {
            Known(
                draft,
                FactTables.IrregularPlurals,
                Plural,
                pair => pair.Item,
                pair => $"The plural of {pair.Item} is {pair.Value}."
            );
            return;
        }

        string noun;
        ulong key;
        do
        {
            noun = draft.Random.Pick(FactTables.RegularNouns);
            key = HoldOut.Key(Kind.Fact, 'm', noun);
        } while (!draft.Allows(key));
        Exact(draft, Plural, $"The plural of {noun} is {noun}s.", key, noun);
    }

    private static void Exact(Draft draft, PhraseBook book, string answer, ulong key, string a) =>
        draft.Ask(book.Pick(draft.Random), answer, key, Noise.Typos, a);

    private static int DrawNumber(Draft draft, char detail, int low, int high)
    {
        int number;
        do
        {
            number = draft.Random.Between(low, high);
        } while (!draft.Allows(Key(detail, number)));
        return number;
    }

    private static ulong Key(char detail, int number) => HoldOut.Key(Kind.Fact, detail, number, 0);

    /// <summary>"days in a week" is "days" (0) and "a week" (1).</summary>
    private static string Part(string item, int index)
    {
        int middle = item.IndexOf(" in ", StringComparison.Ordinal);
        middle = middle < 0 ? item.IndexOf(" on ", StringComparison.Ordinal) : middle;
        return index == 0 ? item[..middle] : item[(middle + 4)..];
    }

    private static string A(string noun) =>
        "aeiou".Contains(noun[0], StringComparison.Ordinal) ? "an " + noun : "a " + noun;

    private static string Digits(int value) => value.ToString(CultureInfo.InvariantCulture);
}
