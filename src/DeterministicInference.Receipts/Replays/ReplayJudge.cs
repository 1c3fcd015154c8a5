using DeterministicInference.Receipts.Environments;
using DeterministicInference.Receipts.Output;
using DeterministicInference.Receipts.Statements;
using DeterministicInference.Receipts.Tokens;
using DeterministicInference.Receipts.Verification;

namespace DeterministicInference.Receipts.Replays;

/// <summary>
/// Judges a receipt by replays of its request. One that is equal decides; after a difference, <see cref="Runs"/> of
/// them tell a server that is itself not deterministic from one that disagrees.
/// </summary>
/// <param name="statement">What was signed, after <see cref="ReceiptExamination"/> found no fault.</param>
/// <param name="salts">The receipt's; null if it came without.</param>
/// <param name="trail">The receipt's; null if it came without.</param>
/// <param name="environment">
/// The document of the receipt's environment, to say what differs; null if it is unknown.
/// </param>
internal sealed class ReplayJudge(
    ReceiptStatement statement,
    ReceiptSalts? salts,
    ReadOnlyMemory<byte>? trail,
    InferenceEnvironment? environment
)
{
    /// <summary>Fewest replays that a difference needs before it counts.</summary>
    public const int MinimumReplays = 3;

    /// <summary>Replays that a difference needs before it counts: <see cref="MinimumReplays"/> or more.</summary>
    public int Runs { get; init; } = MinimumReplays;

    /// <summary>
    /// The answer that the receipt is of, read with its salt, to say where a replay differs; null if it is not at hand.
    /// </summary>
    public RecordedAnswer? Recorded { get; init; }

    /// <summary>The verdict of these replays; null if another one is needed.</summary>
    /// <param name="replays">In order; empty if the server gave no answer.</param>
    /// <exception cref="ArgumentException">
    /// The receipt commits to log-probabilities, and a replay comes without them.
    /// </exception>
    public ReplayVerdict? Judge(IReadOnlyList<Replay> replays)
    {
        ArgumentNullException.ThrowIfNull(replays);
        if (statement.LogprobsCommitment is not null && replays.Any(replay => replay.Output.Logprobs is null))
        {
            throw new ArgumentException("The log-probabilities of a replay are missing.", nameof(replays));
        }
        if (salts?[SaltLabel.Output] is not { } opening)
            return new ReplayVerdict(
                Verdict.Inconclusive,
                null,
                "the receipt came without its salt, so it cannot be opened"
            );
        if (!statement.Complete)
            return Incomplete(replays, salts);
        if (replays.Count == 0)
            return new ReplayVerdict(Verdict.Unreachable, null, "the server gave no answer");

        bool same = replays.All(replay => replay.EnvironmentId == statement.EnvironmentId);
        ReplayDifference? difference = Difference(replays[0], same, opening);
        if (replays.Count == 1 && difference is null)
            return Equal(replays[0], same);
        if (replays.Count < Math.Max(Runs, MinimumReplays))
            return null;
        if (replays.Skip(1).Any(replay => !Agree(replays[0], replay)))
        {
            return new ReplayVerdict(
                Verdict.Indeterminate,
                difference,
                $"of {replays.Count} answers of the server to one request not all are the same"
            );
        }
        return difference is null ? Equal(replays[0], same) : Different(replays[0], same, difference);
    }

    /// <summary>
    /// The tokens that were generated are compared with as many of the replay's. The text is not: where it broke off is
    /// chance.
    /// </summary>
    private ReplayVerdict Incomplete(IReadOnlyList<Replay> replays, ReceiptSalts opened)
    {
        const string brokeOff = "the answer broke off";
        if (statement.Tokens is not { } bound || replays is not [{ Answer: { Tokens: { } fresh } answer }, ..])
            return new ReplayVerdict(Verdict.Incomplete, null, brokeOff);
        TokenDigest? first = answer.FirstTokens(bound.Counts, opened[SaltLabel.Tokens]!);
        if (first is not null && first.Digest == bound.Digest)
        {
            return new ReplayVerdict(
                Verdict.Incomplete,
                null,
                $"{brokeOff}; its tokens are the first ones of the replay"
            );
        }
        // Where the record ends is no difference: it may be shorter than what was signed.
        TokenPlace? place =
            Place(bound, fresh, answer) is { } found && Recorded?.TokenAt(found) is not null ? found : null;
        return new ReplayVerdict(
            Verdict.Incomplete,
            new ReplayDifference(ReplayPart.Tokens, place),
            $"{brokeOff}; its tokens are not the first ones of the replay"
        );
    }

    private ReplayVerdict Equal(Replay replay, bool sameEnvironment)
    {
        if (DoubtOf(replay) is { } doubt)
            return new ReplayVerdict(Verdict.Inconclusive, null, $"the same answer came again, but {doubt}");
        if (!sameEnvironment)
        {
            return new ReplayVerdict(
                Verdict.Corroborated,
                null,
                $"another environment gives the same answer{NotCompared(replay)}"
            );
        }
        return IsPromised(replay)
            ? new ReplayVerdict(Verdict.Reproduced, null, "the same environment gives the same answer")
            : new ReplayVerdict(
                Verdict.Corroborated,
                null,
                "the same environment, which is best-effort, gives the same answer"
            );
    }

    /// <summary>Both receipts have to promise it: the fresh one may know a reason that the other did not.</summary>
    private bool IsPromised(Replay replay) =>
        statement.Class == DeterminismClass.Deterministic && replay.Class is null or DeterminismClass.Deterministic;

    private static string? DoubtOf(Replay replay) =>
        replay.Doubt ?? (replay.EnvironmentId is null ? "the environment of the replay is unknown" : null);

    private string NotCompared(Replay replay)
    {
        string[] parts =
        [
            .. statement.LogprobsCommitment is null ? (string[])[] : ["log-probabilities"],
            .. statement.Tokens is not null && replay.Tokens is null ? (string[])["token ids"] : [],
        ];
        return parts.Length == 0 ? "" : $"; {string.Join(" and ", parts)} were not compared";
    }

    private ReplayVerdict Different(Replay replay, bool sameEnvironment, ReplayDifference difference)
    {
        if (DoubtOf(replay) is { } doubt)
            return new ReplayVerdict(Verdict.Inconclusive, difference, $"differs at {difference}, and {doubt}");
        if (!sameEnvironment)
        {
            string environments =
                environment is not null && replay.Environment is not null
                    ? $"the environments differ in {string.Join(", ", environment.Differences(replay.Environment))}"
                    : "the environments differ";
            return new ReplayVerdict(Verdict.Inconclusive, difference, $"differs at {difference}; {environments}");
        }
        if (!IsPromised(replay))
        {
            return new ReplayVerdict(
                Verdict.Inconclusive,
                difference,
                $"differs at {difference}; a best-effort environment promises nothing"
            );
        }
        return difference.Part == ReplayPart.Text && replay.Delivery != statement.Delivery
            ? new ReplayVerdict(
                Verdict.Inconclusive,
                difference,
                "the text differs, but it was delivered in another way and no tokens tell"
            )
            : new ReplayVerdict(Verdict.Contradicted, difference, $"the same environment differs at {difference}");
    }

    /// <summary>With another delivery the text may differ for the same tokens: then the tokens decide.</summary>
    private ReplayDifference? Difference(Replay replay, bool sameEnvironment, Salt opening)
    {
        bool hasTokens = statement.Tokens is not null && replay.Tokens is not null;
        if (statement.Prompt is { } prompt && replay.Prompt is { } freshPrompt && prompt.Digest != freshPrompt.Digest)
        {
            return new ReplayDifference(ReplayPart.Prompt, null);
        }
        if (hasTokens && statement.Tokens!.Digest != replay.Tokens!.Digest)
        {
            TokenPlace? place = Place(statement.Tokens, replay.Tokens, replay.Answer);
            return new ReplayDifference(ReplayPart.Tokens, place) { Text = place is null ? TextPlaceIn(replay) : null };
        }
        bool textDecides = !hasTokens || replay.Delivery == statement.Delivery;
        if (textDecides && Commitment.To(SaltLabel.Output, replay.Output.Digest, opening) != statement.OutputCommitment)
        {
            return new ReplayDifference(ReplayPart.Text, null) { Text = TextPlaceIn(replay) };
        }
        bool sameLogprobs =
            !sameEnvironment
            || statement.LogprobsCommitment is null
            || salts![SaltLabel.Logprobs] is not { } salt
            || Commitment.To(SaltLabel.Logprobs, replay.Output.Logprobs!.Value, salt) == statement.LogprobsCommitment;
        return sameLogprobs ? null : new ReplayDifference(ReplayPart.Logprobs, null);
    }

    /// <summary>From the trail, else from the ids of the answer itself.</summary>
    private TokenPlace? Place(TokenBinding bound, TokenDigest fresh, RecordedAnswer? answer)
    {
        TokenPlace? place =
            trail is { } bytes && TokenTrail.Fits(bytes.Span, bound.Counts)
                ? TokenTrail.FirstDifference(bytes.Span, bound.Counts, fresh.Trail.Span, fresh.Counts)
                : null;
        return place ?? (answer is null ? null : Recorded?.FirstTokenDifference(answer));
    }

    private TextPlace? TextPlaceIn(Replay replay) =>
        replay.Answer is { } answer ? Recorded?.FirstTextDifference(answer) : null;

    private static bool Agree(Replay a, Replay b) =>
        a.Output.Digest == b.Output.Digest
        && a.Output.Logprobs == b.Output.Logprobs
        && a.Tokens?.Digest == b.Tokens?.Digest
        && a.Prompt?.Digest == b.Prompt?.Digest;
}

/// <summary>What replays show.</summary>
/// <param name="Verdict">The verdict.</param>
/// <param name="Difference">Where the first replay differs from the receipt; null if it does not.</param>
/// <param name="Reason">In a few words.</param>
internal sealed record ReplayVerdict(Verdict Verdict, ReplayDifference? Difference, string Reason);
