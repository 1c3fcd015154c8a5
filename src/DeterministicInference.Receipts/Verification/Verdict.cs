using System.ComponentModel;
using System.Diagnostics.CodeAnalysis;

namespace DeterministicInference.Receipts.Verification;

/// <summary>
/// What a check of a receipt ends in. <see cref="VerificationResult.ExitCode"/> is the exit code of each.
/// </summary>
public enum Verdict
{
    /// <summary>
    /// Request and answer are the ones that a log of the trusted key has sealed. Nothing was computed again.
    /// </summary>
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

    /// <summary>Something does not belong to the sealed statement, or a signature is false.</summary>
    Tampered,

    /// <summary>The receipt is of an answer that broke off.</summary>
    Incomplete,

    /// <summary>The server that was asked to compute again gave no answer.</summary>
    Unreachable,

    /// <summary>
    /// The server that was asked to compute again gives different answers to one request: it shows nothing about the
    /// receipt.
    /// </summary>
    Indeterminate,

    /// <summary>
    /// Nothing is wrong, but what the verifier requires is not there: a quorum of witnesses, a replay, or that the key
    /// was good at the time.
    /// </summary>
    Policy,

    /// <summary>
    /// A log of the trusted key has sealed the statement, and request or answer was not given to compare with it.
    /// </summary>
    [SuppressMessage("Naming", "CA1720", Justification = "The verdict's name is SIGNED.")]
    Signed,

    /// <summary>
    /// Nothing is wrong, and no key was given that the verifier trusts: anyone can make a receipt. What helps is the
    /// operator's public key.
    /// </summary>
    Untrusted,

    /// <summary>
    /// The checkpoint names another key than the trusted one: that of a log before or after a rotation, or of another
    /// operator.
    /// </summary>
    OtherKey,
}

/// <summary>The names of verdicts in reports.</summary>
internal static class VerdictName
{
    /// <summary>In capitals.</summary>
    public static string Of(Verdict verdict) =>
        verdict switch
        {
            Verdict.UnknownVersion => "UNKNOWN VERSION",
            Verdict.OtherKey => "OTHER KEY",
            _ => verdict.ToString().ToUpperInvariant(),
        };
}

/// <summary>The exit codes of a program that verifies receipts.</summary>
internal static class VerdictExitCode
{
    /// <summary>
    /// 0 valid or reproduced, 10 contradicted, 11 corroborated, 12 inconclusive, 13 tampered, 14 incomplete, 15
    /// unreachable, 16 indeterminate, 17 untrusted, 18 signed, 19 other key, 20 policy, 21 unknown version.
    /// </summary>
    public static int Of(Verdict verdict) =>
        verdict switch
        {
            Verdict.Valid or Verdict.Reproduced => 0,
            Verdict.Contradicted => 10,
            Verdict.Corroborated => 11,
            Verdict.Inconclusive => 12,
            Verdict.Tampered => 13,
            Verdict.Incomplete => 14,
            Verdict.Unreachable => 15,
            Verdict.Indeterminate => 16,
            Verdict.Untrusted => 17,
            Verdict.Signed => 18,
            Verdict.OtherKey => 19,
            Verdict.Policy => 20,
            Verdict.UnknownVersion => 21,
            _ => throw new InvalidEnumArgumentException(nameof(verdict), (int)verdict, typeof(Verdict)),
        };
}
