using System.Text;
using DeterministicInference.Receipts.Answers;
using DeterministicInference.Receipts.Canonical;
using DeterministicInference.Receipts.Environments;
using DeterministicInference.Receipts.Log;
using DeterministicInference.Receipts.Output;
using DeterministicInference.Receipts.Signing;
using DeterministicInference.Receipts.Statements;
using DeterministicInference.Receipts.Tests.Output;
using DeterministicInference.Receipts.Tokens;
using DeterministicInference.Receipts.Verification;

namespace DeterministicInference.Receipts.Tests.Statements;

/// <summary>A receipt with every member in use, and all that can be held against it.</summary>
internal sealed class SampleReceipt : IDisposable
{
    public const string RequestBody =
        """{"model":"gpt","messages":[{"role":"user","content":"Hi"}],"logprobs":true,"stream":false}""";

    private static readonly DateTimeOffset IssuedAt = new(2026, 11, 22, 10, 11, 12, TimeSpan.Zero);

    public const string Answer =
        """{"id":"x","model":"org/tiny","choices":[{"index":0,"message":{"content":"Hello"},"logprobs":{"content":["""
        + """{"token":"Hello","logprob":-0.5}]},"stop_reason":"é","finish_reason":"stop"}],"""
        + """ "usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}}""";

    /// <param name="complete">Whether the answer came to its end.</param>
    /// <param name="promised">The class, if it is not the environment's.</param>
    public SampleReceipt(bool complete = true, DeterminismClass? promised = null)
    {
        var pins = new RequestPins(new Dictionary<string, string> { ["model"] = "\"tiny\"", ["seed"] = "42" });
        // One that broke off has no finish reason.
        Output = OutputOf(complete ? Answer : Answer.Replace("\"stop\"}", "null}", StringComparison.Ordinal));
        Tokens = TokensOf(7, 8);
        Prompt = PromptOf(1, 2, 3);
        Environment = new InferenceEnvironment(
            [new("engine.name", new EnvironmentFact("embedded", FactSource.Measured))],
            promised == DeterminismClass.BestEffort ? ["not_measured"] : []
        );
        Statement = new ReceiptStatement
        {
            ReceiptId = Salts.CreateId(IssuedAt),
            IssuedAt = IssuedAt,
            Complete = complete,
            Class = Environment.Class,
            RequestPath = "/v1/chat/completions",
            RequestCommitment = Commit(
                SaltLabel.Request,
                CanonicalRequest.Digest("/v1/chat/completions", Encoding.UTF8.GetBytes(RequestBody))
            ),
            Pins = pins,
            OutputCommitment = Commit(SaltLabel.Output, Output.Digest),
            Delivery = AnswerDelivery.Json,
            Tokens = TokenBinding.OfChoices(Tokens),
            Prompt = TokenBinding.OfPrompts(Prompt),
            LogprobsCommitment = Commit(SaltLabel.Logprobs, Output.Logprobs!.Value),
            ExtrasCommitment = Commit(SaltLabel.Extras, Output.Extras!.Value),
            AnswerModel = Output.Model,
            Usage = Output.Usage,
            EnvironmentId = Environment.Id,
            EnvironmentSource = Environment.Source,
            ModelName = "tiny",
            ModelDigest = Sha256Value.Of("weights"u8),
            Probe = new ProbeRecord("deterministic", 1000, new DateTimeOffset(2026, 11, 21, 0, 0, 0, TimeSpan.Zero)),
        };
        Receipt = Seal(StatementWriter.Write(Statement));
    }

    public SigningKey Key { get; } = SigningKey.Create();

    public NoteKey LogKey => new("log.example", Key.PublicKey);

    public ReceiptSalts Salts { get; } = Vectors.Salts;

    public OutputDigest Output { get; }

    public TokenDigest Tokens { get; }

    public TokenDigest Prompt { get; }

    public InferenceEnvironment Environment { get; }

    public ReceiptStatement Statement { get; }

    public Receipt Receipt { get; }

    /// <summary>The same without salts and trail: the seal can be checked, nothing can be opened.</summary>
    public Receipt Closed => new(Receipt.ReceiptId, Receipt.Statement, Receipt.Proof);

    public EvidenceReading Evidence => EvidenceOf(Receipt);

    public EvidenceReading EvidenceOf(Receipt receipt) =>
        new(receipt)
        {
            RequestBody = Encoding.UTF8.GetBytes(RequestBody),
            Output = Output,
            Tokens = Tokens,
            Prompt = Prompt,
            Environment = Environment,
            Revocations = [],
        };

    /// <summary>What is held against a receipt of a statement that differs from this one.</summary>
    public EvidenceReading EvidenceOf(ReceiptStatement statement) => EvidenceOf(Seal(StatementWriter.Write(statement)));

    /// <summary>A receipt of this statement, sealed with the key.</summary>
    public Receipt Seal(byte[] statement) =>
        new(Statement.ReceiptId, statement, Proof(statement)) { Salts = Salts, Trail = Tokens.Trail };

    /// <summary>That the statement is the second entry of a log of two.</summary>
    public string Proof(ReadOnlySpan<byte> statement, string origin = "log.example") =>
        TestReceipt.Prove(statement, LogKey, Key, origin).ToString();

    public static OutputDigest OutputOf(string answer)
    {
        using var hasher = new HashedAnswer(logprobs: true);
        hasher.AppendAnswer(Encoding.UTF8.GetBytes(answer));
        return hasher.Finish();
    }

    public static TokenDigest TokensOf(params uint[] ids)
    {
        var chain = new TokenChain(Vectors.TokenSalt);
        chain.Append(0, ids);
        return chain.Current();
    }

    public static TokenDigest PromptOf(params uint[] ids)
    {
        var prompts = new PromptDigest(Vectors.PromptSalt);
        prompts.Add(0, ids);
        return prompts.Current();
    }

    public void Dispose() => Key.Dispose();

    public Sha256Value Commit(SaltLabel label, Sha256Value digest) => Commitment.To(label, digest, Salts[label]!);
}
