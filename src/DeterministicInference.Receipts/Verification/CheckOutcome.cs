namespace DeterministicInference.Receipts.Verification;

/// <summary>How a check went.</summary>
public enum CheckOutcome
{
    /// <summary>What was given agrees with the statement.</summary>
    Passed,

    /// <summary>It does not.</summary>
    Failed,

    /// <summary>Nothing was given to check, or what is needed for it is missing.</summary>
    NotChecked,
}
