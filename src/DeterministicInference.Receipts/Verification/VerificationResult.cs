using System.Text;
using DeterministicInference.Receipts.Log;
using DeterministicInference.Receipts.Statements;

namespace DeterministicInference.Receipts.Verification;

/// <summary>What the check of a receipt found.</summary>
public sealed record VerificationResult
{
    /// <summary>Ends the reason of another verdict than INCOMPLETE.</summary>
    internal const string BrokeOff = ". The answer broke off";

    internal VerificationResult(Verdict verdict, string reason) => (Verdict, Reason) = (verdict, reason);

    /// <summary>Of a receipt that can't be read.</summary>
    internal static VerificationResult Of(ReceiptFormatException e) =>
        new(e.IsUnknownVersion ? Verdict.UnknownVersion : Verdict.Tampered, e.Message.TrimEnd('.'));

    /// <summary>All in all. Without a replay the best is <see cref="Verdict.Valid"/>.</summary>
    public Verdict Verdict { get; internal init; }

    /// <summary>
    /// Why it is this verdict, in a few words; empty where the verdict says all. Control characters of what was
    /// received are escaped.
    /// </summary>
    public string Reason
    {
        get;
        internal init => field = OneLine.Of(value);
    }

    /// <summary>The verdict's name in reports, such as <c>OTHER KEY</c>.</summary>
    public string Name => VerdictName.Of(Verdict);

    /// <summary>The exit code of a program that verifies: 0 for VALID and REPRODUCED alone.</summary>
    public int ExitCode => VerdictExitCode.Of(Verdict);

    /// <summary>Each check, in their order.</summary>
    public IReadOnlyList<CheckResult> Checks { get; internal init; } = [];

    /// <summary>
    /// What the answer says: the texts that were hashed, which is all that a program should show of it. Empty unless
    /// request and answer are the ones that a log of a trusted key has sealed, and no replay speaks against it.
    /// </summary>
    public IReadOnlyList<VerifiedText> Texts
    {
        // Whoever changes the verdict need not think of them.
        get => Verdict is Verdict.Valid or Verdict.Reproduced or Verdict.Corroborated ? field : [];
        internal init;
    } = [];

    /// <summary>
    /// Whether the checkpoint is signed by a key that the verifier trusted before. If not, anyone may have made the
    /// receipt.
    /// </summary>
    public bool KeyPinned { get; internal init; }

    /// <summary>
    /// What of an answer no receipt binds, in the words of reports: any of it may have been changed on the way.
    /// </summary>
    public static IReadOnlyList<string> NotBound { get; } =
    [
        "id",
        "object",
        "created",
        "system_fingerprint",
        "service_tier",
        "timings",
        "obfuscation",
        "environment",
        "details of usage",
        "ids of tool calls",
        "bytes and offsets of log-probabilities",
        "where an event of a stream begins and when it came",
    ];

    /// <summary>
    /// Further ones that this answer has, by their names. Of very many there are the first ones, and <c>…</c>.
    /// </summary>
    public IReadOnlyList<string> Unbound { get; internal init; } = [];

    /// <summary>What the server changed in the request; empty where the statement could not be read.</summary>
    public IReadOnlyList<PinnedMember> Pins { get; internal init; } = [];

    /// <summary>The receipt's id; null if the statement could not be read.</summary>
    public string? ReceiptId => Statement?.ReceiptId;

    /// <summary>The name of the model, as the server knows it; null likewise.</summary>
    public string? Model => Statement?.ModelName;

    /// <summary>When the server issued the receipt, by its own clock; null likewise.</summary>
    public DateTimeOffset? IssuedAt => Statement?.IssuedAt;

    /// <summary>The id of the environment that computed the answer, as <c>sha256:…</c>; null likewise.</summary>
    public string? EnvironmentId => Statement?.EnvironmentId.ToString();

    /// <summary>The checks that failed.</summary>
    public IEnumerable<CheckResult> Failures => Checks.Where(check => check.Outcome == CheckOutcome.Failed);

    /// <summary>What was sealed; null if it could not be read.</summary>
    internal ReceiptStatement? Statement { get; init; }

    /// <summary>The key that was used; null if there was none.</summary>
    internal Sha256Value? KeyId { get; init; }

    /// <summary>The checkpoint that seals the statement; null if the proof can't be read.</summary>
    internal Checkpoint? Checkpoint { get; init; }

    /// <summary>The statement's place in the log, by the proof; null likewise.</summary>
    internal long? Index { get; init; }

    /// <summary>What replays gave; null if there were none.</summary>
    internal ReplayReport? Replay { get; init; }

    /// <summary>Which witnesses of the policy have cosigned, and when; empty without a policy.</summary>
    internal IReadOnlyList<WitnessCosignature> Cosignatures { get; init; } = [];

    /// <summary>
    /// One line for people: the verdict and why. Control characters of what was received are escaped.
    /// </summary>
    public string Summary
    {
        get
        {
            string text =
                Verdict == Verdict.Valid ? $"{Name} ({Reason})"
                : Reason.Length == 0 ? Name
                : $"{Name}: {Reason}";
            return !KeyPinned && KeyId is { } id ? $"{text}; key not pinned: {id}" : text;
        }
    }
}

/// <summary>A text of an answer, as a receipt binds it.</summary>
/// <param name="Choice">Index of the choice, from 0.</param>
/// <param name="Channel">
/// What it is: <c>content</c>, <c>reasoning</c>, <c>refusal</c>, <c>finish</c>, or a part of a tool call such as
/// <c>tool.0.arguments</c>; docs/determinism.md lists them.
/// </param>
/// <param name="Utf8">The text as it is hashed: UTF-8, and half of a surrogate pair in three bytes.</param>
public sealed record VerifiedText(int Choice, string Channel, ReadOnlyMemory<byte> Utf8)
{
    /// <summary>The text. Half of a surrogate pair is U+FFFD.</summary>
    public string Text => Encoding.UTF8.GetString(Utf8.Span);
}
