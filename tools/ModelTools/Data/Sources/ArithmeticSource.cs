using System.Globalization;

namespace DeterministicInference.ModelTools.Data.Sources;

/// <summary>
/// Sums and differences of numbers below 100 and the times table to 12, answered as <c>12 + 30 = 42</c>; refusals
/// beyond that. Two-digit differences with a borrow are the hardest for a small model and therefore the most frequent.
/// Sums and differences are held out by their numbers (a sum in both orders), the times table never.
/// </summary>
internal sealed class ArithmeticSource : IExchangeSource
{
    public const string TooLarge = "I can only add and subtract whole numbers below 100.";
    public const string BeyondTable = "I only know the times table up to 12.";
    public const string NoDivision = "I can add, subtract and multiply, but I cannot divide.";
    public const string BelowZero = "I cannot subtract a bigger number from a smaller one.";
    public const string TwoNumbers = "I can only work with two numbers at a time.";

    private static readonly PhraseBook Frames = new(
        "(what is|what's|whats) {a}?",
        "(what is|what's|whats) {a}?",
        "how much is {a}?",
        "(calculate|compute|solve|evaluate|work out) {a}",
        "{a}?",
        "{a}",
        "{a} = ?",
        "{a} =",
        "{a}=",
        "{a}=?",
        "what (do you|do I|does one) get for {a}?",
        "(give me|tell me) the (result|answer) of {a}",
        "what is the (result|answer|value) of {a}?",
        "(calculate|compute|solve): {a}",
        "(add up|do the sum|do the math): {a}",
        "what does {a} (make|equal|give|come to)?",
        "{a} (is|equals|makes) (what|how much)?",
        "tell me {a}",
        "(do|try) {a}",
        "(can you do|do you know) {a}?",
        "I need (the answer to|the result of|to know) {a}",
        "and {a}?",
        "how much does {a} make?",
        "find {a}",
        "math: {a}",
        "what would {a} be?",
        "(what is|what's) the answer to {a}?"
    );

    private static readonly PhraseBook Additions = new(
        "add {a} and {b}",
        "add {a} to {b}",
        "add {a} (plus|+) {b}",
        "what is the sum of {a} and {b}?",
        "(sum|add up|total) {a} and {b}",
        "(give me|tell me|calculate|compute|find) the sum of {a} and {b}",
        "what do you get if you add {a} (and|to) {b}?",
        "how much (is|are) {a} and {b} together?",
        "what is {a} and {b}?",
        "if I have {a} apples and get {b} more, how many do I have?",
        "I have {a} coins and find {b} more. how many coins do I have?",
        "there are {a} birds and {b} more come. how many are there?",
        "{a} (apples|cats|books) plus {b} (apples|cats|books) is how many?",
        "what is {a} added to {b}?",
        "(Anna|Ben|Lisa|my sister|a boy|the farmer) has {a} (apples|eggs|books|stamps) and (gets|buys|finds) {b} "
            + "more. how many are (there|that)( now|)?",
        "there are {a} (cats|cars|trees) here and {b} (cats|cars|trees) there. how many are there in all?"
    );

    private static readonly PhraseBook Differences = new(
        "subtract {b} from {a}",
        "take {b} away from {a}",
        "take {b} from {a}",
        "what is {a} take away {b}?",
        "{a} take away {b}",
        "what is {b} less than {a}?",
        "what is the difference (between|of) {a} and {b}?",
        "how much is left if I take {b} from {a}?",
        "(give me|calculate|compute|find|tell me) the difference between {a} and {b}",
        "what is left of {a} minus {b}?",
        "if I have {a} apples and eat {b}, how many are left?",
        "I have {a} coins and lose {b}. how many coins do I have?",
        "there are {a} birds and {b} fly away. how many are left?",
        "{a} (apples|cats|books) minus {b} (apples|cats|books) is how many?",
        "what do you get if you subtract {b} from {a}?",
        "(Anna|Ben|Lisa|my sister|a boy|the farmer) has {a} (apples|eggs|books|stamps) and (sells|gives away|eats|"
            + "loses) {b}. how many are left?",
        "of {a} (cookies|candles|seats) {b} are (gone|taken|used). how many are left?"
    );

    private static readonly PhraseBook Products = new(
        "multiply {a} (by|with|and) {b}",
        "what is {a} multiplied by {b}?",
        "what is the product of {a} and {b}?",
        "(give me|calculate|compute|find) the product of {a} and {b}",
        "what do you get if you multiply {a} (by|and) {b}?"
    );

    private static readonly PhraseBook Quotients = new(
        "divide {a} by {b}",
        "what is {a} divided by {b}?",
        "{a} divided by {b}",
        "how often does {b} fit into {a}?",
        "split {a} by {b}"
    );

    /// <summary>Goes on with the last result.</summary>
    private static readonly PhraseBook AndPlus = new(
        "plus {a}?",
        "(and|now) plus {a}",
        "(now|and) add {a}( to that| to it|)",
        "add {a} to (that|it|the result)",
        "and {a} more?",
        "(and|now) {a} more"
    );

    private static readonly PhraseBook AndMinus = new(
        "minus {a}?",
        "(and|now) minus {a}",
        "(now|and) subtract {a}( from that| from it|)",
        "subtract {a} from (that|it|the result)",
        "take away {a}",
        "(and|now) take away {a}",
        "and {a} less?"
    );

    private static readonly string[] Plus = [" + ", " + ", "+", "+", " plus "];
    private static readonly string[] Minus = [" - ", " - ", "-", "-", " minus "];
    private static readonly string[] Times = [" x ", "x", " * ", "*", " times "];
    private static readonly string[] Over = [" / ", "/", " : ", " divided by ", " over "];

    public Kind Kind => Kind.Arithmetic;

    public void Append(Draft draft)
    {
        // Sums are short: several in one conversation use a document better.
        int exchanges = draft.HasExchange
            ? 1
            : draft.Random.Below(10) switch
            {
                < 5 => 1,
                < 8 => 2,
                _ => 3,
            };
        for (int i = 0; i < exchanges; i++)
        {
            AppendOne(draft);
        }
    }

    /// <summary>The key of a sum (either order) or a difference.</summary>
    public static ulong Key(char operation, int a, int b) =>
        operation == '+'
            ? HoldOut.Key(Kind.Arithmetic, '+', Math.Min(a, b), Math.Max(a, b))
            : HoldOut.Key(Kind.Arithmetic, '-', a, b);

    private static void AppendOne(Draft draft)
    {
        KeyedRandom random = draft.Random;
        int form = random.Below(100);
        if (draft.Pool == Pool.HeldOut)
        {
            form = random.Below(74);
        }

        if (form < 10)
        {
            Sum(draft, 20);
        }
        else if (form < 31)
        {
            Sum(draft, 99);
        }
        else if (form < 42)
        {
            Difference(draft, 20);
        }
        else if (form < 74)
        {
            Difference(draft, 99);
        }
        else if (form < 77)
        {
            int most = random.Chance(50) ? 20 : 99;
            int a = random.Below(most);
            int b = random.Between(a + 1, most);
            Ask(draft, a, b, '-', Minus, Differences, BelowZero, 0);
        }
        else if (form < 91)
        {
            int a = random.Between(0, 12);
            int b = random.Between(0, 12);
            Ask(draft, a, b, 'x', Times, Products, Invariant(a, 'x', b, a * b), 0);
        }
        else
        {
            Refuse(draft);
        }
    }

    private static void Sum(Draft draft, int most)
    {
        int a;
        int b;
        ulong key;
        do
        {
            a = draft.Random.Between(0, most);
            b = draft.Random.Between(0, most);
            key = Key('+', a, b);
        } while (!draft.Allows(key));
        Ask(draft, a, b, '+', Plus, Additions, Invariant(a, '+', b, a + b), key);
        GoOn(draft, a + b);
    }

    private static void Difference(Draft draft, int most)
    {
        int a;
        int b;
        ulong key;
        bool borrow = draft.Random.Chance(40);
        do
        {
            int first = draft.Random.Between(0, most);
            int second = draft.Random.Between(0, most);
            (a, b) = (Math.Max(first, second), Math.Min(first, second));
            key = Key('-', a, b);
        } while (!draft.Allows(key) || (borrow && a % 10 >= b % 10));
        Ask(draft, a, b, '-', Minus, Differences, Invariant(a, '-', b, a - b), key);
        GoOn(draft, a - b);
    }

    /// <summary>Sometimes asks to add to the last result or to take from it.</summary>
    private static void GoOn(Draft draft, int result)
    {
        KeyedRandom random = draft.Random;
        if (draft.Pool == Pool.HeldOut || !random.Chance(8) || result > 99)
        {
            return;
        }

        bool plus = random.Chance(50);
        int number = random.Between(0, plus ? 20 : result);
        ulong key = Key(plus ? '+' : '-', result, number);
        if (draft.Allows(key))
        {
            string answer = plus
                ? Invariant(result, '+', number, result + number)
                : Invariant(result, '-', number, result - number);
            draft.Ask(
                (plus ? AndPlus : AndMinus).Pick(random),
                answer,
                key,
                Noise.Typos,
                Digits(number),
                opening: false
            );
        }
    }

    private static void Refuse(Draft draft)
    {
        KeyedRandom random = draft.Random;
        switch (random.Below(9))
        {
            case 0 or 1 or 2 or 3:
                int large = random.Chance(70) ? random.Between(100, 999) : random.Between(1000, 99999);
                int other = random.Chance(55) ? random.Between(100, 999) : random.Between(1, 99);
                bool largeFirst = random.Chance(60);
                bool plus = random.Chance(60);
                Ask(
                    draft,
                    largeFirst ? large : other,
                    largeFirst ? other : large,
                    plus ? '+' : '-',
                    plus ? Plus : Minus,
                    plus ? Additions : Differences,
                    TooLarge,
                    0
                );
                break;
            case 4 or 5:
                int beyond = random.Chance(70) ? random.Between(13, 99) : random.Between(100, 999);
                int factor = random.Between(2, 99);
                bool first = random.Chance(60);
                Ask(draft, first ? beyond : factor, first ? factor : beyond, 'x', Times, Products, BeyondTable, 0);
                break;
            case 6:
                string[] signs = random.Chance(60) ? Plus : Minus;
                string whole = Digits(random.Between(0, 50));
                string broken = $"{Digits(random.Between(0, 20))}.{Digits(random.Between(1, 9))}";
                string sign = random.Pick(signs);
                draft.Ask(
                    Frames.Pick(random),
                    TooLarge,
                    0,
                    Noise.Typos,
                    random.Chance(50) ? broken + sign + whole : whole + sign + broken
                );
                break;
            case 7:
                Ask(draft, random.Between(1, 100), random.Between(1, 12), '/', Over, Quotients, NoDivision, 0);
                break;
            default:
                string three =
                    Digits(random.Between(0, 50))
                    + random.Pick(random.Chance(70) ? Plus : Minus)
                    + Digits(random.Between(0, 50))
                    + random.Pick(random.Chance(70) ? Plus : Times)
                    + Digits(random.Between(0, 50));
                draft.Ask(Frames.Pick(random), TwoNumbers, 0, Noise.Typos, three);
                break;
        }
    }

    private static void Ask(
        Draft draft,
        int a,
        int b,
        char sign,
        string[] signs,
        PhraseBook special,
        string answer,
        ulong key
    )
    {
        KeyedRandom random = draft.Random;
        bool inWords = a < 100 && b < 100 && random.Chance(14);
        string first = inWords ? NumberWords.Of(a) : Digits(a);
        string second = inWords != random.Chance(2) && b < 100 ? NumberWords.Of(b) : Digits(b);
        if (random.Chance(28))
        {
            // "The difference between 3 and 8" is 5 to most people: such wordings are only for differences that stay
            // positive.
            if (sign != '-' || a >= b)
            {
                draft.Ask(special.Pick(random), answer, key, Noise.Typos, first, second);
                return;
            }
        }

        string operation = inWords ? signs[^1] : random.Pick(signs);
        draft.Ask(Frames.Pick(random), answer, key, Noise.Typos, first + operation + second);
    }

    private static string Invariant(int a, char sign, int b, int result) =>
        string.Create(CultureInfo.InvariantCulture, $"{a} {sign} {b} = {result}");

    private static string Digits(int value) => value.ToString(CultureInfo.InvariantCulture);
}
