namespace DeterministicInference.Receipts.Answers;

/// <summary>How an answer reached the client.</summary>
internal enum AnswerDelivery
{
    /// <summary>One JSON body.</summary>
    Json,

    /// <summary>Server-sent events.</summary>
    Sse,
}
