using System.Text;
using DeterministicInference.Receipts.Answers;
using DeterministicInference.Receipts.Canonical;
using DeterministicInference.Receipts.Environments;
using DeterministicInference.Receipts.Log;
using DeterministicInference.Receipts.Output;
using DeterministicInference.Receipts.Signing;
using DeterministicInference.Receipts.Statements;
using DeterministicInference.Receipts.Tokens;

namespace DeterministicInference.Receipts.Tests.Statements;

/// <summary>A receipt as the server makes it, of a request and an answer that a test has.</summary>
/// <param name="Path">The route.</param>
/// <param name="Request">The client's body.</param>
/// <param name="Delivery">How the answer came.</param>
/// <param name="Parts">The JSON answer, or the data of each event.</param>
internal sealed record TestReceipt(string Path, byte[] Request, AnswerDelivery Delivery, IEnumerable<string> Parts)
{
    private static readonly DateTimeOffset Began = new(2026, 11, 22, 10, 11, 12, TimeSpan.Zero);

    public required InferenceEnvironment Environment { get; init; }

    public ReceiptSalts Salts { get; init; } = ReceiptSalts.Of(Salt.Create());

    /// <summary>What the server set.</summary>
    public RequestPins Pins { get; init; } = RequestPins.None;

    /// <summary>Whether the client asked for log-probabilities.</summary>
    public bool WantsLogprobs { get; init; }

    /// <summary>The request's <c>n</c>.</summary>
    public int ChoicesPerPrompt { get; init; } = 1;

    /// <summary>Whether it says that the answer was stored.</summary>
    public bool IsMemo { get; init; }

    /// <summary>That a statement is the second entry of a log of two, which is all that a proof needs.</summary>
    /// <param name="statement">What is sealed.</param>
    /// <param name="log">The log that opens with this key.</param>
    /// <param name="key">Signs the checkpoint.</param>
    /// <param name="origin">The name in the checkpoint; null for the log's.</param>
    public static TlogProof Prove(ReadOnlySpan<byte> statement, NoteKey log, SigningKey key, string? origin = null)
    {
        Sha256Value open = LogEntry.Open(log).Leaf,
            leaf = LogEntry.Receipt(statement).Leaf;
        var checkpoint = new Checkpoint(origin ?? log.Name, 2, MerkleHash.Node(open, leaf));
        return new TlogProof(1, [open], checkpoint.Sign(key).ToString());
    }

    /// <summary>The receipt.</summary>
    /// <param name="prove">The proof of a statement.</param>
    public Receipt Seal(Func<byte[], string> prove)
    {
        using var hasher = new OutputHasher(WantsLogprobs);
        var tokens = new ReportedTokens(Salts, ChoicesPerPrompt);
        var reader = new AnswerReader(Delivery, logprobs: true);
        foreach (string part in Parts)
        {
            AnswerReading read = reader.Read(Encoding.UTF8.GetBytes(part));
            hasher.Append(read);
            tokens.Append(read);
        }
        OutputDigest output = hasher.Finish();
        string id = Salts.CreateId(Began);
        byte[] statement = StatementWriter.Write(
            new ReceiptStatement
            {
                ReceiptId = id,
                IssuedAt = Began,
                Complete = output.Finished,
                Class = Environment.Class,
                RequestPath = Path,
                RequestCommitment = Commit(SaltLabel.Request, CanonicalRequest.Digest(Path, Request)),
                Execution = IsMemo ? AnswerExecution.Memo : AnswerExecution.Executed,
                Origin = IsMemo ? id : null,
                Pins = Pins,
                OutputCommitment = Commit(SaltLabel.Output, output.Digest),
                Delivery = Delivery,
                Tokens = tokens.Tokens is { } generated ? TokenBinding.OfChoices(generated) : null,
                Prompt = tokens.Prompt is { } prompt ? TokenBinding.OfPrompts(prompt) : null,
                LogprobsCommitment = output.Logprobs is { } logprobs ? Commit(SaltLabel.Logprobs, logprobs) : null,
                ExtrasCommitment = output.Extras is { } extras ? Commit(SaltLabel.Extras, extras) : null,
                AnswerModel = output.Model,
                Usage = output.Usage,
                EnvironmentId = Environment.Id,
                EnvironmentSource = Environment.Source,
                ModelName = "tiny",
            }
        );
        return new Receipt(id, statement, prove(statement))
        {
            Salts = Salts,
            Trail = output.Finished ? tokens.Tokens?.Trail : null,
        };
    }

    private Sha256Value Commit(SaltLabel label, Sha256Value digest) => Commitment.To(label, digest, Salts[label]!);
}
