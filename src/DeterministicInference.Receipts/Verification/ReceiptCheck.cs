namespace DeterministicInference.Receipts.Verification;

/// <summary>The checks of a receipt, in their order.</summary>
public enum ReceiptCheck
{
    /// <summary>The checkpoint of the log is signed by the key.</summary>
    Signature,

    /// <summary>The log of this checkpoint contains the statement.</summary>
    Inclusion,

    /// <summary>
    /// The key has not been revoked, or was after this checkpoint, which is the last one of its log.
    /// </summary>
    Revocation,

    /// <summary>Enough witnesses have cosigned the checkpoint. Made where a policy is given.</summary>
    Witnesses,

    /// <summary>The key was good when the checkpoint was signed. Made where the verifier limits it.</summary>
    Validity,

    /// <summary>The statement is of a known version and has all its members.</summary>
    Statement,

    /// <summary>The id beside the statement is the one in it, and the one that the salt gives.</summary>
    ReceiptId,

    /// <summary>The request is the one that the statement commits to.</summary>
    Request,

    /// <summary>The output is the one that the statement commits to.</summary>
    Output,

    /// <summary>The log-probabilities are the ones that the statement commits to.</summary>
    Logprobs,

    /// <summary>The members of the answer that no form reads are the ones that the statement commits to.</summary>
    Extras,

    /// <summary>The counts of tokens that the answer names are the sealed ones.</summary>
    Usage,

    /// <summary>The model that the answer names is the sealed one.</summary>
    Model,

    /// <summary>The generated tokens are the ones that the statement binds.</summary>
    Tokens,

    /// <summary>The prompt's tokens are the ones that the statement binds.</summary>
    Prompt,

    /// <summary>The trail is the one that the statement binds.</summary>
    Trail,

    /// <summary>The environment document is the one that the statement names.</summary>
    Environment,
}

/// <summary>How a check went.</summary>
public enum CheckOutcome
{
    /// <summary>What was given agrees with the statement.</summary>
    Passed,

    /// <summary>It does not.</summary>
    Failed,

    /// <summary>Nothing contradicts, but what was asked for is not there.</summary>
    NotMet,

    /// <summary>Nothing was given to check, or what is needed for it is missing.</summary>
    NotChecked,
}

/// <summary>One check and how it went.</summary>
/// <param name="Check">Which.</param>
/// <param name="Outcome">How it went.</param>
/// <param name="Detail">Why it failed, was not met or was not made; empty if it passed.</param>
public sealed record CheckResult(ReceiptCheck Check, CheckOutcome Outcome, string Detail)
{
    /// <summary>
    /// Why it failed, was not met or was not made; empty if it passed. Control characters of what was received are
    /// escaped.
    /// </summary>
    public string Detail { get; init; } = OneLine.Of(Detail);
}
