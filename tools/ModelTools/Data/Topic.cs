namespace DeterministicInference.ModelTools.Data;

/// <summary>One answer and the wordings of the question it belongs to.</summary>
internal sealed class Topic(string answer, params string[] lines)
{
    public string Answer { get; } = answer;

    public PhraseBook Wordings { get; } = new(lines);

    /// <summary>How often the topic is drawn, relative to the others of its table.</summary>
    public int Weight { get; init; } = 2;

    /// <summary>False for topics that stand alone: nobody says "please hello".</summary>
    public bool TakesOpening { get; init; } = true;
}
