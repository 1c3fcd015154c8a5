using DeterministicInference.Receipts.Verification;

namespace DeterministicInference.Server.Verification;

/// <summary>Names of checks and outcomes in reports.</summary>
internal static class CheckNames
{
    public static string ForPeople(ReceiptCheck check) =>
        check switch
        {
            ReceiptCheck.ReceiptId => "receipt id",
            ReceiptCheck.Logprobs => "log-probabilities",
            ReceiptCheck.Environment => "environment",
            _ => check.ToString().ToLowerInvariant(),
        };

    public static string ForPrograms(ReceiptCheck check) =>
        check == ReceiptCheck.ReceiptId ? "receipt_id" : check.ToString().ToLowerInvariant();

    public static string ForPrograms(CheckOutcome outcome) =>
        outcome switch
        {
            CheckOutcome.Passed => "passed",
            CheckOutcome.Failed => "failed",
            CheckOutcome.NotMet => "not_met",
            _ => "not_checked",
        };
}
