using System.Text;
using DeterministicInference.Receipts;
using DeterministicInference.Receipts.Bundles;
using DeterministicInference.Receipts.Log;
using DeterministicInference.Receipts.Signing;
using DeterministicInference.Receipts.Statements;
using DeterministicInference.Receipts.Verification;

namespace DeterministicInference.Server.Verification;

/// <summary>The command <c>verify</c>: checks of the receipt, then replays where a server is named.</summary>
internal sealed class ReceiptVerification(VerifyOptions options) : IDisposable
{
    private const string NoKeyFits =
        "no key that the server tells has signed the log's checkpoint. Give the operator's public key with --key";

    private readonly ReceiptServer? _server = options.Against is { } url
        ? new ReceiptServer(url, options.ApiKey, options.Timeout)
        : null;

    /// <summary>Gets a line for each replay; null for none.</summary>
    public TextWriter? Progress { get; init; }

    /// <exception cref="InputException">A file can't be used.</exception>
    public async Task<VerificationReport> RunAsync(CancellationToken cancellation)
    {
        try
        {
            return await CheckAsync(cancellation);
        }
        catch (ReceiptFormatException e)
        {
            return new VerificationReport(
                e.IsUnknownVersion ? Verdict.UnknownVersion : Verdict.Tampered,
                e.Message.TrimEnd('.')
            );
        }
        catch (NoAnswerException e)
        {
            return new VerificationReport(
                Verdict.Unreachable,
                $"{_server!.Address} gave no usable answer: {e.Message}"
            );
        }
    }

    public void Dispose() => _server?.Dispose();

    private async Task<VerificationReport> CheckAsync(CancellationToken cancellation)
    {
        TrustFile? trust = options.TrustFile is { } trustFile ? TrustFile.Read(trustFile) : null;
        PublicKeyInput[] trusted = [.. options.KeyFiles.SelectMany(PublicKeyInput.ReadAll), .. trust?.Keys ?? []];
        WitnessPolicy? policy = options.WitnessPolicyFile is { } policyFile
            ? PolicyInput.Read(policyFile)
            : trust?.Witnesses;
        TrustRequirement[] required = [.. options.Requirements, .. trust?.Requirements ?? []];
        if (required.Contains(TrustRequirement.Witnessed) && policy is null)
            throw new InputException(
                $"{options.TrustFile}: requires 'witnessed' and has no 'witness_policy', which says by whom."
            );
        byte[]? requestFile = options.RequestFile is { } request ? InputFile.Read(request) : null;
        byte[]? responseFile = options.ResponseFile is { } response ? InputFile.Read(response) : null;
        ReceiptSource source = ReceiptSource.Read(InputFile.Read(options.Receipt), options.Receipt);
        ReceiptBundle bundle = source.Bundle ?? await FetchAsync(source, cancellation);
        RequireSame("--request", requestFile, bundle.Request?.Body);
        RequireSame("--response", responseFile, bundle.Response?.Body);
        ReadOnlyMemory<byte>? body = requestFile is not null ? requestFile : bundle.Request?.Body;
        ReadOnlyMemory<byte>? answer = responseFile is not null ? responseFile : bundle.Response?.Body;

        // The logs of a policy are trusted like a key that is given.
        PublicKeyInput? pinned =
            trusted.Length > 0
                ? PublicKeyInput.Named(trusted, bundle.Receipt)
                : PolicyInput.LogOf(policy, bundle.Receipt);
        // A key that is not trusted: the bundle's, else the server's own.
        PublicKeyInput? key = pinned ?? PublicKeyInput.Read(bundle.LogKey);
        var evidence = BundleEvidence.Of(bundle, body, answer);
        LogRevocation[]? revocations = options.RevocationFiles is { Count: > 0 } files
            ? [.. files.Select(ReadRevocation)]
            : null;
        // With the key and the policy too.
        if (source.Bundle is null)
            ReceiptServer.RequireSound(Check(BundleEvidence.Of(bundle, null, null), revocations));
        VerificationReport report = Check(evidence, revocations);
        // No server is asked about what does not hold without it.
        if (_server is null || !IsOpen(report.Verdict))
            return Required(report);
        try
        {
            if (key is null)
                report = await WithServedKeyAsync();
            if (key is { } known && IsOpen(report.Verdict))
                report = await WithRevocationsAsync(known.Key);
        }
        catch (NoAnswerException) when (report.Statement is { Complete: false })
        {
            // No server makes more of it, and the replay says what is wrong with this one.
        }
        if (key is null || !IsOpen(report.Verdict))
            return report;

        if (body is not { } client)
            throw new InputException(
                "--against: the request is needed to compute it again. Give --request FILE, or a bundle that has it."
            );
        // Another request may give the same answer: only the sealed one says something about the receipt.
        if (report.Checks.Any(check => check is { Check: ReceiptCheck.Request, Outcome: not CheckOutcome.Passed }))
            return report;
        ReceiptStatement statement = report.Statement!;
        var session = new ReplaySession(_server, statement, bundle.Receipt, evidence.Recorded, bundle.Environment)
        {
            Progress = Progress,
        };
        (ReplayVerdict verdict, ReplayReport replay) = await session.RunAsync(
            client,
            options.Delivery ?? statement.Delivery,
            options.Runs,
            cancellation
        );
        // That it was computed again replaces neither a key that is trusted nor the answer that was received.
        return Required(
            report.Verdict == Verdict.Untrusted
            || (report.Verdict == Verdict.Signed && verdict.Verdict == Verdict.Reproduced)
                ? report with
                {
                    Reason = $"{report.Reason}. The replay: {VerdictName.Of(verdict.Verdict)}, {verdict.Reason}",
                    Replay = replay,
                }
                : report with
                {
                    Verdict = verdict.Verdict,
                    Reason = verdict.Reason,
                    Replay = replay,
                }
        );

        VerificationReport Required(VerificationReport made) =>
            required.Contains(TrustRequirement.Replayed) && made.Verdict is Verdict.Valid or Verdict.Corroborated
                ? made with
                {
                    Verdict = Verdict.Policy,
                    Reason =
                        made.Verdict == Verdict.Valid
                            ? "a replay is required, and none was made: name a server with --against"
                            : $"a replay in the same environment is required: {made.Reason}",
                }
                : made;

        VerificationReport Check(BundleEvidence what, IReadOnlyList<LogRevocation>? revoked) =>
            (
                what with
                {
                    Evidence = what.Evidence with
                    {
                        Revocations = revoked,
                        WitnessPolicy = policy,
                        RequiresWitnesses = required.Contains(TrustRequirement.Witnessed),
                        KeyLimit = pinned?.Limit,
                    },
                }
            ).Check(key, isPinned: pinned is not null);

        async Task<VerificationReport> WithServedKeyAsync()
        {
            VerificationReport without = report;
            await foreach (NoteKey served in _server.KeysAsync(bundle.Receipt.Origin, cancellation))
            {
                key = PublicKeyInput.Of(served);
                VerificationReport with = Check(evidence, revocations);
                if (with.Verdict != Verdict.Tampered)
                    return with;
                // A key that nobody trusts shows nothing by not fitting.
                key = null;
                if (report.Verdict == Verdict.Untrusted)
                    without = report with { Reason = NoKeyFits };
            }
            return without;
        }

        async Task<VerificationReport> WithRevocationsAsync(VerificationKey of) =>
            await _server.RevocationsAsync(of, cancellation) is { } told
                ? Check(evidence, [.. revocations ?? [], .. told])
                : report;
    }

    /// <summary>Of two that differ, one would be verified and the other shown.</summary>
    private void RequireSame(string option, byte[]? given, ReadOnlyMemory<byte>? own)
    {
        if (given is not null && own is { } inFile && !inFile.Span.SequenceEqual(given))
        {
            throw new InputException(
                $"{option}: is not the one that {options.Receipt} has itself. Leave it out, or give the receipt alone."
            );
        }
    }

    /// <summary>Whether a server may make more of it, or less.</summary>
    private static bool IsOpen(Verdict verdict) =>
        verdict is Verdict.Valid or Verdict.Signed or Verdict.Untrusted or Verdict.Incomplete;

    private static LogRevocation ReadRevocation(string path)
    {
        try
        {
            return LogRevocation.Verify(Encoding.UTF8.GetString(InputFile.Read(path)));
        }
        catch (LogFormatException e)
        {
            throw new InputException($"{path}: is no revocation as GET /v1/logs has them: {e.Message.TrimEnd('.')}.");
        }
    }

    private async Task<ReceiptBundle> FetchAsync(ReceiptSource source, CancellationToken cancellation)
    {
        if (_server is null)
        {
            throw new InputException(
                $"{options.Receipt}: has only the receipt's id. Fetch the receipt (GET "
                    + $"/v1/receipts/{source.ReceiptId}), or name its server with --against."
            );
        }
        ReceiptBundle found =
            await _server.ReceiptAsync(source.ReceiptId!, cancellation)
            ?? throw new InputException(
                $"{options.Receipt}: has only the receipt's id, and the server that --against names does not have "
                    + "the receipt."
            );
        return found with { Response = source.Response };
    }
}
