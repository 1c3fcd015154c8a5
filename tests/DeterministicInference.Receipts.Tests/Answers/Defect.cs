namespace DeterministicInference.Receipts.Tests.Answers;

/// <summary>What a second reader may be made to get wrong.</summary>
internal enum Defect
{
    None,

    /// <summary>A choice without an index is the first one.</summary>
    IndexIsZero,

    /// <summary><c>reasoning</c> is not read.</summary>
    OneReasoning,

    /// <summary>A call may have a second name.</summary>
    ManyNames,
}
