namespace DeterministicInference.ModelTools.Data.Sources;

/// <summary>
/// The user's name over several turns: told, something else in between, asked for. Held out by name; asked without
/// having been told is a question of its own.
/// </summary>
internal sealed class MemorySource(IExchangeSource[] between) : IExchangeSource
{
    public const string NotTold = "You have not told me your name.";

    private static readonly PhraseBook Tell = new(
        "my name is {a}",
        "my name is {a}",
        "(I am|I'm) {a}",
        "(hi|hello|hey), my name is {a}",
        "(hi|hello|hey)(,|) (I am|I'm) {a}",
        "call me {a}",
        "you can call me {a}",
        "(people|my friends) call me {a}",
        "my name's {a}",
        "the name is {a}",
        "{a} is my name",
        "please call me {a}",
        "I am called {a}",
        "remember that my name is {a}",
        "remember my name: {a}",
        "(hello|hi), {a} here",
        "good morning, my name is {a}",
        "nice to meet you, I am {a}",
        "my name is {a} and I (am a developer|like cats|live in Berlin|am new here|work here|need help)",
        "(I am|I'm) {a}, (nice to meet you|a developer|and I need help|your new user)",
        "(I'm|I am) {a} and I (like music|am new here|am testing this|live in London)",
        "(hello|hi|hey), this is {a}",
        "this is {a}",
        "you are talking to {a}",
        "{a} here"
    );

    private static readonly PhraseBook TellAndRecall = new(
        "my name is {a}. (what is|what's) my name?",
        "(hi|hello|hey), my name is {a}. (what is|what's) my name?",
        "(I am|I'm) {a}. (what is my name|who am I)?",
        "call me {a}. (what is|what's) my name?",
        "my name is {a}. do you know my name?",
        "my name is {a}. (say|tell me|repeat) my name"
    );

    private static readonly PhraseBook Recall = new(
        "what is my name?",
        "what's my name?",
        "what is my name?",
        "do you (know|remember|recall) my name?",
        "(can you tell me|tell me|say) (my name|what my name is)",
        "who am I?",
        "what am I called?",
        "(how am I called|what did I say my name was|what was my name)?",
        "do you (know|remember) who I am?",
        "what did I tell you my name is?",
        "do you still know my name?",
        "and what is my name?",
        "my name is what?",
        "say my name",
        "what name did I (give|tell) you?",
        "which name is mine?"
    );

    public Kind Kind => Kind.Memory;

    public void Append(Draft draft)
    {
        KeyedRandom random = draft.Random;
        if (!draft.HasExchange && draft.Pool == Pool.Training && random.Chance(12))
        {
            Phrase untold = Recall.Pick(random);
            draft.Ask(untold, NotTold, 0, Noise.Typos);
            return;
        }

        string name;
        ulong key;
        do
        {
            name = draft.Words.Name(random);
            key = HoldOut.Key(Kind.Memory, 'n', name);
        } while (name.Length < 3 || !draft.Allows(key));
        if (random.Chance(10))
        {
            name = name.ToLowerInvariant();
        }

        if (random.Chance(15))
        {
            draft.Ask(TellAndRecall.Pick(random), $"Your name is {name}.", key, Noise.Typos, name, opening: false);
            return;
        }

        draft.Ask(
            Tell.Pick(random),
            $"Nice to meet you, {name}! How can I help you?",
            key,
            Noise.CasingOnly,
            name,
            opening: false
        );
        int others = random.Below(10) switch
        {
            < 4 => 0,
            < 8 => 1,
            _ => 2,
        };
        for (int i = 0; i < others && draft.EstimatedTokens < 120; i++)
        {
            random.Pick(between).Append(draft);
        }

        draft.Ask(Recall.Pick(random), $"Your name is {name}.", key, Noise.Typos);
    }
}
