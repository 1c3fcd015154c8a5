using System.Net;
using DeterministicInference.Receipts.Answers;
using DeterministicInference.Receipts.Canonical;
using DeterministicInference.Receipts.Environments;
using DeterministicInference.Receipts.Log;
using DeterministicInference.Receipts.Servers;
using DeterministicInference.Receipts.Statements;
using DeterministicInference.Receipts.Tokens;
using DeterministicInference.Receipts.Verification;

namespace DeterministicInference.Receipts.Replays;

/// <summary>Replays a receipt's request until the answers decide the verdict.</summary>
/// <param name="server">The server that computes.</param>
/// <param name="statement">The signed statement.</param>
/// <param name="receipt">The receipt, whose salts open the statement's commitments.</param>
/// <param name="recorded">The recorded answer; null if it is missing.</param>
/// <param name="environment">Document of the receipt's environment; null if the holder has none.</param>
internal sealed class ReplaySession(
    ReceiptServer server,
    ReceiptStatement statement,
    Receipt receipt,
    RecordedAnswer? recorded,
    InferenceEnvironment? environment
)
{
    private readonly List<Replay> _replays = [];

    /// <summary>Who knows the receipt's environment; null for the server that computes.</summary>
    public ReceiptServer? Issuer { get; init; }

    /// <summary>Gets a line for each replay; null for none.</summary>
    public IProgress<string>? Progress { get; init; }

    private string? _note;
    private int _way;
    private FreshReceipt? _fresh;

    /// <param name="requestBody">The client's request.</param>
    /// <param name="delivery">Delivery of the replays.</param>
    /// <param name="runs">Replays made before a difference counts.</param>
    /// <param name="cancellation">Cancels the session.</param>
    public async Task<(ReplayVerdict Verdict, ReplayReport Report)> RunAsync(
        ReadOnlyMemory<byte> requestBody,
        AnswerDelivery delivery,
        int runs,
        CancellationToken cancellation
    )
    {
        byte[] effective = CanonicalRequest.Effective(statement.RequestPath, requestBody.Span, statement.Pins);
        ReplayVerdict? verdict = null;
        InferenceEnvironment? original = environment;
        try
        {
            while (verdict is null)
            {
                Progress?.Report($"replay {_replays.Count + 1}: {server.Address} computes the request again …");
                Replay replay = await ReplayAsync(effective, delivery, cancellation);
                if (replay.EnvironmentId is { } id && id != statement.EnvironmentId)
                {
                    original ??= await OriginalAsync(cancellation);
                    replay = replay with { Environment = await server.EnvironmentAsync(id, cancellation) };
                }
                _replays.Add(replay);
                verdict = new ReplayJudge(statement, receipt.Salts, receipt.Trail, original)
                {
                    Runs = runs,
                    Recorded = recorded,
                }.Judge(_replays);
            }
        }
        catch (NoAnswerException e)
        {
            verdict = NoAnswer(e);
        }
        return (verdict, Report(verdict, delivery, original));
    }

    /// <summary>
    /// The document of the receipt's environment. It only explains: an issuer that is away costs nothing.
    /// </summary>
    private async Task<InferenceEnvironment?> OriginalAsync(CancellationToken cancellation)
    {
        try
        {
            return await (Issuer ?? server).EnvironmentAsync(statement.EnvironmentId, cancellation);
        }
        catch (NoAnswerException) when (Issuer is not null)
        {
            return null;
        }
    }

    private ReplayVerdict NoAnswer(NoAnswerException e)
    {
        string why = e.Message;
        string count = _replays.Count switch
        {
            0 => "",
            1 => " after 1 answer that differs",
            int answers => $" after {answers} answers, of which the first differs",
        };
        // The answer broke off, which is known without a replay.
        if (statement.Complete && e.IsRefusal)
            return new ReplayVerdict(Verdict.Inconclusive, null, $"{server.Address} does not compute it{count}: {why}");
        return statement.Complete
            ? new ReplayVerdict(Verdict.Unreachable, null, $"{server.Address} gave no usable answer{count}: {why}")
            : new ReplayVerdict(
                Verdict.Incomplete,
                null,
                $"the answer broke off; {server.Address} gave none to compare it with: {why}"
            );
    }

    private async Task<Replay> ReplayAsync(byte[] effective, AnswerDelivery delivery, CancellationToken cancellation)
    {
        (ReplayQuestion question, ServerAnswer answer) = await AskAsync(effective, delivery, cancellation);
        RecordedAnswer read;
        try
        {
            read = RecordedAnswer.Read(
                answer.Body,
                delivery,
                receipt.Salts!,
                CanonicalRequest.ChoicesPerPrompt(effective, RequestPins.None),
                statement.LogprobsCommitment is not null
            );
        }
        catch (CanonicalFormException)
        {
            throw new NoAnswerException("its answer is malformed");
        }
        if (!read.Ended || !read.Output.Finished)
            throw new NoAnswerException("its answer broke off");
        FreshReceipt fresh = await FreshReceipt.OfAsync(server, receipt, question, answer, read.Output, cancellation);
        _fresh ??= fresh;
        return Replay.Of(read, delivery) with
        {
            EnvironmentId = fresh.Statement?.EnvironmentId,
            Class = fresh.Statement?.Class,
            Doubt = fresh.Doubt,
        };
    }

    /// <summary>
    /// Sends a request. Some engines refuse to report token ids in some deliveries; the request is then sent without
    /// them.
    /// </summary>
    private async Task<(ReplayQuestion Question, ServerAnswer Answer)> AskAsync(
        byte[] effective,
        AnswerDelivery delivery,
        CancellationToken cancellation
    )
    {
        IReadOnlyList<IReadOnlyList<string>> ways = ReplayQuestion.WaysToAskForIds(statement.RequestPath, delivery);
        while (true)
        {
            var question = ReplayQuestion.Create(statement.RequestPath, effective, delivery, ways[_way]);
            try
            {
                ServerAnswer answer = await server.AskAsync(
                    question.Path,
                    question.Body,
                    question.Delivery,
                    cancellation
                );
                if (ways[_way].Count == 0)
                    _note ??= "the server does not report token ids";
                return (question, answer);
            }
            catch (NoAnswerException e)
                when (_way + 1 < ways.Count
                    && e.Status is HttpStatusCode.BadRequest or HttpStatusCode.UnprocessableEntity
                )
            {
                _way++;
            }
        }
    }

    private ReplayReport Report(ReplayVerdict verdict, AnswerDelivery delivery, InferenceEnvironment? original)
    {
        Replay? first = _replays.FirstOrDefault();
        TokenPlace? place = verdict.Difference?.Token;
        return new ReplayReport(delivery, _replays.Count)
        {
            EnvironmentId = first?.EnvironmentId,
            EnvironmentPromise = _fresh?.Statement is { } sealedBy
                ? new EnvironmentPromise(sealedBy.Class, sealedBy.EnvironmentSource)
                : null,
            Log = _fresh?.Log,
            IsIssuer = _fresh?.Log is { } log && IsOf(log),
            DifferingFacts = DifferingFacts(original, first?.Environment),
            Note = _note ?? WhyFactsAreUnknown(original, first),
            Difference = verdict.Difference,
            Recorded = place is { } at ? ReportedToken.At(recorded, at) : null,
            Replayed = place is { } there ? ReportedToken.At(first?.Answer, there) : null,
        };
    }

    /// <summary>Whether the log is the one that has sealed the receipt.</summary>
    private bool IsOf(NoteKey log)
    {
        SignedNote note = SignedNote.Parse(TlogProof.Parse(receipt.Proof).Checkpoint);
        return note.Signatures.Any(line => line.Name == log.Name && line.KeyId == log.Id);
    }

    /// <summary>Of the receipt's environment the statement itself names the model, also without its document.</summary>
    private IReadOnlyList<string> DifferingFacts(InferenceEnvironment? original, InferenceEnvironment? other) =>
        other is null ? []
        : original is not null ? original.Differences(other)
        : statement.ModelDigest is { } model
        && other.Facts.GetValueOrDefault(ModelFact.Digest) is { } fact
        && fact.Value != model.ToString()
            ? [ModelFact.Digest]
        : [];

    private string? WhyFactsAreUnknown(InferenceEnvironment? original, Replay? first) =>
        first?.EnvironmentId is not { } id || id == statement.EnvironmentId ? null
        : first.Environment is null
            ? $"which facts differ is unknown, because {server.Address} has no document of its environment"
        : original is null
            ? $"{Compared}, because the document of the receipt's environment is missing. Give a bundle that has it "
                + "(the command receipts export --url SERVER-OF-THE-RECEIPT writes one)"
        : null;

    private string Compared =>
        statement.ModelDigest is null ? "which facts differ is unknown" : "only the model's digest is compared";
}
