namespace DeterministicInference.Receipts.Log;

/// <summary>What a line of the log says.</summary>
public enum LogEntryKind
{
    /// <summary>The first one: names the log and its key.</summary>
    Open,

    /// <summary>A receipt was issued.</summary>
    Receipt,
}
