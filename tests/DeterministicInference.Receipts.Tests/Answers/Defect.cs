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

    /// <summary>A choice may have text behind its finish reason.</summary>
    TextBehindEnd,

    /// <summary>Choices of one stream may have an index or none.</summary>
    BothWays,

    /// <summary>A choice of several may lack its index.</summary>
    IndexIsPosition,

    /// <summary>Extras stay in the order of the text.</summary>
    UnsortedExtras,

    /// <summary>Other members count in messages alone.</summary>
    ExtrasOfMessages,
}
