using System.ComponentModel;

namespace DeterministicInference.Receipts.Verification;

/// <summary>The exit codes of a program that verifies receipts.</summary>
public static class VerdictExitCode
{
    /// <summary>0 valid or reproduced, 2 unknown version, 10 contradicted, 11 corroborated, 12 inconclusive, 13 tampered, 14 incomplete, 15 unreachable.</summary>
    public static int Of(Verdict verdict) => verdict switch
    {
        Verdict.Valid or Verdict.Reproduced => 0,
        Verdict.UnknownVersion => 2,
        Verdict.Contradicted => 10,
        Verdict.Corroborated => 11,
        Verdict.Inconclusive => 12,
        Verdict.Tampered => 13,
        Verdict.Incomplete => 14,
        Verdict.Unreachable => 15,
        _ => throw new InvalidEnumArgumentException(nameof(verdict), (int)verdict, typeof(Verdict)),
    };
}
