using DeterministicInference.ModelTools.Data.Sources;
using DeterministicInference.ModelTools.Data.Tables;

namespace DeterministicInference.ModelTools.Data;

/// <summary>
/// The endless training data: document i depends on the seed, i and the vocabulary's pieces only. All text is written
/// by this project. A third of the documents has several exchanges, a sixth starts with a system turn.
/// </summary>
/// <param name="seed">Chooses the data set.</param>
/// <param name="pieces">
/// The letter pieces of the vocabulary (see <see cref="Tokenizer.Vocabulary.LetterPieces"/>), so that each is spelled
/// in the data.
/// </param>
/// <param name="typed">False for clean text: no typing mistakes and no capitals.</param>
/// <param name="invented">False for data without invented words.</param>
internal sealed class Corpus(ulong seed, IReadOnlyList<string> pieces, bool typed = true, bool invented = true)
{
    /// <summary>
    /// An exchange is added only while the estimate is below this; the longest exchange is about 120.
    /// </summary>
    private const int RoomForMore = 95;

    private static readonly IExchangeSource[] Sources = CreateSources();

    /// <summary>Parts of the mix, in the order of <see cref="Kind"/>.</summary>
    private static readonly int[] Mix = [9, 21, 26, 14, 20, 9, 7, 10, 9, 4];

    private static readonly int Total = Mix.Sum();

    private readonly WordSource _words = new(pieces, invented);

    /// <summary>Training document <paramref name="index"/>, which ends with an assistant turn.</summary>
    public Conversation Document(long index)
    {
        KeyedRandom random = new(seed, (ulong)index);
        Draft draft = new(random, Pool.Training, typed, _words);
        if (random.Chance(17))
        {
            draft.AddSystem(SystemPrompts.Draw(random));
        }

        int exchanges = random.Below(100) switch
        {
            < 66 => 1,
            < 84 => 2,
            < 94 => 3,
            _ => 4,
        };
        Kind kind;
        do
        {
            IExchangeSource source = Draw(random);
            source.Append(draft);
            kind = source.Kind;
            exchanges--;
        } while (exchanges > 0 && draft.EstimatedTokens < RoomForMore);
        return draft.Finish(kind);
    }

    /// <summary>
    /// Held-out question <paramref name="index"/> of a kind, with the expected answer as the last turn.
    /// </summary>
    public Conversation HeldOut(Kind kind, long index)
    {
        KeyedRandom random = new(KeyedRandom.Mix(seed ^ 0x48454C444F5554) + (ulong)kind, (ulong)index);
        Draft draft = new(random, Pool.HeldOut, typed: false, _words);
        Sources[(int)kind].Append(draft);
        return FirstExchanges(draft.Finish(kind));
    }

    /// <summary>
    /// Of several independent exchanges only the first makes a prompt; those about a name belong together.
    /// </summary>
    private static Conversation FirstExchanges(Conversation conversation) =>
        conversation.Kind == Kind.Memory
            ? conversation
            : conversation with
            {
                Turns = [.. conversation.Turns.Take(2)],
                Keys = [conversation.Keys[0]],
            };

    private static IExchangeSource Draw(KeyedRandom random)
    {
        int at = random.Below(Total);
        int kind = 0;
        while (at >= Mix[kind])
        {
            at -= Mix[kind++];
        }

        return Sources[kind];
    }

    private static IExchangeSource[] CreateSources()
    {
        TopicSource greetings = new(Kind.Greeting, GreetingTopics.All);
        TopicSource server = new(Kind.Server, ServerTopics.All, RunningTopics.All, RequestTopics.All);
        ArithmeticSource arithmetic = new();
        EchoSource echo = new();
        SpellingSource spelling = new();
        CountingSource counting = new();
        FactSource facts = new();
        RefusalSource refusals = new();
        return
        [
            greetings,
            server,
            arithmetic,
            echo,
            spelling,
            counting,
            new StorySource(),
            facts,
            refusals,
            new MemorySource([greetings, server, arithmetic, echo, spelling, facts, refusals]),
        ];
    }
}
