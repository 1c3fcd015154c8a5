namespace DeterministicInference.Receipts.Output;

/// <summary>The channels that a choice has once, in the order of the manifest.</summary>
internal enum Channel
{
    Text,
    Content,
    Reasoning,
    Refusal,
    CallName,
    CallArguments,
}
