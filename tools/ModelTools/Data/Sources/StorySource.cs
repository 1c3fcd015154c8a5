using DeterministicInference.ModelTools.Data.Tables;

namespace DeterministicInference.ModelTools.Data.Sources;

/// <summary>
/// Very short stories about a given subject. Place, friend and plot follow from the first and last letters of the
/// subject, so that every request has one answer and the rule can be learnt for subjects that were never seen. Held out
/// by subject.
/// </summary>
internal sealed class StorySource : IExchangeSource
{
    private static readonly PhraseBook About = new(
        "tell me a story about {a}",
        "tell a story about {a}",
        "(tell|write|give|make) me a (story|short story|little story|tiny story|nice story) about {a}",
        "write a (story|short story|very short story|little story) about {a}",
        "(can you|could you) (tell|write) (me |)a (story|short story) about {a}?",
        "a story about {a}",
        "a (short|little|tiny|funny|good) story about {a}",
        "(make up|invent|create) a (story|short story) about {a}",
        "I want (to hear |)a story about {a}",
        "story about {a}",
        "do you know a (story|short story) about {a}?",
        "tell me (something|a tale|a fairy tale|a bedtime story) about {a}",
        "tell me a tale of {a}",
        "a (tale|fairy tale|bedtime story) about {a}",
        "(tell|write) a (story|short story) with {a}",
        "I would like a story about {a}",
        "how about a story about {a}?",
        "(tell|read) us a story about {a}",
        "story: {a}",
        "now a story about {a}",
        "what about a story about {a}?",
        "please write something like a story about {a}",
        "short story about {a}",
        "tell me a short bedtime story about {a}"
    );

    private static readonly PhraseBook Compound = new(
        "tell me a {a} story",
        "a {a} story",
        "(tell|write|give) me a (short |little |){a} story",
        "{a} story",
        "(can you|could you) tell me a {a} story?",
        "do you know a {a} story?",
        "I want a {a} story",
        "make up a {a} story"
    );

    private readonly TopicSource _withoutSubject = new(Kind.Story, StoryTables.WithoutSubject);

    public Kind Kind => Kind.Story;

    public void Append(Draft draft)
    {
        KeyedRandom random = draft.Random;
        if (draft.Pool == Pool.Training && random.Chance(14))
        {
            _withoutSubject.Append(draft);
            return;
        }

        string noun;
        ulong key;
        do
        {
            noun = random.Chance(72) ? random.Pick(WordLists.Subjects) : draft.Words.Invented(random);
            key = Key(noun);
        } while (noun.Length < 3 || !draft.Allows(key));
        switch (random.Below(20))
        {
            case < 9:
                Ask(draft, About, A(noun), Singular(noun), key);
                break;
            case < 13:
                string described = $"{random.Pick(WordLists.Adjectives)} {noun}";
                described = random.Chance(25) ? $"{random.Pick(WordLists.Adjectives)} {described}" : described;
                Ask(draft, About, A(described), Singular(described), key);
                break;
            case < 14:
                Ask(draft, About, "the " + noun, Singular(noun), key);
                break;
            case < 15:
                Ask(draft, Compound, noun, Singular(noun), key);
                break;
            case < 17 when HasPlainPlural(noun):
                string several = noun + "s";
                Ask(
                    draft,
                    About,
                    several,
                    Tell(several, $"there were two {several}", $"The {several}", $"the {several}", null),
                    key
                );
                break;
            case < 18:
                AskName(draft);
                break;
            default:
                string friend = random.Pick(WordLists.Subjects);
                if (friend != noun && HoldOut.Allows(Pool.Training, Key(friend)))
                {
                    string pair = Tell(noun, "there was " + A(noun), "The " + noun, "the " + noun, A(friend));
                    Ask(draft, About, $"{A(noun)} and {A(friend)}", pair, key);
                }
                else
                {
                    Ask(draft, About, A(noun), Singular(noun), key);
                }

                break;
        }
    }

    public static ulong Key(string noun) => HoldOut.Key(Kind.Story, 's', noun);

    /// <summary>The story about one subject without a name.</summary>
    public static string Singular(string subject) =>
        Tell(subject, "there was " + A(subject), "The " + subject, "the " + subject, null);

    private static void AskName(Draft draft)
    {
        string name;
        ulong key;
        do
        {
            name = draft.Words.Name(draft.Random);
            key = Key(name);
        } while (name.Length < 3 || !draft.Allows(key));
        Ask(draft, About, name, Tell(name, "there was somebody named " + name, name, name, null), key);
    }

    private static void Ask(Draft draft, PhraseBook book, string shown, string story, ulong key) =>
        draft.Ask(book.Pick(draft.Random), story, key, Noise.Typos, shown);

    private static string Tell(string subject, string opening, string atStart, string inside, string? friend)
    {
        int first = char.ToLowerInvariant(subject[0]) - 'a';
        int last = char.ToLowerInvariant(subject[^1]) - 'a';
        friend ??= StoryTables.Friends[first % StoryTables.Friends.Length];
        string plot = StoryTables
            .Plots[first % StoryTables.Plots.Length]
            .Replace("{S}", atStart, StringComparison.Ordinal)
            .Replace("{s}", inside, StringComparison.Ordinal)
            .Replace("{p}", StoryTables.Places[last % StoryTables.Places.Length], StringComparison.Ordinal)
            .Replace("{f}", friend, StringComparison.Ordinal)
            .Replace("{F}", WordSource.Capitalized(friend), StringComparison.Ordinal);
        return $"Once upon a time {opening}. {plot}";
    }

    private static bool HasPlainPlural(string noun) =>
        noun[^1] is not ('s' or 'x' or 'y' or 'f' or 'h' or 'z')
        && noun is not ("man" or "woman" or "child" or "mouse" or "goose" or "sheep" or "fish" or "deer");

    private static string A(string noun) =>
        "aeiou".Contains(noun[0], StringComparison.Ordinal) ? "an " + noun : "a " + noun;
}
