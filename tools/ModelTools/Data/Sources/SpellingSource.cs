using System.Collections.Frozen;
using System.Globalization;
using DeterministicInference.ModelTools.Data.Tables;

namespace DeterministicInference.ModelTools.Data.Sources;

/// <summary>
/// Spelling, counting letters, first and last letter, and words backwards. The model reads word pieces, not letters, so
/// answers that need letters spell the word first, and every piece of the vocabulary is spelled on its own too. A
/// listed word or name is held out per operation (another operation still spells it), an invented word in all
/// operations.
/// </summary>
internal sealed class SpellingSource : IExchangeSource
{
    private static readonly PhraseBook Spell = new(
        "spell {a}",
        "spell the (word|name) {a}",
        "how (do|would|can) you spell {a}?",
        "how is {a} (spelled|spelt|written)?",
        "spell: {a}",
        "spell out {a}",
        "spell out the word {a}",
        "what is the spelling of {a}?",
        "(give|tell|show) me the (spelling|letters) of {a}",
        "what are the letters (of|in) {a}?",
        "how do I spell {a}?",
        "how do I (write|spell) the word {a}?",
        "spell {a} (letter by letter|for me|out loud)",
        "(list|write|say) the letters (of|in) {a}",
        "(split|break) {a} into (letters|its letters)",
        "which letters are in {a}?",
        "and how do you spell {a}?",
        "spell the word: {a}",
        "spell the following word: {a}",
        "(I need|I want) the spelling of {a}"
    );

    /// <summary>Goes on with another word.</summary>
    private static readonly PhraseBook AndAnother = new(
        "and {a}?",
        "now {a}",
        "(and |)what about {a}?",
        "and the word {a}?",
        "and now {a}",
        "how about {a}?"
    );

    private static readonly PhraseBook Count = new(
        "how many letters (are in|are there in|has) {a}?",
        "how many letters are (in|there in) the word {a}?",
        "count the letters (in|of) {a}",
        "count the letters in the word {a}",
        "how long is the word {a}?",
        "how many letters does {a} have?",
        "how many letters does the word {a} have?",
        "(give|tell) me the number of letters in {a}",
        "what is the (length|number of letters) of {a}?",
        "the word {a} has how many letters?",
        "how many characters (are in|has) {a}?",
        "letter count of {a}",
        "how many letters in {a}?"
    );

    private static readonly PhraseBook First = new(
        "what is the first letter of {a}?",
        "what is the first letter (of|in) the word {a}?",
        "(tell|give) me the first letter of {a}",
        "which letter does {a} (start|begin) with?",
        "what letter does {a} (start|begin) with?",
        "first letter of {a}",
        "what does the word {a} (start|begin) with?",
        "name the first letter of {a}",
        "the first letter of {a} is what?"
    );

    private static readonly PhraseBook Last = new(
        "what is the last letter of {a}?",
        "what is the last letter (of|in) the word {a}?",
        "(tell|give) me the (last|final) letter of {a}",
        "which letter does {a} end with?",
        "what letter does {a} end (with|in)?",
        "last letter of {a}",
        "what does the word {a} end with?",
        "name the last letter of {a}",
        "the last letter of {a} is what?"
    );

    private static readonly PhraseBook Reverse = new(
        "reverse {a}",
        "reverse the word {a}",
        "spell {a} backwards",
        "spell the word {a} (backwards|in reverse)",
        "what is {a} (backwards|in reverse|reversed|spelled backwards)?",
        "(write|say) {a} backwards",
        "how do you (spell|write) {a} backwards?",
        "(give|tell) me {a} backwards",
        "turn the word {a} around",
        "reverse the letters (of|in) {a}",
        "reverse: {a}",
        "{a} backwards"
    );

    private static readonly PhraseBook Occurrences = new(
        "how many {b} are in {a}?",
        "how many {b}'s are in {a}?",
        "how many {b}s are (in|there in) {a}?",
        "how many {b} are (there in|in the word) {a}?",
        "how many times does {b} (occur|appear) in {a}?",
        "count the letter {b} in {a}",
        "how often (is the letter {b} in|does {b} occur in) {a}?",
        "how many {b}'s are in the word {a}?",
        "how many letters {b} are in {a}?",
        "how many times is the letter {b} in {a}?"
    );

    private static readonly FrozenSet<string> Known = WordLists
        .All.Concat(WordLists.Names)
        .ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    public Kind Kind => Kind.Spelling;

    public void Append(Draft draft)
    {
        int exchanges = draft.HasExchange || draft.Random.Chance(60) ? 1 : 2;
        for (int i = 0; i < exchanges; i++)
        {
            AppendOne(draft);
        }
    }

    /// <summary>The letters joined by hyphens.</summary>
    public static string Letters(string word, bool backwards = false)
    {
        Span<char> text = stackalloc char[(2 * word.Length) - 1];
        text.Fill('-');
        for (int i = 0; i < word.Length; i++)
        {
            text[2 * i] = word[backwards ? word.Length - 1 - i : i];
        }

        return new string(text);
    }

    private static void AppendOne(Draft draft)
    {
        KeyedRandom random = draft.Random;
        if (draft.Pool == Pool.Training && draft.Words.HasPieces && random.Chance(30))
        {
            AppendPiece(draft);
            return;
        }

        while (true)
        {
            char operation = random.Below(20) switch
            {
                < 9 => 's',
                < 12 => 'n',
                < 14 => 'f',
                < 16 => 'l',
                < 18 => 'r',
                _ => 'o',
            };
            bool listed = random.Chance(66);
            string word = listed ? ListedWord(random) : draft.Words.Invented(random);
            if (word.Length < 2)
            {
                continue;
            }

            ulong key = Key(operation, word);
            if (draft.Allows(key))
            {
                word = Cased(random, word);
                Ask(draft, operation, word, Shown(random, word), key);
                return;
            }
        }
    }

    private static ulong Key(char operation, string word) =>
        HoldOut.Key(Kind.Spelling, Known.Contains(word) ? operation : 'w', word);

    /// <summary>
    /// Spells one piece of the vocabulary: after a space if it starts with one, after a quotation mark if not. A piece
    /// that is a listed word is asked for in an operation that is not held out.
    /// </summary>
    private static void AppendPiece(Draft draft)
    {
        string piece = draft.Words.Piece(draft.Random);
        string word = piece.TrimStart();
        string shown = word == piece ? $"\"{word}\"" : word;
        if (!Known.Contains(word))
        {
            Ask(draft, word.Length < 2 ? 'f' : 's', word, shown, 0);
            return;
        }

        foreach (char operation in "snrlf")
        {
            ulong key = Key(operation, word);
            if (draft.Allows(key))
            {
                Ask(draft, operation, word, shown, key);
                return;
            }
        }
    }

    private static string Shown(KeyedRandom random, string word) =>
        random.Chance(20) ? $"\"{word}\""
        : random.Chance(5) ? $"'{word}'"
        : word;

    private static string ListedWord(KeyedRandom random) =>
        random.Chance(85) ? WordSource.Listed(random) : random.Pick(WordLists.Names);

    private static string Cased(KeyedRandom random, string word) =>
        random.Below(20) switch
        {
            < 16 => word,
            < 19 => WordSource.Capitalized(word),
            _ => word.ToUpperInvariant(),
        };

    private static void Ask(Draft draft, char operation, string word, string shown, ulong key)
    {
        KeyedRandom random = draft.Random;
        switch (operation)
        {
            case 's':
                draft.Ask(Spell.Pick(random), Letters(word), key, Noise.Typos, shown);
                if (draft.Pool == Pool.Training && random.Chance(8))
                {
                    AskAnother(draft);
                }

                break;
            case 'n':
                draft.Ask(
                    Count.Pick(random),
                    $"{Letters(word)} has {Number(word.Length)} letters.",
                    key,
                    Noise.Typos,
                    shown
                );
                break;
            case 'f':
                draft.Ask(First.Pick(random), $"The first letter of {word} is {word[0]}.", key, Noise.Typos, shown);
                break;
            case 'l':
                draft.Ask(Last.Pick(random), $"The last letter of {word} is {word[^1]}.", key, Noise.Typos, shown);
                break;
            case 'r':
                string backwards = $"{Letters(word)} backwards is {Letters(word, backwards: true)}.";
                draft.Ask(Reverse.Pick(random), backwards, key, Noise.Typos, shown);
                break;
            default:
                AskOccurrences(draft, word, shown, key);
                break;
        }
    }

    private static void AskAnother(Draft draft)
    {
        string word = ListedWord(draft.Random);
        ulong key = Key('s', word);
        if (draft.Allows(key))
        {
            draft.Ask(AndAnother.Pick(draft.Random), Letters(word), key, Noise.Typos, word, opening: false);
        }
    }

    private static void AskOccurrences(Draft draft, string word, string shown, ulong key)
    {
        KeyedRandom random = draft.Random;
        char letter = random.Chance(85) ? word[random.Below(word.Length)] : (char)('a' + random.Below(26));
        letter = char.ToLowerInvariant(letter);
        int count = 0;
        foreach (char c in word)
        {
            count += char.ToLowerInvariant(c) == letter ? 1 : 0;
        }

        string answer = $"{Letters(word)} has the letter {letter} {Number(count)} {(count == 1 ? "time" : "times")}.";
        draft.Ask(Occurrences.Pick(random), answer, key, Noise.Typos, shown, letter.ToString());
    }

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
}
