using System.Text;
using System.Text.Json;
using DeterministicInference.Receipts.Json;
using DeterministicInference.Receipts.Log;
using DeterministicInference.Receipts.Tokens;

namespace DeterministicInference.Receipts.Statements;

/// <summary>
/// A statement with the proof that a log has sealed it, and what opens it: the <c>determinism</c> object of an answer.
/// </summary>
internal sealed class Receipt
{
    /// <summary>
    /// Most bytes of the object; the trail is left out of a larger one, because clients read lines of limited length.
    /// </summary>
    public const int MaxBytes = 16_384;

    private const string Name = "determinism";

    /// <summary>Puts the parts of a receipt together. Nothing is checked.</summary>
    /// <param name="receiptId">The id of the statement.</param>
    /// <param name="statement">The bytes that the log seals (<see cref="StatementWriter"/>).</param>
    /// <param name="proof">The text of a <see cref="TlogProof"/>.</param>
    public Receipt(string receiptId, ReadOnlyMemory<byte> statement, string proof)
    {
        ArgumentNullException.ThrowIfNull(receiptId);
        ArgumentNullException.ThrowIfNull(proof);
        (ReceiptId, Statement, Proof) = (receiptId, statement, proof);
    }

    /// <summary>The id beside the statement. Not sealed: it must equal the one in the statement.</summary>
    public string ReceiptId { get; }

    /// <summary>The bytes that the log has sealed.</summary>
    public ReadOnlyMemory<byte> Statement { get; }

    /// <summary>
    /// The text of a <see cref="TlogProof"/>: the log that signed its checkpoint contains the statement.
    /// </summary>
    public string Proof { get; }

    /// <summary>The name of the log, by the proof; null if it can't be read. Not verified.</summary>
    public string? Origin
    {
        get
        {
            try
            {
                return Checkpoint.Parse(SignedNote.Parse(TlogProof.Parse(Proof).Checkpoint).Text).Origin;
            }
            catch (LogFormatException)
            {
                return null;
            }
        }
    }

    /// <summary>Open the commitments; null if the holder passed the receipt on without them.</summary>
    public ReceiptSalts? Salts { get; init; }

    /// <summary>Two bytes per token (see <see cref="TokenDigest.Trail"/>); null if there is none.</summary>
    public ReadOnlyMemory<byte>? Trail { get; init; }

    /// <summary>
    /// The same for who may see the answer, but not the request: without its salt, no guess of the request can be
    /// tested.
    /// </summary>
    public Receipt WithoutRequest() =>
        new(ReceiptId, Statement, Proof)
        {
            Salts = Salts?.Only(SaltLabel.Output, SaltLabel.Logprobs, SaltLabel.Tokens),
            Trail = Trail,
        };

    /// <summary>The <c>determinism</c> object as minified JSON, one line.</summary>
    public byte[] ToJson()
    {
        byte[] whole = ToJson(Trail);
        return whole.Length <= MaxBytes ? whole : ToJson(null);
    }

    /// <summary>Reads a <c>determinism</c> object.</summary>
    /// <exception cref="ReceiptFormatException">
    /// A member is missing or malformed, an object has two of the same name, or
    /// (<see cref="ReceiptFormatException.IsUnknownVersion"/>) it is of the first version, which signed each receipt.
    /// </exception>
    public static Receipt FromJson(ReadOnlyMemory<byte> utf8)
    {
        using JsonDocument document = JsonFields.Parse(utf8, Name);
        JsonFields fields = JsonFields.Root(document, Name);
        if (fields.Has("receipt") && !fields.Has("statement"))
            throw fields.Wrong(
                "receipt",
                "has a signature of its own: the receipt was made by an older version",
                isUnknownVersion: true
            );
        // The server adds the document of the environment.
        fields.RequireOnly("receipt_id", "statement", "proof", "salt", "salts", "trail", "environment");
        // A null array would become an empty trail.
        ReadOnlyMemory<byte>? trail = null;
        if (fields.Base64IfPresent("trail") is { } bytes)
            trail = bytes;
        return new Receipt(
            fields.String("receipt_id"),
            Encoding.UTF8.GetBytes(fields.String("statement")),
            fields.String("proof")
        )
        {
            Salts = SaltsOf(fields),
            Trail = trail,
        };
    }

    private static ReceiptSalts? SaltsOf(JsonFields fields)
    {
        if (fields.Has("salt"))
        {
            return fields.Has("salts")
                ? throw fields.Wrong("salts", "stands beside 'salt', which gives them")
                : ReceiptSalts.Of(SaltOf(fields, "salt"));
        }
        if (fields.ObjectIfPresent("salts") is not { } some)
            return null;
        var salts = new Dictionary<SaltLabel, Salt>();
        foreach (string name in some.Names())
        {
            if (ReceiptSalts.LabelOf(name) is { } label)
                salts.Add(label, SaltOf(some, name));
        }
        return ReceiptSalts.Of(salts);
    }

    private static Salt SaltOf(JsonFields fields, string name)
    {
        byte[] bytes = fields.Base64(name);
        return bytes.Length == Salt.Size
            ? new Salt(bytes)
            : throw fields.Wrong(name, $"does not have {Salt.Size} bytes");
    }

    private byte[] ToJson(ReadOnlyMemory<byte>? trail) =>
        JsonBytes.Write(json =>
        {
            json.WriteStartObject();
            json.WriteString("receipt_id", ReceiptId);
            json.WriteString("statement", Statement.Span);
            json.WriteString("proof", Proof);
            WriteSalts(json);
            if (trail is { } bytes)
                json.WriteString("trail", Convert.ToBase64String(bytes.Span));
            json.WriteEndObject();
        });

    private void WriteSalts(Utf8JsonWriter json)
    {
        if (Salts is null)
            return;
        if (Salts.Root is { } root)
        {
            json.WriteString("salt", root.ToBase64());
            return;
        }
        json.WriteStartObject("salts");
        foreach (SaltLabel label in Salts.Known)
            json.WriteString(ReceiptSalts.NameOf(label), Salts[label]!.ToBase64());
        json.WriteEndObject();
    }
}
