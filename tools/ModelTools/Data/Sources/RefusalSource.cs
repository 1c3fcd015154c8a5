using DeterministicInference.ModelTools.Data.Tables;

namespace DeterministicInference.ModelTools.Data.Sources;

/// <summary>
/// Refusals: the listed ones, questions about things that the model cannot know (held out by the thing asked about),
/// and words without sense.
/// </summary>
internal sealed class RefusalSource : IExchangeSource
{
    private static readonly PhraseBook AboutThing = new(
        "what is a {a}?",
        "what is {a}?",
        "(tell me|what do you know) (about|about the) {a}",
        "(explain|describe) {a}",
        "where (is|can I find|can I buy) (a |the |){a}?",
        "how do I (make|build|fix|clean|cook|draw|buy|find) a {a}?",
        "how (old|big|tall|heavy|fast|expensive) is (a |the |){a}?",
        "why (is|does) the {a} (red|big|loud|sleep|sing|move)?",
        "what does (a |the |){a} (eat|cost|do|look like|mean)?",
        "who (made|found|discovered|painted|owns|bought) the {a}?",
        "when was the {a} (made|found|built|born)?",
        "how many {a}s are there?",
        "do you know (anything about |)(a |the |){a}?",
        "is {a} (good|bad|expensive|dangerous|healthy)?",
        "how does a {a} work?",
        "what are {a}s?"
    );

    private static readonly PhraseBook AboutName = new(
        "who is {a}?",
        "who was {a}?",
        "(tell me|what do you know) about {a}",
        "where (is|was|lies) {a}?",
        "do you know {a}?",
        "when (was|is) {a} (born|founded)?",
        "how old is {a}?",
        "what did {a} (do|write|say|invent)?",
        "how (far|big) is {a}?",
        "what is {a} (known|famous) for?",
        "who wrote {a}?",
        "is {a} (nice|famous|a person|a city)?",
        "what is the (population|president|history|flag) of {a}?",
        "where does {a} live?",
        "what is the capital of {a}?"
    );

    private static readonly PhraseBook Nonsense = new("{a}");

    /// <summary>Things that no other kind of question is about.</summary>
    private static readonly string[] Things =
    [
        .. WordLists.Subjects.Except(WordLists.Computing).Where(noun => noun is not ("robot" or "seed")),
    ];

    private readonly TopicSource _topics = new(Kind.Refusal, RefusalTopics.All);

    public Kind Kind => Kind.Refusal;

    public void Append(Draft draft)
    {
        KeyedRandom random = draft.Random;
        switch (random.Below(100))
        {
            case < 72:
                _topics.Append(draft);
                break;
            case < 82:
                Ask(draft, AboutThing, RefusalTopics.Unknown, Draw(draft, Thing));
                break;
            case < 93:
                Ask(draft, AboutName, RefusalTopics.Unknown, Draw(draft, Name));
                break;
            default:
                Ask(draft, Nonsense, RefusalTopics.Unclear, Draw(draft, Words));
                break;
        }
    }

    private static (string Text, ulong Key) Draw(Draft draft, Func<Draft, string> write)
    {
        string text;
        ulong key;
        do
        {
            text = write(draft);
            key = HoldOut.Key(Kind.Refusal, 'w', text);
        } while (text.Length < 3 || !draft.Allows(key));
        return (text, key);
    }

    private static void Ask(Draft draft, PhraseBook book, string answer, (string Text, ulong Key) drawn) =>
        draft.Ask(book.Pick(draft.Random), answer, drawn.Key, Noise.Typos, drawn.Text, opening: book != Nonsense);

    private static string Thing(Draft draft) =>
        draft.Random.Chance(45) ? draft.Words.Invented(draft.Random) : draft.Random.Pick(Things);

    private static string Name(Draft draft) =>
        draft.Random.Chance(30)
            ? $"{draft.Random.Pick(WordLists.Names)} {WordSource.Capitalized(draft.Words.Invented(draft.Random))}"
            : WordSource.Capitalized(draft.Words.Invented(draft.Random));

    private static string Words(Draft draft)
    {
        KeyedRandom random = draft.Random;
        if (random.Chance(30))
        {
            return EchoSource.Sentence(draft);
        }

        string text = draft.Words.Invented(random);
        int more = random.Below(4);
        for (int i = 0; i < more; i++)
        {
            text += " " + (random.Chance(50) ? random.Pick(WordLists.Subjects) : draft.Words.Invented(random));
        }

        return text;
    }
}
