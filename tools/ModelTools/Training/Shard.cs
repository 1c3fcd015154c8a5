namespace DeterministicInference.ModelTools.Training;

/// <summary>Documents that one worker processes in one pass, one token per row.</summary>
internal sealed class Shard
{
    /// <summary>Marks a row whose next token does not count.</summary>
    public const int NoTarget = -1;

    private readonly List<int> _tokens = [];
    private readonly List<int> _targets = [];
    private readonly List<(int Start, int Length)> _documents = [];

    /// <summary>The token of each row.</summary>
    public IReadOnlyList<int> Tokens => _tokens;

    /// <summary>The token that each row has to predict, or <see cref="NoTarget"/>.</summary>
    public IReadOnlyList<int> Targets => _targets;

    /// <summary>The rows of each document; its first token has position 0.</summary>
    public IReadOnlyList<(int Start, int Length)> Documents => _documents;

    /// <summary>Number of rows that have a target.</summary>
    public int TargetCount { get; private set; }

    /// <summary>Appends the first <paramref name="length"/> tokens of a document.</summary>
    public void Add(TrainingDocument document, int length)
    {
        _documents.Add((_tokens.Count, length));
        for (int i = 0; i < length; i++)
        {
            bool counts = i + 1 < length && document.IsTarget[i + 1];
            _tokens.Add(document.Tokens[i]);
            _targets.Add(counts ? document.Tokens[i + 1] : NoTarget);
            if (counts)
                TargetCount++;
        }
    }
}
