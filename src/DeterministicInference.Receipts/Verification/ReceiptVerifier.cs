using DeterministicInference.Receipts.Canonical;
using DeterministicInference.Receipts.Log;
using DeterministicInference.Receipts.Signing;
using DeterministicInference.Receipts.Statements;
using DeterministicInference.Receipts.Tokens;

namespace DeterministicInference.Receipts.Verification;

/// <summary>Checks a receipt against what its holder has. Nothing is computed again and nobody is asked.</summary>
public sealed class ReceiptVerifier
{
    private const string NoSalt = "the receipt came without its salt, so it cannot be opened";

    private const string BrokeOff = "the answer broke off, and its client may have received less than was signed";

    private readonly List<CheckResult> _checks = [];
    private readonly ReceiptEvidence _evidence;
    private readonly VerificationKey? _key;
    private readonly bool _pinned;

    private ReceiptVerifier(ReceiptEvidence evidence, VerificationKey? key, bool pinned) =>
        (_evidence, _key, _pinned) = (evidence, key, pinned);

    /// <summary>Checks with the key that the verifier trusts.</summary>
    public static VerificationResult Verify(ReceiptEvidence evidence, VerificationKey trusted)
    {
        ArgumentNullException.ThrowIfNull(evidence);
        ArgumentNullException.ThrowIfNull(trusted);
        return new ReceiptVerifier(evidence, trusted, pinned: true).Run();
    }

    /// <summary>
    /// Checks without a trusted key. A key that came with the receipt shows that the parts belong together, not who
    /// made them.
    /// </summary>
    public static VerificationResult VerifyUnpinned(ReceiptEvidence evidence, VerificationKey? untrusted)
    {
        ArgumentNullException.ThrowIfNull(evidence);
        return new ReceiptVerifier(evidence, untrusted, pinned: false).Run();
    }

    private VerificationResult Run()
    {
        Receipt receipt = _evidence.Receipt;
        CheckSignature(receipt.Envelope);
        ReceiptStatement? statement = null;
        bool unknownVersion = false;
        if (_checks[0].Outcome != CheckOutcome.Failed)
            statement = ReadStatement(receipt.Envelope, out unknownVersion);
        if (statement is not null)
        {
            Check(
                ReceiptCheck.ReceiptId,
                statement.ReceiptId == receipt.ReceiptId,
                "the receipt's id is not the one that was signed"
            );
            CheckRequest(statement, receipt.Salt);
            CheckOutput(statement, receipt.Salt);
            CheckLogprobs(statement, receipt.Salt);
            if (statement.Complete || _evidence.Tokens is null)
                CheckTokens(
                    ReceiptCheck.Tokens,
                    _evidence.Tokens,
                    statement.Tokens,
                    receipt.Salt,
                    "the generated tokens"
                );
            else
                Skip(ReceiptCheck.Tokens, BrokeOff);
            CheckTokens(ReceiptCheck.Prompt, _evidence.Prompt, statement.Prompt, receipt.Salt, "the prompt's tokens");
            CheckTrail(statement.Tokens, receipt.Trail);
            CheckEnvironment(statement);
            CheckInclusion(receipt.Envelope);
        }
        return new VerificationResult(Decide(statement, unknownVersion), _checks, statement, _pinned, _key?.KeyId);
    }

    private Verdict Decide(ReceiptStatement? statement, bool unknownVersion)
    {
        if (_checks.Exists(check => check.Outcome == CheckOutcome.Failed))
            return Verdict.Tampered;
        if (unknownVersion)
            return Verdict.UnknownVersion;
        if (!statement!.Complete)
            return Verdict.Incomplete;
        return _evidence.Receipt.Salt is null || _key is null ? Verdict.Inconclusive : Verdict.Valid;
    }

    private void CheckSignature(DsseEnvelope envelope)
    {
        if (_key is null)
            Skip(ReceiptCheck.Signature, "there is no key to check the signature with");
        else
            Check(
                ReceiptCheck.Signature,
                envelope.IsSignedBy(_key),
                $"the signature is not by the key {_key.KeyId}, or what it signs was changed{Named(envelope, _key)}"
            );
    }

    /// <summary>Names the keys of the envelope, which are hints, if the given key is not among them.</summary>
    private static string Named(DsseEnvelope envelope, VerificationKey key)
    {
        string[] named =
        [
            .. envelope.Signatures.Select(signature => signature.KeyId).Where(id => !string.IsNullOrEmpty(id)),
        ];
        return named.Length == 0 || named.Contains(key.KeyId.ToString())
            ? ""
            : $"; the receipt names the key {string.Join(", ", named)}";
    }

    private ReceiptStatement? ReadStatement(DsseEnvelope envelope, out bool unknownVersion)
    {
        unknownVersion = envelope.PayloadType != DsseEnvelope.InTotoPayloadType;
        if (unknownVersion)
        {
            Skip(ReceiptCheck.Statement, $"the payload is not of the type {DsseEnvelope.InTotoPayloadType}");
            return null;
        }
        try
        {
            ReceiptStatement statement = StatementReader.Read(envelope.Payload);
            Check(ReceiptCheck.Statement, true, "");
            return statement;
        }
        catch (ReceiptFormatException e)
        {
            unknownVersion = e.IsUnknownVersion;
            _checks.Add(
                new CheckResult(
                    ReceiptCheck.Statement,
                    unknownVersion ? CheckOutcome.NotChecked : CheckOutcome.Failed,
                    e.Message
                )
            );
            return null;
        }
    }

    private void CheckRequest(ReceiptStatement statement, Salt? salt)
    {
        if (_evidence.RequestBody is not { } body)
            Skip(ReceiptCheck.Request, "no request was given");
        else if (salt is null)
            Skip(ReceiptCheck.Request, NoSalt);
        else
        {
            try
            {
                Sha256Value digest = CanonicalRequest.Digest(statement.RequestPath, body.Span, statement.Pins);
                Check(
                    ReceiptCheck.Request,
                    Commitment.ToRequest(digest, salt) == statement.RequestCommitment,
                    "the request is not the one that was signed"
                );
            }
            catch (CanonicalFormException e)
            {
                Check(ReceiptCheck.Request, false, "the request is not the one that was signed: " + e.Message);
            }
        }
    }

    private void CheckOutput(ReceiptStatement statement, Salt? salt)
    {
        if (!statement.Complete)
            Skip(ReceiptCheck.Output, BrokeOff);
        else if (salt is null)
            Skip(ReceiptCheck.Output, NoSalt);
        else if (_evidence.Output is not { } output)
            Skip(ReceiptCheck.Output, "no answer was given");
        else
            Check(
                ReceiptCheck.Output,
                Commitment.ToOutput(output.Digest, salt) == statement.OutputCommitment,
                "the output is not the one that was signed"
            );
    }

    private void CheckLogprobs(ReceiptStatement statement, Salt? salt)
    {
        if (statement.LogprobsCommitment is not { } commitment)
            Skip(ReceiptCheck.Logprobs, "the statement has no log-probabilities");
        else if (!statement.Complete)
            Skip(ReceiptCheck.Logprobs, BrokeOff);
        else if (salt is null)
            Skip(ReceiptCheck.Logprobs, NoSalt);
        else if (_evidence.Output?.Logprobs is not { } digest)
            Skip(ReceiptCheck.Logprobs, "no log-probabilities were given");
        else
            Check(
                ReceiptCheck.Logprobs,
                Commitment.ToLogprobs(digest, salt) == commitment,
                "the log-probabilities are not the ones that were signed"
            );
    }

    private void CheckTokens(ReceiptCheck check, TokenDigest? given, TokenBinding? bound, Salt? salt, string what)
    {
        if (bound is null)
            Skip(check, $"the statement does not bind {what}");
        else if (salt is null)
            Skip(check, NoSalt);
        else if (given is null)
            Skip(check, $"{what} were not given");
        else
            Check(
                check,
                given.Digest == bound.Digest && given.Counts.SequenceEqual(bound.Counts),
                $"{what} are not the ones that were signed"
            );
    }

    private void CheckTrail(TokenBinding? bound, ReadOnlyMemory<byte>? trail)
    {
        if (trail is not { } bytes)
            Skip(ReceiptCheck.Trail, "the receipt came without a trail");
        else
        {
            bool same =
                bound is not null
                && TokenTrail.Fits(bytes.Span, bound.Counts)
                && Sha256Value.Of(bytes.Span) == bound.TrailDigest;
            Check(ReceiptCheck.Trail, same, "the trail is not the one that was signed");
        }
    }

    private void CheckEnvironment(ReceiptStatement statement)
    {
        if (_evidence.Environment is not { } environment)
            Skip(ReceiptCheck.Environment, "no environment document was given");
        else
        {
            bool same = environment.Id == statement.EnvironmentId && environment.Source == statement.EnvironmentSource;
            Check(ReceiptCheck.Environment, same, "the environment document is not the one that was signed");
        }
    }

    private void CheckInclusion(DsseEnvelope envelope)
    {
        if (_evidence.InclusionProof is not { } text)
            Skip(ReceiptCheck.Inclusion, "no proof of inclusion was given");
        else if (_key is null)
            Skip(ReceiptCheck.Inclusion, "there is no key to check the log's checkpoint with");
        else
        {
            try
            {
                TlogProof proof = TlogProof.Parse(text);
                string origin = Checkpoint.Parse(SignedNote.Parse(proof.Checkpoint).Text).Origin;
                if (!LogOrigin.IsValid(origin))
                    throw new LogFormatException("The checkpoint's origin is not a log's name.");
                proof.Verify(LogEntry.Receipt(envelope.Payload.Span).Leaf, new NoteKey(origin, _key));
                Check(ReceiptCheck.Inclusion, true, "");
            }
            catch (LogFormatException e)
            {
                Check(ReceiptCheck.Inclusion, false, "the proof of inclusion fails: " + e.Message.TrimEnd('.'));
            }
        }
    }

    private void Check(ReceiptCheck check, bool passed, string failure) =>
        _checks.Add(new CheckResult(check, passed ? CheckOutcome.Passed : CheckOutcome.Failed, passed ? "" : failure));

    private void Skip(ReceiptCheck check, string why) =>
        _checks.Add(new CheckResult(check, CheckOutcome.NotChecked, why));
}
