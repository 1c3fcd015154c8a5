namespace DeterministicInference.Receipts.Statements;

/// <summary>How an answer came about, as the operator says.</summary>
public enum AnswerExecution
{
    /// <summary>The engine computed it for this request.</summary>
    Executed,

    /// <summary>It is the stored answer to an equal request.</summary>
    Memo,

    /// <summary>It is the answer to an equal request that was running.</summary>
    Coalesced,
}
