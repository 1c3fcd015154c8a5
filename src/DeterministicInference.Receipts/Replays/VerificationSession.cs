using DeterministicInference.Receipts.Bundles;
using DeterministicInference.Receipts.Log;
using DeterministicInference.Receipts.Servers;
using DeterministicInference.Receipts.Signing;
using DeterministicInference.Receipts.Statements;
using DeterministicInference.Receipts.Trust;
using DeterministicInference.Receipts.Verification;

namespace DeterministicInference.Receipts.Replays;

/// <summary>One verification: the checks of the receipt, then replays where a server is named.</summary>
/// <param name="evidence">What was sent and received.</param>
/// <param name="policy">Whom the verifier trusts.</param>
/// <param name="server">Who is asked for what is missing, and computes again; null for nobody.</param>
/// <param name="issuer">Who issued the receipt, and is asked for it and its environment; null for the server.</param>
internal sealed class VerificationSession(
    ReceiptEvidence evidence,
    TrustPolicy policy,
    ReceiptServer? server = null,
    ReceiptServer? issuer = null
)
{
    private const string NoKeyFits = "no key that the server tells has signed the log's checkpoint";

    private TrustedKey? _pinned;

    /// <summary>The issuer while it is asked; null otherwise.</summary>
    private ReceiptServer? _asked;

    /// <summary>The trusted key, else the bundle's own, else one that the server tells.</summary>
    private TrustedKey? _key;

    /// <summary>Verifies what is at hand.</summary>
    /// <exception cref="EvidenceException">The evidence can't be used.</exception>
    public VerificationResult Run()
    {
        try
        {
            ReceiptSource source = evidence.Source();
            ReceiptBundle bundle = Begin(source.Bundle ?? throw OnlyId(source));
            return Required(Check(evidence.Read(bundle, isReplayed: false), policy.Revocations));
        }
        catch (ReceiptFormatException e)
        {
            return VerificationResult.Of(e);
        }
    }

    /// <summary>Verifies with what the server has of the receipt, and computes nothing again.</summary>
    /// <exception cref="EvidenceException">The evidence can't be used.</exception>
    public Task<VerificationResult> RunAsync(CancellationToken cancellation) => RunAsync(null, cancellation);

    /// <summary>Verifies, and has the answer computed again.</summary>
    /// <exception cref="EvidenceException">The evidence can't be used, or the request is missing.</exception>
    public Task<VerificationResult> ReplayAsync(ReplayOptions options, CancellationToken cancellation) =>
        RunAsync(options, cancellation);

    private async Task<VerificationResult> RunAsync(ReplayOptions? replay, CancellationToken cancellation)
    {
        try
        {
            return await CheckAsync(replay, cancellation);
        }
        catch (ReceiptFormatException e)
        {
            return VerificationResult.Of(e);
        }
        catch (NoAnswerException e)
        {
            return new VerificationResult(
                Verdict.Unreachable,
                $"{(_asked ?? server)!.Address} gave no usable answer: {e.Message}"
            );
        }
    }

    private async Task<VerificationResult> CheckAsync(ReplayOptions? replay, CancellationToken cancellation)
    {
        ReceiptSource source = evidence.Source();
        ReceiptBundle bundle = Begin(source.Bundle ?? await FetchAsync(source, cancellation));
        EvidenceReading reading = evidence.Read(bundle, isReplayed: replay is not null);
        // With the key and the policy too.
        if (source.Bundle is null)
            ReceiptServer.RequireSound(Check(EvidenceReader.Read(bundle, null, null), policy.Revocations));
        _asked = null;
        VerificationResult result = Check(reading, policy.Revocations);
        // No server is asked about what does not hold without it.
        if (replay is null || !IsOpen(result.Verdict))
            return Required(result);
        try
        {
            if (_key is null)
                result = await WithServedKeyAsync(bundle, reading, result, cancellation);
            if (_key is { } known && IsOpen(result.Verdict))
                result = await WithRevocationsAsync(known.Key, reading, result, cancellation);
        }
        catch (NoAnswerException) when (result.Statement is { Complete: false })
        {
            // No server makes more of it, and the replay says what is wrong with this one.
        }
        if (_key is null || !IsOpen(result.Verdict))
            return result;

        if (reading.RequestBody is not { } request)
            throw new EvidenceException(
                "the request is needed to compute the answer again. Give it, or a bundle that has it."
            );
        // Another request may give the same answer: only the sealed one says something about the receipt.
        if (result.Checks.Any(check => check is { Check: ReceiptCheck.Request, Outcome: not CheckOutcome.Passed }))
            return result;
        ReceiptStatement statement = result.Statement!;
        var session = new ReplaySession(server!, statement, bundle.Receipt, reading.Recorded, bundle.Environment)
        {
            Progress = replay.Progress,
            Issuer = issuer,
        };
        (ReplayVerdict verdict, ReplayReport report) = await session.RunAsync(
            request,
            replay.Delivery ?? statement.Delivery,
            replay.Runs,
            cancellation
        );
        return Required(With(result with { Replay = report }, verdict));
    }

    /// <summary>
    /// That it was computed again replaces neither a key that is trusted nor the answer that was received.
    /// </summary>
    private static VerificationResult With(VerificationResult result, ReplayVerdict replay) =>
        result.Verdict == Verdict.Untrusted
        || (result.Verdict == Verdict.Signed && replay.Verdict == Verdict.Reproduced)
            ? result with
            {
                Reason = $"{result.Reason}. The replay: {VerdictName.Of(replay.Verdict)}, {replay.Reason}",
            }
            : result with
            {
                Verdict = replay.Verdict,
                Reason = replay.Reason,
            };

    private VerificationResult Required(VerificationResult made) =>
        policy.Requirements.Contains(TrustRequirement.Replayed) && made.Verdict is Verdict.Valid or Verdict.Corroborated
            ? made with
            {
                Verdict = Verdict.Policy,
                Reason =
                    made.Verdict == Verdict.Valid
                        ? "a replay is required, and none was made: name a server that computes it again"
                        : $"a replay in the same environment is required: {made.Reason}",
            }
            : made;

    /// <summary>Finds the key: a trusted one, else the bundle's.</summary>
    private ReceiptBundle Begin(ReceiptBundle bundle)
    {
        _pinned = policy.KeyFor(bundle.Receipt);
        _key = _pinned ?? TrustedKey.Read(bundle.LogKey);
        return bundle;
    }

    private VerificationResult Check(EvidenceReading reading, IReadOnlyList<LogRevocation>? revocations) =>
        (
            reading with
            {
                Revocations = revocations,
                WitnessPolicy = policy.Witnesses,
                RequiresWitnesses = policy.Requirements.Contains(TrustRequirement.Witnessed),
                KeyLimit = _pinned?.Limit,
            }
        ).Check(_key?.Key, _key?.Log, isPinned: _pinned is not null);

    private async Task<VerificationResult> WithServedKeyAsync(
        ReceiptBundle bundle,
        EvidenceReading reading,
        VerificationResult without,
        CancellationToken cancellation
    )
    {
        await foreach (NoteKey served in server!.KeysAsync(bundle.Receipt.Origin, cancellation))
        {
            _key = TrustedKey.Of(served);
            VerificationResult with = Check(reading, policy.Revocations);
            if (with.Verdict != Verdict.Tampered)
                return with;
            // A key that nobody trusts shows nothing by not fitting.
            _key = null;
            string end = without.Statement is { Complete: false } ? VerificationResult.BrokeOff : "";
            without = without with { Reason = NoKeyFits + end };
        }
        return without;
    }

    private async Task<VerificationResult> WithRevocationsAsync(
        VerificationKey key,
        EvidenceReading reading,
        VerificationResult result,
        CancellationToken cancellation
    ) =>
        await server!.RevocationsAsync(key, cancellation) is { } told
            ? Check(reading, [.. policy.Revocations ?? [], .. told])
            : result;

    /// <summary>Whether a server may make more of it, or less.</summary>
    private static bool IsOpen(Verdict verdict) =>
        verdict is Verdict.Valid or Verdict.Signed or Verdict.Untrusted or Verdict.Incomplete;

    private async Task<ReceiptBundle> FetchAsync(ReceiptSource source, CancellationToken cancellation)
    {
        _asked = issuer ?? server;
        ReceiptBundle found =
            await _asked!.ReceiptAsync(source.ReceiptId!, cancellation)
            ?? throw new EvidenceException(
                $"{evidence.Name}: has only the receipt's id, and {_asked.Address} does not have the receipt."
            );
        return found with { Response = source.Response };
    }

    private EvidenceException OnlyId(ReceiptSource source) =>
        new(
            $"{evidence.Name}: has only the receipt's id. Fetch the receipt (GET /v1/receipts/{source.ReceiptId}), or "
                + "name its server."
        );
}
