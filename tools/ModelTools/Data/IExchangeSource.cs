namespace DeterministicInference.ModelTools.Data;

/// <summary>Writes questions and answers of one kind.</summary>
internal interface IExchangeSource
{
    Kind Kind { get; }

    /// <summary>Adds one exchange (or a few that belong together) from the draft's pool.</summary>
    void Append(Draft draft);
}
