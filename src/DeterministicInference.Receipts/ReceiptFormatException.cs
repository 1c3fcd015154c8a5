namespace DeterministicInference.Receipts;

/// <summary>A receipt, statement or environment document is malformed. The message names the member.</summary>
/// <param name="member">Such as <c>statement.predicate.request.commitment</c>.</param>
/// <param name="what">What is wrong with it.</param>
internal sealed class ReceiptFormatException(string member, string what) : Exception($"'{member}' {what}.")
{
    /// <summary>The member, such as <c>statement.predicate.request.commitment</c>.</summary>
    public string Member { get; } = member;

    /// <summary>
    /// The document is of a kind or version that this library does not know: probably made by a newer one.
    /// </summary>
    public bool IsUnknownVersion { get; internal init; }
}
