namespace DeterministicInference.ModelTools.Data.Sources;

/// <summary>
/// Questions with a fixed answer each. The key is one wording; the first expansion of each line is always trained,
/// so that the most natural wordings are never missing.
/// </summary>
internal sealed class TopicSource : IExchangeSource
{
    private readonly Topic[] _drawn;

    public TopicSource(Kind kind, params Topic[][] tables)
    {
        Kind = kind;
        List<Topic> drawn = [];
        foreach (Topic topic in tables.SelectMany(table => table))
        {
            for (int i = 0; i < topic.Weight; i++)
            {
                drawn.Add(topic);
            }
        }

        _drawn = [.. drawn];
    }

    public Kind Kind { get; }

    public void Append(Draft draft)
    {
        while (true)
        {
            Topic topic = draft.Random.Pick(_drawn);
            Phrase phrase = topic.Wordings.Pick(draft.Random);
            ulong key = phrase.IsFirst ? 0 : HoldOut.Key(Kind, 't', phrase.Text);
            if (draft.Allows(key))
            {
                draft.Ask(phrase, topic.Answer, key, Noise.All, opening: topic.TakesOpening);
                return;
            }
        }
    }
}
