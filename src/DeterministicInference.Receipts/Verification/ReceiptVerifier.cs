using System.Text;
using DeterministicInference.Receipts.Answers;
using DeterministicInference.Receipts.Canonical;
using DeterministicInference.Receipts.Log;
using DeterministicInference.Receipts.Output;
using DeterministicInference.Receipts.Signing;
using DeterministicInference.Receipts.Statements;
using DeterministicInference.Receipts.Tokens;

namespace DeterministicInference.Receipts.Verification;

/// <summary>Checks a receipt against what its holder has. Nothing is computed again and nobody is asked.</summary>
public sealed class ReceiptVerifier
{
    private const string NoSalt = "the receipt came without its salt, so it cannot be opened";

    private const string BrokeOff = "the answer broke off, and its client may have received less than was sealed";

    private const string RecordingBrokeOff =
        "the recording of the answer broke off before its end (data: [DONE]), and what is missing can't be compared";

    private readonly List<CheckResult> _checks = [];
    private readonly ReceiptEvidence _evidence;
    private readonly VerificationKey? _key;
    private readonly string? _origin;
    private readonly bool _pinned;
    private TlogProof? _proof;
    private SignedNote? _note;
    private string? _doubt,
        _partial;
    private bool _isRevoked,
        _isOtherKey;
    private Checkpoint? _checkpoint;
    private IReadOnlyList<WitnessCosignature> _cosignatures = [];

    private ReceiptVerifier(ReceiptEvidence evidence, VerificationKey? key, string? origin, bool pinned) =>
        (_evidence, _key, _origin, _pinned) = (evidence, key, origin, pinned);

    /// <summary>Checks with the key that the verifier trusts, under any name.</summary>
    public static VerificationResult Verify(ReceiptEvidence evidence, VerificationKey trusted)
    {
        ArgumentNullException.ThrowIfNull(evidence);
        ArgumentNullException.ThrowIfNull(trusted);
        return new ReceiptVerifier(evidence, trusted, origin: null, pinned: true).Run();
    }

    /// <summary>Checks with the log's name and key that the verifier trusts.</summary>
    public static VerificationResult Verify(ReceiptEvidence evidence, NoteKey trusted)
    {
        ArgumentNullException.ThrowIfNull(evidence);
        ArgumentNullException.ThrowIfNull(trusted);
        return new ReceiptVerifier(evidence, trusted.Key, trusted.Name, pinned: true).Run();
    }

    /// <summary>
    /// Checks without a trusted key. A key that came with the receipt shows that the parts belong together, not who
    /// made them.
    /// </summary>
    public static VerificationResult VerifyUnpinned(ReceiptEvidence evidence, VerificationKey? untrusted)
    {
        ArgumentNullException.ThrowIfNull(evidence);
        return new ReceiptVerifier(evidence, untrusted, origin: null, pinned: false).Run();
    }

    private VerificationResult Run()
    {
        Receipt receipt = _evidence.Receipt;
        CheckSeal(receipt);
        CheckRevocation();
        CheckWitnesses();
        CheckValidity();
        ReceiptStatement? statement = null;
        bool unknownVersion = false;
        if (!_checks.Exists(check => check.Outcome == CheckOutcome.Failed))
            statement = ReadStatement(receipt, out unknownVersion);
        if (statement is not null)
        {
            CheckId(statement, receipt);
            CheckRequest(statement, receipt.Salts?[SaltLabel.Request]);
            _partial = statement.Complete ? null : BrokeOff;
            CheckOutput(statement, receipt.Salts?[SaltLabel.Output]);
            CheckLogprobs(statement, receipt.Salts?[SaltLabel.Logprobs]);
            CheckExtras(statement, receipt.Salts?[SaltLabel.Extras]);
            CheckUsage(statement);
            CheckModel(statement);
            if (_partial is null || !_evidence.HasTokens)
                CheckTokens(
                    ReceiptCheck.Tokens,
                    _evidence.Tokens,
                    _evidence.HasTokens,
                    statement.Tokens,
                    receipt.Salts?[SaltLabel.Tokens],
                    "the generated tokens"
                );
            else
                Skip(ReceiptCheck.Tokens, _partial);
            if (_partial is null || !LacksPrompts(statement))
                CheckTokens(
                    ReceiptCheck.Prompt,
                    _evidence.Prompt,
                    _evidence.HasPrompt,
                    statement.Prompt,
                    receipt.Salts?[SaltLabel.Prompt],
                    "the prompt's tokens"
                );
            else
                Skip(ReceiptCheck.Prompt, _partial);
            CheckTrail(statement.Tokens, receipt.Trail);
            CheckEnvironment(statement);
        }
        return new VerificationResult(Decide(statement, unknownVersion), _checks, statement, _pinned, _key?.KeyId)
        {
            Checkpoint = _checkpoint,
            Index = _proof?.Index,
            Doubt = _doubt,
            Cosignatures = _cosignatures,
            Unbound = _evidence.Unbound,
            Pins = statement is null ? [] : SealedRequest.Changes(statement, _evidence.RequestBody),
        };
    }

    private Verdict Decide(ReceiptStatement? statement, bool unknownVersion)
    {
        if (_checks.Exists(check => check.Outcome == CheckOutcome.Failed))
            return Verdict.Tampered;
        if (unknownVersion)
            return Verdict.UnknownVersion;
        if (_isOtherKey)
            return Verdict.OtherKey;
        if (!_pinned)
            return Verdict.Untrusted;
        if (!statement!.Complete)
            return Verdict.Incomplete;
        if (_isRevoked)
            return Verdict.Inconclusive;
        if (_evidence.RequiresWitnesses && !IsPassed(ReceiptCheck.Witnesses))
            return Verdict.Policy;
        if (_evidence.KeyLimit is not null && !IsPassed(ReceiptCheck.Validity))
            return Verdict.Policy;
        if (_doubt is not null)
            return Verdict.Inconclusive;
        return IsPassed(ReceiptCheck.Request) && IsPassed(ReceiptCheck.Output) ? Verdict.Valid : Verdict.Signed;
    }

    /// <summary>The log that the key signs contains the statement.</summary>
    private void CheckSeal(Receipt receipt)
    {
        SignedNote note;
        try
        {
            _proof = TlogProof.Parse(receipt.Proof);
            note = SignedNote.Parse(_proof.Checkpoint);
            _checkpoint = Checkpoint.Parse(note.Text);
        }
        catch (LogFormatException e)
        {
            Check(ReceiptCheck.Signature, false, "the proof of the log can't be read: " + e.Message.TrimEnd('.'));
            return;
        }
        if (_key is null)
            Skip(ReceiptCheck.Signature, "there is no key to check the log's checkpoint with");
        else if (_pinned && OtherKeyOf(note, _checkpoint.Origin) is { } other)
        {
            _isOtherKey = true;
            _checks.Add(new CheckResult(ReceiptCheck.Signature, CheckOutcome.NotMet, other));
        }
        else
            Check(
                ReceiptCheck.Signature,
                LogOrigin.IsValid(_checkpoint.Origin) && note.IsSignedBy(new NoteKey(_checkpoint.Origin, _key)),
                $"the log's checkpoint is not signed by the key {_key.KeyId}, or was changed"
            );
        try
        {
            _proof.VerifyInclusion(LogEntry.Receipt(receipt.Statement.Span).Leaf, _checkpoint);
            Check(ReceiptCheck.Inclusion, true, "");
        }
        catch (LogFormatException)
        {
            Check(
                ReceiptCheck.Inclusion,
                false,
                "the log does not contain the statement: it was changed, or the proof is that of another one"
            );
        }
        _note = note;
    }

    /// <summary>
    /// What the checkpoint says of its key, where that is another one than the trusted; null where it names the trusted
    /// one, whose signature can be checked, or none.
    /// </summary>
    private string? OtherKeyOf(SignedNote note, string origin)
    {
        NoteSignature[] byLog = [.. note.Signatures.Where(signature => signature.Name == origin)];
        if (byLog.Length == 0 || !LogOrigin.IsValid(origin))
            return null;
        if (_origin is not null && _origin != origin)
            return $"the log is '{origin}', not '{_origin}'. Give the key of this one, if you trust it";
        uint trusted = new NoteKey(origin, _key!).Id;
        byte[] text = Encoding.UTF8.GetBytes(note.Text);
        // A signature by the trusted key under the id of another was changed.
        if (byLog.Any(line => line.KeyId == trusted || _key!.Verify(text, line.Signature.Span)))
            return null;
        string named = string.Join(", ", byLog.Select(line => $"{origin}+{line.KeyId:x8}"));
        return $"the checkpoint names the key {named}, and the trusted one is {origin}+{trusted:x8}. After a rotation "
            + "give the key that the log had before";
    }

    /// <summary>
    /// Whoever has a revoked key can sign any checkpoint: only the one counts that the revocation names.
    /// </summary>
    private void CheckRevocation()
    {
        if (_evidence.Revocations is not { } revocations)
        {
            Skip(ReceiptCheck.Revocation, "no revocations were given");
            return;
        }
        LogRevocation[] ofKey =
        [
            .. revocations.Where(revoked => revoked.Key.Key.KeyId == _key?.KeyId).DistinctBy(revoked => revoked.Text),
        ];
        if (_key is null || _checkpoint is null)
            Skip(ReceiptCheck.Revocation, "there is no key that signed the checkpoint");
        else if (ofKey.Length > 1)
            SkipRevoked("the key was revoked in several ways, which contradict each other");
        else if (ofKey is [var only] && !only.Covers(_checkpoint))
            SkipRevoked(
                $"the key was revoked: only the log's last checkpoint counts, of {only.Size} entries. The receipt, "
                    + "fetched again from its server, is proved by it"
            );
        else
            Check(ReceiptCheck.Revocation, true, "");
    }

    private void SkipRevoked(string why)
    {
        (_doubt, _isRevoked) = (why, true);
        Skip(ReceiptCheck.Revocation, why);
    }

    /// <summary>The policy's witnesses have cosigned the checkpoint. A false cosignature makes it worthless.</summary>
    private void CheckWitnesses()
    {
        if (_evidence.WitnessPolicy is not { } policy || _note is not { } note)
            return;
        WitnessedCheckpoint found;
        try
        {
            found = policy.Evaluate(note);
        }
        catch (LogFormatException e)
        {
            Check(ReceiptCheck.Witnesses, false, "the checkpoint is worthless: " + e.Message.TrimEnd('.'));
            return;
        }
        _cosignatures = found.Cosignatures;
        bool isListed =
            policy.Logs.Count == 0
            || (
                _key is not null
                && LogOrigin.IsValid(_checkpoint!.Origin)
                && policy.Accepts(new NoteKey(_checkpoint.Origin, _key))
            );
        _checks.Add(
            !isListed
                ? new CheckResult(
                    ReceiptCheck.Witnesses,
                    CheckOutcome.NotMet,
                    "the policy lists logs, and not this one with this key"
                )
            : found.HasQuorum ? new CheckResult(ReceiptCheck.Witnesses, CheckOutcome.Passed, "")
            : new CheckResult(
                ReceiptCheck.Witnesses,
                CheckOutcome.NotMet,
                found.Cosignatures.Count == 0
                    ? "no witness of the policy has cosigned the checkpoint; fetched again from its server, the "
                        + "receipt may be under a cosigned one"
                    : "the policy's quorum has not cosigned the checkpoint, only "
                        + string.Join(", ", found.Cosignatures.Select(cosignature => cosignature.Witness.Name))
            )
        );
    }

    /// <summary>The checkpoint is of the time in which the key is good.</summary>
    private void CheckValidity()
    {
        if (_evidence.KeyLimit is not { } limit || _checkpoint is not { } checkpoint)
            return;
        string? why =
            limit.LastSize is { } size && checkpoint.Size > size
                ? $"the key counts up to {size} entries of its log, and the checkpoint has {checkpoint.Size}"
            : limit.LastTime is { } time && !IsWitnessedBy(time)
                ? $"the key counts up to {StatementNames.Of(time)}, and no quorum of witnesses has cosigned the "
                    + "checkpoint by then"
            : null;
        _checks.Add(
            new CheckResult(ReceiptCheck.Validity, why is null ? CheckOutcome.Passed : CheckOutcome.NotMet, why ?? "")
        );
    }

    private bool IsWitnessedBy(DateTimeOffset time)
    {
        PolicyWitness[] inTime =
        [
            .. _cosignatures
                .Where(cosignature => cosignature.Timestamp <= time.ToUnixTimeSeconds())
                .Select(cosignature => cosignature.Witness),
        ];
        return inTime.Length > 0 && _evidence.WitnessPolicy!.IsQuorum(inTime);
    }

    private bool IsPassed(ReceiptCheck which) =>
        _checks.Exists(check => check.Check == which && check.Outcome == CheckOutcome.Passed);

    private ReceiptStatement? ReadStatement(Receipt receipt, out bool unknownVersion)
    {
        unknownVersion = false;
        try
        {
            ReceiptStatement statement = StatementReader.Read(receipt.Statement);
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

    private void CheckId(ReceiptStatement statement, Receipt receipt)
    {
        bool hasOtherSalt = receipt.Salts?.Gives(statement.ReceiptId) == false;
        Check(
            ReceiptCheck.ReceiptId,
            statement.ReceiptId == receipt.ReceiptId && !hasOtherSalt,
            hasOtherSalt ? "the salt is not the receipt's" : "the receipt's id is not the one that was sealed"
        );
    }

    private void CheckRequest(ReceiptStatement statement, Salt? salt)
    {
        if (_evidence.RequestBody is not { } body)
            Skip(ReceiptCheck.Request, "no request was given");
        else if (salt is null)
            SkipClosed(ReceiptCheck.Request);
        else if (_evidence.RequestPath is { } path && path != statement.RequestPath)
            Check(ReceiptCheck.Request, false, "the request's path is not the one that was sealed");
        else
        {
            var request = new SealedRequest(statement, salt);
            try
            {
                if (request.Is(body.Span))
                    Check(ReceiptCheck.Request, true, "");
                else if (request.MembersDropped(body.Span) is { } dropped)
                    Doubt(
                        ReceiptCheck.Request,
                        $"the sealed request is this one without {string.Join(", ", dropped)}: something between "
                            + "client and server has dropped what it does not know"
                    );
                else
                    Check(
                        ReceiptCheck.Request,
                        false,
                        "the request is not the one that was sealed (a program that writes JSON anew may change "
                            + "numbers and the order below the top level: give the bytes that were sent)"
                    );
            }
            catch (CanonicalFormException e)
            {
                Check(ReceiptCheck.Request, false, "the request is not the one that was sealed: " + e.Message);
            }
        }
    }

    private void CheckOutput(ReceiptStatement statement, Salt? salt)
    {
        if (_evidence is { Output: null, Defect: null })
            Skip(ReceiptCheck.Output, statement.Complete ? "no answer was given" : BrokeOff);
        else if (salt is null)
            SkipClosed(ReceiptCheck.Output);
        else if (_evidence.Output is { } output)
            CheckOutput(statement, output, salt);
        else if (statement.Complete)
            Check(ReceiptCheck.Output, false, "the answer is not the one that was sealed: " + _evidence.Defect);
        else
            Skip(ReceiptCheck.Output, BrokeOff);
    }

    private void CheckOutput(ReceiptStatement statement, OutputDigest output, Salt salt)
    {
        bool isSealed = Commitment.To(SaltLabel.Output, output.Digest, salt) == statement.OutputCommitment,
            isWhole = output.Finished && _evidence.HasEnd;
        if (statement.Complete && isSealed && _evidence.HasEnd)
            Check(
                ReceiptCheck.Output,
                output.Finished,
                "the answer reports an error or lacks an end, and was sealed whole"
            );
        else if (statement.Complete && !_evidence.HasEnd)
        {
            _partial = RecordingBrokeOff;
            Doubt(ReceiptCheck.Output, RecordingBrokeOff);
        }
        else if (statement.Complete)
            Check(
                ReceiptCheck.Output,
                false,
                _evidence.Delivery is { } delivery && delivery != statement.Delivery
                    ? "the output is not the one that was sealed (what came as a stream is given as one object: give "
                        + "the stream itself)"
                    : "the output is not the one that was sealed"
            );
        else if (isWhole)
            Check(ReceiptCheck.Output, false, "the sealed answer broke off, and the one that was given is whole");
        else
            Skip(ReceiptCheck.Output, BrokeOff);
    }

    private void CheckLogprobs(ReceiptStatement statement, Salt? salt)
    {
        Sha256Value? given = _evidence.Output?.Logprobs;
        if (_partial is null || statement.LogprobsCommitment is null)
            CheckDigest(
                ReceiptCheck.Logprobs,
                SaltLabel.Logprobs,
                given,
                statement.LogprobsCommitment,
                salt,
                "log-probabilities"
            );
        else
            Skip(ReceiptCheck.Logprobs, _partial);
    }

    private void CheckExtras(ReceiptStatement statement, Salt? salt)
    {
        Sha256Value? given = _evidence.Output?.Extras;
        if (_partial is not null && statement.ExtrasCommitment is not null)
            Skip(ReceiptCheck.Extras, _partial);
        // What a library makes of such members of several events is its own.
        else if (given is not null && statement.ExtrasCommitment is not null && IsPutTogether(statement))
            Skip(ReceiptCheck.Extras, "what came as a stream is given as one object");
        else
            CheckDigest(
                ReceiptCheck.Extras,
                SaltLabel.Extras,
                given,
                statement.ExtrasCommitment,
                salt,
                "members that no form reads"
            );
    }

    /// <summary>What is given has to be what was sealed; what is not given is not compared.</summary>
    private void CheckDigest(
        ReceiptCheck check,
        SaltLabel label,
        Sha256Value? given,
        Sha256Value? commitment,
        Salt? salt,
        string what
    )
    {
        if (commitment is not { } expected)
        {
            if (given is null)
                Skip(check, $"the answer has no {what}");
            else
                Check(check, false, $"the answer has {what}, and none were sealed");
        }
        else if (given is not { } digest)
            Skip(check, $"no {what} were given");
        else if (salt is null)
            SkipClosed(check);
        else
            Check(
                check,
                Commitment.To(label, digest, salt) == expected,
                $"the {what} are not the ones that were sealed"
            );
    }

    private void CheckUsage(ReceiptStatement statement)
    {
        AnswerUsage? given = _evidence.Output?.Usage;
        if (given is null)
            Skip(ReceiptCheck.Usage, statement.Usage is null ? "the answer names no counts" : "no counts were given");
        else if (_partial is not null && statement.Usage is not null)
            Skip(ReceiptCheck.Usage, _partial);
        else
            Check(
                ReceiptCheck.Usage,
                Agrees(given.Prompt, statement.Usage?.Prompt)
                    && Agrees(given.Completion, statement.Usage?.Completion)
                    && Agrees(given.Total, statement.Usage?.Total),
                "the counts of tokens (usage) are not the ones that were sealed"
            );

        static bool Agrees(long? given, long? bound) => given is null || given == bound;
    }

    private void CheckModel(ReceiptStatement statement)
    {
        if (_evidence.Output?.Model is not { } given)
            Skip(
                ReceiptCheck.Model,
                statement.AnswerModel is null ? "the answer names no model" : "no name of a model was given"
            );
        else
            Check(
                ReceiptCheck.Model,
                given == statement.AnswerModel,
                $"the answer names another model than was sealed ({statement.AnswerModel ?? "none"})"
            );
    }

    private void CheckTokens(
        ReceiptCheck check,
        TokenDigest? given,
        bool areThere,
        TokenBinding? bound,
        Salt? salt,
        string what
    )
    {
        // All ids of an answer would have been bound.
        if (bound is null && given is not null)
            Check(check, false, $"{what} are there, and none were sealed");
        else if (bound is null)
            Skip(check, areThere ? $"{what} that are there are not bound" : $"the statement does not bind {what}");
        else if (given is null && !areThere)
            Skip(check, $"{what} were not given");
        else if (salt is null)
            SkipClosed(check);
        else if (given is null)
            Check(check, false, $"{what} are there, but not readable or not all of the sealed ones");
        else
            Check(
                check,
                given.Digest == bound.Digest && given.Counts.SequenceEqual(bound.Counts),
                $"{what} are not the ones that were sealed"
            );
    }

    /// <summary>Whether an answer that broke off has the ids of fewer prompts than were sealed.</summary>
    private bool LacksPrompts(ReceiptStatement statement) =>
        (_evidence.HasPrompt || _evidence.Prompt is not null)
        && (_evidence.Prompt?.Counts.Count ?? 0) < statement.Prompt?.Counts.Count;

    /// <summary>Whether a stream is given as one object, as client libraries put it together.</summary>
    private bool IsPutTogether(ReceiptStatement statement) =>
        statement.Delivery == AnswerDelivery.Sse && _evidence.Delivery == AnswerDelivery.Json;

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
            Check(ReceiptCheck.Trail, same, "the trail is not the one that was sealed");
        }
    }

    private void CheckEnvironment(ReceiptStatement statement)
    {
        if (_evidence.Environment is not { } environment)
            Skip(ReceiptCheck.Environment, "no environment document was given");
        else
        {
            bool isSame =
                environment.Id == statement.EnvironmentId
                && environment.Source == statement.EnvironmentSource
                && environment.Class == statement.Class;
            Check(ReceiptCheck.Environment, isSame, "the environment document is not the one that was sealed");
        }
    }

    private void Check(ReceiptCheck check, bool passed, string failure) =>
        _checks.Add(new CheckResult(check, passed ? CheckOutcome.Passed : CheckOutcome.Failed, passed ? "" : failure));

    /// <summary>What was given can't be compared: the receipt shows nothing about it.</summary>
    private void SkipClosed(ReceiptCheck check)
    {
        _doubt ??= NoSalt;
        Skip(check, NoSalt);
    }

    /// <summary>What was given does not show that anything was changed, and can't be compared as it is.</summary>
    private void Doubt(ReceiptCheck check, string why)
    {
        _doubt ??= why;
        _checks.Add(new CheckResult(check, CheckOutcome.NotMet, why));
    }

    private void Skip(ReceiptCheck check, string why) =>
        _checks.Add(new CheckResult(check, CheckOutcome.NotChecked, why));
}
