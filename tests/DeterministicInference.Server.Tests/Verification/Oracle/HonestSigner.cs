using System.Numerics;
using System.Security.Cryptography;
using System.Text;
using DeterministicInference.Receipts;
using DeterministicInference.Receipts.Answers;
using DeterministicInference.Receipts.Canonical;
using DeterministicInference.Receipts.Environments;
using DeterministicInference.Receipts.Log;
using DeterministicInference.Receipts.Signing;
using DeterministicInference.Receipts.Tests.Statements;

namespace DeterministicInference.Server.Tests.Verification.Oracle;

/// <summary>Seals honest answers as the server does. All that the oracle knows of issuing is here.</summary>
internal static class HonestSigner
{
    public const string BundleForm = "dis-bundle/2";

    private static readonly SigningKey Key = SigningKey.Create();

    private static readonly InferenceEnvironment Environment = new(
        [
            new("engine.name", new EnvironmentFact("sglang", FactSource.Measured)),
            new("engine.version", new EnvironmentFact("0.5.12", FactSource.EngineReported)),
        ],
        []
    );

    /// <summary>The log's name and key, which the verifier trusts.</summary>
    public static NoteKey LogKey { get; } = new("log.example/1", Key.PublicKey);

    public static string EnvironmentText { get; } = Encoding.UTF8.GetString(EnvironmentDocument.Write(Environment));

    /// <summary>The <c>determinism</c> object of an answer.</summary>
    /// <param name="name">Another one for each answer, which gives the salt.</param>
    /// <param name="path">The route.</param>
    /// <param name="request">The client's body.</param>
    /// <param name="pins">What the server set, as JSON.</param>
    /// <param name="parts">The JSON answer, or the data of each event.</param>
    /// <param name="isStream">Which of them.</param>
    /// <param name="wantsLogprobs">Whether the client asked for log-probabilities.</param>
    /// <param name="choicesPerPrompt">The request's <c>n</c>.</param>
    public static string Seal(
        string name,
        string path,
        string request,
        IReadOnlyDictionary<string, string> pins,
        IEnumerable<string> parts,
        bool isStream,
        bool wantsLogprobs,
        int choicesPerPrompt
    )
    {
        var receipt = new TestReceipt(
            path,
            Encoding.UTF8.GetBytes(request),
            isStream ? AnswerDelivery.Sse : AnswerDelivery.Json,
            parts
        )
        {
            Environment = Environment,
            Salts = ReceiptSalts.Of(new Salt(SHA256.HashData(Encoding.UTF8.GetBytes(name)))),
            Pins = new RequestPins(pins),
            WantsLogprobs = wantsLogprobs,
            ChoicesPerPrompt = choicesPerPrompt,
        };
        return Encoding.UTF8.GetString(receipt.Seal(statement => Prove(statement)).ToJson());
    }

    /// <summary>A receipt's text anew with a changed statement, which the same log has sealed.</summary>
    public static void Reseal(LooseJson receipt, Func<string, string> change)
    {
        string statement = change(LoosePath.Find(receipt, "statement").Text);
        LoosePath.Find(receipt, "statement").Become(LooseJson.String(statement));
        LoosePath.Find(receipt, "proof").Become(LooseJson.String(Prove(Encoding.UTF8.GetBytes(statement))));
    }

    /// <summary>A derived salt in base64.</summary>
    public static string Derive(byte[] salt, string label) =>
        ReceiptSalts.Of(new Salt(salt))[ReceiptSalts.LabelOf(label)!.Value]!.ToBase64();

    /// <summary>The proof of a log that another key signs, or of one with another name.</summary>
    public static string ProveBy(string statement, string origin, SigningKey? key) =>
        Prove(Encoding.UTF8.GetBytes(statement), origin, key);

    /// <summary>The proof of a larger log, and of one whose checkpoint has further lines.</summary>
    /// <param name="statement">What is sealed.</param>
    /// <param name="index">Its place.</param>
    /// <param name="size">Entries of the log.</param>
    /// <param name="extension">Further lines that are signed.</param>
    public static string ProveIn(string statement, int index, int size, string extension = "")
    {
        Sha256Value[] leaves =
        [
            .. Enumerable
                .Range(0, size)
                .Select(place =>
                    place == index ? LogEntry.Receipt(Encoding.UTF8.GetBytes(statement)).Leaf
                    : place == 0 ? LogEntry.Open(LogKey).Leaf
                    : LogEntry.Receipt([(byte)place]).Leaf
                ),
        ];
        string text = new Checkpoint(LogKey.Name, size, Root(leaves)).Text + extension;
        string note = SignedNote.Sign(text, LogKey.Name, Key).ToString();
        return new TlogProof(index, [.. Path(leaves, index)], note).ToString();
    }

    private static string Prove(byte[] statement, string? origin = null, SigningKey? key = null) =>
        TestReceipt.Prove(statement, LogKey, key ?? Key, origin).ToString();

    private static Sha256Value Root(Sha256Value[] leaves) =>
        leaves.Length == 1 ? leaves[0] : MerkleHash.Node(Root(leaves[..Split(leaves)]), Root(leaves[Split(leaves)..]));

    /// <summary>From the sibling to the root (RFC 6962, 2.1.1).</summary>
    private static IEnumerable<Sha256Value> Path(Sha256Value[] leaves, int index)
    {
        if (leaves.Length == 1)
            return [];
        int split = Split(leaves);
        return index < split
            ? [.. Path(leaves[..split], index), Root(leaves[split..])]
            : [.. Path(leaves[split..], index - split), Root(leaves[..split])];
    }

    private static int Split(Sha256Value[] leaves) => 1 << BitOperations.Log2((uint)leaves.Length - 1);
}
