using System.ComponentModel;

namespace DeterministicInference.Receipts.Verification;

/// <summary>
/// What a check of a receipt ends in. See <see cref="VerdictExitCode"/> for the command's exit codes.
/// </summary>
public enum Verdict
{
    /// <summary>All that was given agrees with the sealed statement. Nothing was computed again.</summary>
    Valid,

    /// <summary>The environment that the receipt names gave the same answer again.</summary>
    Reproduced,

    /// <summary>The receipt is of a kind or version that this library does not know.</summary>
    UnknownVersion,

    /// <summary>The deterministic environment that the receipt names gives another answer.</summary>
    Contradicted,

    /// <summary>The same answer came again, from another environment or one that promises nothing.</summary>
    Corroborated,

    /// <summary>Neither shown nor refuted.</summary>
    Inconclusive,

    /// <summary>Something does not belong to the sealed statement, or its log is not signed by the key.</summary>
    Tampered,

    /// <summary>The receipt is of an answer that broke off.</summary>
    Incomplete,

    /// <summary>The server that was asked to compute again gave no answer.</summary>
    Unreachable,

    /// <summary>Nothing is wrong, but what the verifier requires is not there: a quorum of witnesses.</summary>
    Policy,
}

/// <summary>The exit codes of a program that verifies receipts.</summary>
public static class VerdictExitCode
{
    /// <summary>
    /// 0 valid or reproduced, 2 unknown version, 10 contradicted, 11 corroborated, 12 inconclusive, 13 tampered, 14
    /// incomplete, 15 unreachable, 20 policy.
    /// </summary>
    public static int Of(Verdict verdict) =>
        verdict switch
        {
            Verdict.Valid or Verdict.Reproduced => 0,
            Verdict.UnknownVersion => 2,
            Verdict.Contradicted => 10,
            Verdict.Corroborated => 11,
            Verdict.Inconclusive => 12,
            Verdict.Tampered => 13,
            Verdict.Incomplete => 14,
            Verdict.Unreachable => 15,
            Verdict.Policy => 20,
            _ => throw new InvalidEnumArgumentException(nameof(verdict), (int)verdict, typeof(Verdict)),
        };
}
