using System.Text.Json;
using DeterministicInference.Receipts.Answers;
using DeterministicInference.Receipts.Canonical;
using DeterministicInference.Receipts.Output;
using DeterministicInference.Receipts.Statements;
using DeterministicInference.Receipts.Tokens;

namespace DeterministicInference.Receipts.Verification;

/// <summary>Whether what the holder has is what a statement commits to.</summary>
/// <param name="evidence">What the holder has.</param>
/// <param name="statement">What the log has sealed.</param>
/// <param name="checks">Gets the checks.</param>
internal sealed class ContentChecks(EvidenceReading evidence, ReceiptStatement statement, CheckList checks)
{
    private const string BrokeOff = "the answer broke off, and its client may have received less than was sealed";

    private const string RecordingBrokeOff =
        "the recording of the answer broke off before its end (data: [DONE]), and what is missing can't be compared";

    private readonly ReceiptSalts? _salts = evidence.Receipt.Salts;

    /// <summary>Why only a part of the answer is at hand; null if it is whole.</summary>
    private string? _partial = statement.Complete ? null : BrokeOff;

    public void Run()
    {
        CheckId();
        CheckRequest(_salts?[SaltLabel.Request]);
        CheckOutput(_salts?[SaltLabel.Output]);
        CheckLogprobs(_salts?[SaltLabel.Logprobs]);
        CheckExtras(_salts?[SaltLabel.Extras]);
        CheckUsage();
        CheckModel();
        if (_partial is null || !evidence.HasTokens)
            CheckTokens(
                ReceiptCheck.Tokens,
                evidence.Tokens,
                evidence.HasTokens,
                statement.Tokens,
                _salts?[SaltLabel.Tokens],
                "the generated tokens"
            );
        else
            Skip(ReceiptCheck.Tokens, _partial);
        if (_partial is null || !LacksPrompts)
            CheckTokens(
                ReceiptCheck.Prompt,
                evidence.Prompt,
                evidence.HasPrompt,
                statement.Prompt,
                _salts?[SaltLabel.Prompt],
                "the prompt's tokens"
            );
        else
            Skip(ReceiptCheck.Prompt, _partial);
        CheckTrail(statement.Tokens, evidence.Receipt.Trail);
        CheckEnvironment();
    }

    private void CheckId()
    {
        bool hasOtherSalt = _salts?.Gives(statement.ReceiptId) == false;
        Check(
            ReceiptCheck.ReceiptId,
            statement.ReceiptId == evidence.Receipt.ReceiptId && !hasOtherSalt,
            hasOtherSalt ? "the salt is not the receipt's" : "the receipt's id is not the one that was sealed"
        );
    }

    private void CheckRequest(Salt? salt)
    {
        if (evidence.RequestBody is not { } body)
            Skip(ReceiptCheck.Request, "no request was given");
        else if (salt is null)
            checks.SkipClosed(ReceiptCheck.Request);
        else if (evidence.RequestPath is { } path && path != statement.RequestPath)
            Check(ReceiptCheck.Request, false, "the request's path is not the one that was sealed");
        else
        {
            var request = new SealedRequest(statement, salt);
            try
            {
                using JsonDocument document = RequestText.ParseInPlace(body);
                if (request.Is(document.RootElement))
                    Check(ReceiptCheck.Request, true, "");
                else if (request.MembersDropped(document.RootElement) is { } dropped)
                    checks.AddDoubt(
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

    private void CheckOutput(Salt? salt)
    {
        if (evidence is { Output: null, Defect: null })
            Skip(ReceiptCheck.Output, statement.Complete ? "no answer was given" : BrokeOff);
        else if (salt is null)
            checks.SkipClosed(ReceiptCheck.Output);
        else if (evidence.Output is { } output)
            CheckOutput(output, salt);
        else if (statement.Complete)
            Check(ReceiptCheck.Output, false, "the answer is not the one that was sealed: " + evidence.Defect);
        else
            Skip(ReceiptCheck.Output, BrokeOff);
    }

    private void CheckOutput(OutputDigest output, Salt salt)
    {
        bool isSealed = Commitment.To(SaltLabel.Output, output.Digest, salt) == statement.OutputCommitment,
            isWhole = output.Finished && evidence.HasEnd;
        if (statement.Complete && isSealed && evidence.HasEnd)
            Check(
                ReceiptCheck.Output,
                output.Finished,
                "the answer reports an error or lacks an end, and was sealed whole"
            );
        else if (statement.Complete && !evidence.HasEnd)
        {
            _partial = RecordingBrokeOff;
            checks.AddDoubt(ReceiptCheck.Output, RecordingBrokeOff);
        }
        else if (statement.Complete)
            Check(
                ReceiptCheck.Output,
                false,
                IsPutTogether
                    ? "the output is not the one that was sealed (what came as a stream is given as one object: give "
                        + "the stream itself)"
                    : "the output is not the one that was sealed"
            );
        else if (isWhole)
            Check(ReceiptCheck.Output, false, "the sealed answer broke off, and the one that was given is whole");
        else
            Skip(ReceiptCheck.Output, BrokeOff);
    }

    private void CheckLogprobs(Salt? salt)
    {
        Sha256Value? given = evidence.Output?.Logprobs;
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

    private void CheckExtras(Salt? salt)
    {
        Sha256Value? given = evidence.Output?.Extras;
        if (_partial is not null && statement.ExtrasCommitment is not null)
            Skip(ReceiptCheck.Extras, _partial);
        // What a library makes of such members of several events is its own.
        else if (given is not null && statement.ExtrasCommitment is not null && IsPutTogether)
            Skip(ReceiptCheck.Extras, "what came as a stream is given as one object");
        else
            CheckDigest(
                ReceiptCheck.Extras,
                SaltLabel.Extras,
                given,
                statement.ExtrasCommitment,
                salt,
                "members of choices that no form reads"
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
            checks.SkipClosed(check);
        else
            Check(
                check,
                Commitment.To(label, digest, salt) == expected,
                $"the {what} are not the ones that were sealed"
            );
    }

    private void CheckUsage()
    {
        AnswerUsage? given = evidence.Output?.Usage;
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

    private void CheckModel()
    {
        if (evidence.Output?.Model is not { } given)
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
            checks.SkipClosed(check);
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
    private bool LacksPrompts =>
        (evidence.HasPrompt || evidence.Prompt is not null)
        && (evidence.Prompt?.Counts.Count ?? 0) < statement.Prompt?.Counts.Count;

    /// <summary>Whether a stream is given as one object, as client libraries put it together.</summary>
    private bool IsPutTogether => statement.Delivery == AnswerDelivery.Sse && evidence.Delivery == AnswerDelivery.Json;

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

    private void CheckEnvironment()
    {
        if (evidence.Environment is not { } environment)
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

    private void Check(ReceiptCheck check, bool passed, string failure) => checks.Add(check, passed, failure);

    private void Skip(ReceiptCheck check, string why) => checks.Skip(check, why);
}
