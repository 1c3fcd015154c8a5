namespace DeterministicInference.ModelTools.Data;

/// <summary>A conversation under construction, with the choices that all its parts share.</summary>
internal sealed class Draft(KeyedRandom random, Pool pool, bool typed, WordSource words)
{
    private readonly List<Turn> _turns = [];
    private readonly List<ulong> _keys = [];
    private readonly UserText _text = new();

    public KeyedRandom Random { get; } = random;

    public Pool Pool { get; } = pool;

    public WordSource Words { get; } = words;

    public bool HasExchange => _keys.Count > 0;

    public string LastAnswer => _turns[^1].Text;

    /// <summary>A high guess of the tokens so far: letters come about three to a token, other signs alone.</summary>
    public int EstimatedTokens { get; private set; }

    public void AddSystem(string text) => Add(Role.System, text);

    /// <summary>Draws keys until one belongs to the pool. The draw must be able to reach both pools.</summary>
    public bool Allows(ulong key) => HoldOut.Allows(Pool, key);

    /// <summary>Adds one exchange whose question is a wording with its slots filled.</summary>
    /// <param name="phrase">The wording.</param>
    /// <param name="answer">The only right answer.</param>
    /// <param name="key">The question's key, or zero.</param>
    /// <param name="noise">What may be changed in the wording.</param>
    /// <param name="a">Text of slot a; b and c likewise.</param>
    /// <param name="b">Text of slot b.</param>
    /// <param name="c">Text of slot c.</param>
    /// <param name="opening">False if the wording stands alone, without words such as "please" before it.</param>
    /// <param name="endMark">False if an end mark could be read as a part of the slot's text.</param>
    public void Ask(
        Phrase phrase,
        string answer,
        ulong key,
        Noise noise,
        string a = "",
        string b = "",
        string c = "",
        bool opening = true,
        bool endMark = true
    )
    {
        _text.Clear();
        bool asks = opening ? Openings.Write(_text, Random, phrase) : phrase.IsQuestion;
        phrase.Write(_text, a, b, c);
        if (opening && endMark && asks == phrase.IsQuestion && phrase.TakesPlease && Random.Chance(9))
        {
            _text.Append(Random.Chance(50) ? " please" : ", please");
        }

        // A request ends with a full stop in less than half of all cases even before the noise.
        char mark =
            !endMark ? '\0'
            : asks ? '?'
            : Random.Chance(60) ? '.'
            : '\0';
        Add(Role.User, _text.Finish(Random, typed ? noise : Noise.CasingOnly, mark));
        Add(Role.Assistant, answer);
        _keys.Add(key);
    }

    public Conversation Finish(Kind kind) => new(_turns, kind, _keys);

    private void Add(Role role, string text)
    {
        int letters = 0;
        foreach (char c in text)
        {
            letters += char.IsAsciiLetter(c) ? 1 : 0;
        }

        EstimatedTokens += 2 + (letters / 3) + (text.Length - letters);
        _turns.Add(new Turn(role, text));
    }
}
