using System.Globalization;
using System.Text;

namespace DeterministicInference.ModelTools.Data.Sources;

/// <summary>
/// Counting up and down, from one number to another, in steps, even and odd numbers, and neighbours of a number. Long
/// counts are refused. Ranges and steps are held out by their numbers; counting from or to 1 is always trained.
/// </summary>
internal sealed class CountingSource : IExchangeSource
{
    public const string TooLong = "I can only count about 30 numbers at a time.";

    private static readonly PhraseBook UpTo = new(
        "count to {a}",
        "count (up to|until|till) {a}",
        "count from (1|one) to {a}",
        "can you count to {a}?",
        "count to {a} for me",
        "start counting to {a}",
        "(list|write|print|say|name|show) the numbers (from 1 to|up to|1 to) {a}",
        "(say|give me|tell me) the numbers up to {a}",
        "numbers (from|between) 1 (to|and) {a}",
        "count 1 to {a}",
        "count up from 1 to {a}",
        "(list|give me|write) the first {a} numbers",
        "let's count to {a}",
        "how do you count to {a}?",
        "count to {a} slowly",
        "show me how to count to {a}",
        "counting to {a}"
    );

    private static readonly PhraseBook DownFrom = new(
        "count down from {a}",
        "count (backwards|backward|back) from {a}",
        "count (backwards|down) from {a} to (1|one)",
        "can you count down from {a}?",
        "do a countdown from {a}",
        "(start a |)countdown from {a}",
        "count from {a} (down|back) to 1",
        "count in reverse from {a}",
        "(give me|show me|write) a countdown from {a}",
        "count {a} to 1",
        "count from {a} to 1",
        "(list|say) the numbers from {a} (down to|to) 1",
        "count backwards starting (at|from|with) {a}",
        "reverse count from {a}",
        "countdown from {a}"
    );

    private static readonly PhraseBook Range = new(
        "count from {a} to {b}",
        "count (up from|on from) {a} to {b}",
        "(list|write|print|say|name|show) the numbers from {a} to {b}",
        "(give|tell|show) me the numbers from {a} to {b}",
        "count {a} to {b}",
        "numbers from {a} to {b}",
        "start at {a} and count to {b}",
        "count (from {a} until|between {a} and) {b}",
        "which numbers are there from {a} to {b}?",
        "count starting (at|from|with) {a} to {b}"
    );

    private static readonly PhraseBook RangeDown = new(
        "count (down|backwards|back) from {a} to {b}",
        "count from {a} down to {b}",
        "(list|say|write) the numbers from {a} down to {b}",
        "(give|tell|show) me the numbers from {a} down to {b}",
        "count backwards {a} to {b}",
        "start at {a} and count (down|back) to {b}",
        "count from {a} to {b}"
    );

    private static readonly PhraseBook Steps = new(
        "count by {c} to {b}",
        "count by {c} (up to|until) {b}",
        "count in steps of {c} (to|up to) {b}",
        "count to {b} by {c}",
        "count to {b} in steps of {c}",
        "count in {c} to {b}",
        "skip count by {c} to {b}"
    );

    private static readonly PhraseBook OpenSteps = new(
        "count by {c}",
        "count in {c}",
        "count in steps of {c}",
        "skip count by {c}",
        "(can you|could you) count by {c}?"
    );

    private static readonly PhraseBook Even = new(
        "(list|name|say|write|give me|show me) the {a} numbers (up to|to) {b}",
        "count the {a} numbers (to|up to) {b}",
        "what are the {a} numbers (up to|to) {b}?",
        "{a} numbers up to {b}",
        "which numbers up to {b} are {a}?"
    );

    private static readonly PhraseBook After = new(
        "what (number |)comes after {a}?",
        "(what is|what's) the (next number|number) after {a}?",
        "which number (comes after|follows) {a}?",
        "what comes next after {a}?",
        "(name|tell me) the number after {a}",
        "next number after {a}"
    );

    private static readonly PhraseBook Before = new(
        "what (number |)comes before {a}?",
        "(what is|what's) the number before {a}?",
        "which number (comes|is) before {a}?",
        "(name|tell me) the number before {a}",
        "number before {a}",
        "what comes right before {a}?"
    );

    public Kind Kind => Kind.Counting;

    public void Append(Draft draft)
    {
        KeyedRandom random = draft.Random;
        int form = draft.Pool == Pool.HeldOut ? random.Between(40, 92) : random.Below(100);
        switch (form)
        {
            case < 24:
                int up = random.Chance(20) ? random.Pick([5, 10]) : random.Between(2, random.Chance(75) ? 20 : 30);
                Ask(draft, UpTo, Sequence(1, up, 1), 0, Number(random, up));
                break;
            case < 40:
                int from = random.Chance(20) ? random.Pick([5, 10]) : random.Between(2, random.Chance(80) ? 20 : 30);
                Ask(draft, DownFrom, Sequence(from, 1, -1), 0, Number(random, from));
                break;
            case < 55:
                AskRange(draft, down: false);
                break;
            case < 65:
                AskRange(draft, down: true);
                break;
            case < 78:
                AskSteps(draft);
                break;
            case < 86:
                AskNeighbour(draft, after: true);
                break;
            case < 93:
                AskNeighbour(draft, after: false);
                break;
            case < 95:
                int by = random.Between(2, 10);
                string byName = random.Chance(50)
                    ? Plural(NumberWords.Of(by))
                    : Digits(by) + (random.Chance(50) ? "s" : "");
                Ask(draft, OpenSteps, Sequence(by, 10 * by, by), 0, "", "", byName);
                break;
            case < 97:
                bool even = random.Chance(50);
                int most = random.Between(6, 30);
                Ask(draft, Even, Sequence(even ? 2 : 1, most, 2), 0, even ? "even" : "odd", Number(random, most));
                break;
            default:
                Refuse(draft);
                break;
        }
    }

    /// <summary>
    /// The numbers from <paramref name="from"/> to at most <paramref name="to"/> with commas, closed by a full stop.
    /// </summary>
    public static string Sequence(int from, int to, int step)
    {
        StringBuilder text = new();
        for (int i = from; step > 0 ? i <= to : i >= to; i += step)
        {
            text.Append(i == from ? "" : ", ").Append(CultureInfo.InvariantCulture, $"{i}");
        }

        return text.Append('.').ToString();
    }

    private static void AskRange(Draft draft, bool down)
    {
        KeyedRandom random = draft.Random;
        int low;
        int high;
        ulong key;
        do
        {
            low = random.Chance(50) ? random.Between(0, 20) : random.Between(0, 90);
            high = Math.Min(100, low + random.Between(2, random.Chance(80) ? 12 : 20));
            key = low <= 1 ? 0 : HoldOut.Key(Kind.Counting, down ? 'd' : 'u', low, high);
        } while (!draft.Allows(key));
        (int from, int to) = down ? (high, low) : (low, high);
        Ask(
            draft,
            down ? RangeDown : Range,
            Sequence(from, to, down ? -1 : 1),
            key,
            Number(random, from),
            Number(random, to)
        );
    }

    private static void AskSteps(Draft draft)
    {
        KeyedRandom random = draft.Random;
        int step;
        int last;
        ulong key;
        do
        {
            step = random.Chance(40) ? random.Pick([2, 5, 10]) : random.Between(2, 10);
            last = step * random.Between(3, step == 10 ? 10 : 12);
            key = HoldOut.Key(Kind.Counting, 's', step, last);
        } while (!draft.Allows(key));
        bool plural = random.Chance(50);
        string name =
            plural && random.Chance(50) ? Plural(NumberWords.Of(step))
            : plural ? Digits(step) + "s"
            : Number(random, step);
        Ask(draft, Steps, Sequence(step, last, step), key, "", Number(random, last), name);
    }

    private static void AskNeighbour(Draft draft, bool after)
    {
        KeyedRandom random = draft.Random;
        int value;
        ulong key;
        do
        {
            value = random.Between(1, 99);
            key = HoldOut.Key(Kind.Counting, after ? 'a' : 'b', value, 0);
        } while (!draft.Allows(key));
        string answer = after
            ? $"After {Digits(value)} comes {Digits(value + 1)}."
            : $"Before {Digits(value)} comes {Digits(value - 1)}.";
        Ask(draft, after ? After : Before, answer, key, Number(random, value));
    }

    private static void Refuse(Draft draft)
    {
        KeyedRandom random = draft.Random;
        int many = random.Chance(50)
            ? random.Pick([50, 100, 200, 500, 1000, 10000, 1000000])
            : random.Between(40, 2000);
        PhraseBook book = random.Below(3) switch
        {
            0 => DownFrom,
            1 => Range,
            _ => UpTo,
        };
        string low = Digits(random.Between(0, 9));
        Ask(draft, book, TooLong, 0, book == Range ? low : Digits(many), Digits(many));
    }

    private static void Ask(
        Draft draft,
        PhraseBook book,
        string answer,
        ulong key,
        string a,
        string b = "",
        string c = ""
    ) => draft.Ask(book.Pick(draft.Random), answer, key, Noise.Typos, a, b, c);

    private static string Number(KeyedRandom random, int value) =>
        value < 100 && random.Chance(25) ? NumberWords.Of(value) : Digits(value);

    private static string Plural(string word) =>
        word.EndsWith('x') ? word + "es"
        : word.EndsWith('y') ? word[..^1] + "ies"
        : word + "s";

    private static string Digits(int value) => value.ToString(CultureInfo.InvariantCulture);
}
