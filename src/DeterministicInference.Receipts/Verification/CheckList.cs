namespace DeterministicInference.Receipts.Verification;

/// <summary>The checks that were made of a receipt, in their order.</summary>
internal sealed class CheckList
{
    private const string NoSalt = "the receipt came without its salt, so it cannot be opened";

    private readonly List<CheckResult> _checks = [];

    public IReadOnlyList<CheckResult> All => _checks;

    /// <summary>Why what was given shows nothing, although nothing failed; null if it shows something.</summary>
    public string? Doubt { get; private set; }

    public bool HasFailed => _checks.Exists(check => check.Outcome == CheckOutcome.Failed);

    public bool IsPassed(ReceiptCheck which) =>
        _checks.Exists(check => check.Check == which && check.Outcome == CheckOutcome.Passed);

    public void Add(ReceiptCheck check, bool passed, string failure) =>
        _checks.Add(new CheckResult(check, passed ? CheckOutcome.Passed : CheckOutcome.Failed, passed ? "" : failure));

    /// <param name="check">Which.</param>
    /// <param name="why">What is missing; null if it is there.</param>
    public void AddMet(ReceiptCheck check, string? why) =>
        _checks.Add(new CheckResult(check, why is null ? CheckOutcome.Passed : CheckOutcome.NotMet, why ?? ""));

    public void Skip(ReceiptCheck check, string why) =>
        _checks.Add(new CheckResult(check, CheckOutcome.NotChecked, why));

    /// <summary>What was given can't be compared: the receipt shows nothing about it.</summary>
    public void SkipClosed(ReceiptCheck check) => SkipInDoubt(check, NoSalt);

    /// <summary>A check that can't be made, so that the receipt shows nothing.</summary>
    public void SkipInDoubt(ReceiptCheck check, string why)
    {
        Doubt ??= why;
        Skip(check, why);
    }

    /// <summary>What was given does not show that anything was changed, and can't be compared as it is.</summary>
    public void AddDoubt(ReceiptCheck check, string why)
    {
        Doubt ??= why;
        AddMet(check, why);
    }
}
