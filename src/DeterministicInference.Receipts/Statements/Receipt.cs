using System.Text.Json;
using DeterministicInference.Receipts.Json;
using DeterministicInference.Receipts.Signing;

namespace DeterministicInference.Receipts.Statements;

/// <summary>The signed statement with what opens it: the <c>determinism</c> object of an answer.</summary>
public sealed class Receipt
{
    /// <summary>
    /// Most bytes of the object; the trail is left out of a larger one, because clients read lines of limited length.
    /// </summary>
    public const int MaxBytes = 16_384;

    private const string Name = "determinism";

    private Receipt(string receiptId, DsseEnvelope envelope, Salt? salt, ReadOnlyMemory<byte>? trail) =>
        (ReceiptId, Envelope, Salt, Trail) = (receiptId, envelope, salt, trail);

    /// <summary>The id beside the envelope. Not signed: it must equal the one in the statement.</summary>
    public string ReceiptId { get; }

    /// <summary>The signed statement.</summary>
    public DsseEnvelope Envelope { get; }

    /// <summary>Opens the commitments; null if the holder passed the receipt on without it.</summary>
    public Salt? Salt { get; }

    /// <summary>Two bytes per token (see <see cref="Tokens.TokenDigest.Trail"/>); null if there is none.</summary>
    public ReadOnlyMemory<byte>? Trail { get; }

    /// <summary>Signs a statement.</summary>
    /// <param name="statement">Made with <paramref name="salt"/>.</param>
    /// <param name="salt">Opens its commitments.</param>
    /// <param name="trail">Of its tokens; null if they are not bound or the output is incomplete.</param>
    /// <param name="key">The operator's.</param>
    public static Receipt Issue(ReceiptStatement statement, Salt salt, ReadOnlyMemory<byte>? trail, SigningKey key)
    {
        ArgumentNullException.ThrowIfNull(statement);
        ArgumentNullException.ThrowIfNull(salt);
        DsseEnvelope envelope = DsseEnvelope.Sign(
            DsseEnvelope.InTotoPayloadType,
            StatementWriter.Write(statement),
            key
        );
        return new Receipt(statement.ReceiptId, envelope, salt, trail);
    }

    /// <summary>The same without salt and trail: the signature can be checked, nothing can be opened.</summary>
    public Receipt WithoutSecrets() => new(ReceiptId, Envelope, null, null);

    /// <summary>The <c>determinism</c> object as minified JSON, one line.</summary>
    public byte[] ToJson()
    {
        byte[] whole = ToJson(Trail);
        return whole.Length <= MaxBytes ? whole : ToJson(null);
    }

    /// <summary>Reads a <c>determinism</c> object.</summary>
    /// <exception cref="ReceiptFormatException">
    /// A member is missing or malformed, or an object has two of the same name.
    /// </exception>
    public static Receipt FromJson(ReadOnlyMemory<byte> utf8)
    {
        using JsonDocument document = JsonFields.Parse(utf8, Name);
        JsonFields fields = JsonFields.Root(document, Name);
        byte[]? salt = fields.Base64IfPresent("salt");
        if (salt is not null && salt.Length != Salt.Size)
            throw fields.Wrong("salt", $"does not have {Salt.Size} bytes");
        // A null array would become an empty trail.
        ReadOnlyMemory<byte>? trail = null;
        if (fields.Base64IfPresent("trail") is { } bytes)
            trail = bytes;
        return new Receipt(
            fields.String("receipt_id"),
            DsseEnvelope.Read(fields.Object("receipt")),
            salt is null ? null : new Salt(salt),
            trail
        );
    }

    private byte[] ToJson(ReadOnlyMemory<byte>? trail) =>
        FormatJson.Write(json =>
        {
            json.WriteStartObject();
            json.WriteString("receipt_id", ReceiptId);
            json.WritePropertyName("receipt");
            Envelope.Write(json);
            if (Salt is not null)
                json.WriteString("salt", Salt.ToBase64());
            if (trail is { } bytes)
                json.WriteString("trail", Convert.ToBase64String(bytes.Span));
            json.WriteEndObject();
        });
}
