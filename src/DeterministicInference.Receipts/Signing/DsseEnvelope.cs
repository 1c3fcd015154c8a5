using System.Globalization;
using System.Text;
using System.Text.Json;
using DeterministicInference.Receipts.Json;

namespace DeterministicInference.Receipts.Signing;

/// <summary>
/// A DSSE envelope: a payload, its type, and signatures over both. Its JSON may be reordered on the way; only type and
/// payload are signed.
/// </summary>
internal sealed class DsseEnvelope
{
    /// <summary>The payload type of in-toto statements.</summary>
    public const string InTotoPayloadType = "application/vnd.in-toto+json";

    private const string Name = "envelope";

    private DsseEnvelope(string payloadType, ReadOnlyMemory<byte> payload, IReadOnlyList<DsseSignature> signatures) =>
        (PayloadType, Payload, Signatures) = (payloadType, payload, signatures);

    /// <summary>What the payload is.</summary>
    public string PayloadType { get; }

    /// <summary>The bytes that are signed together with the type.</summary>
    public ReadOnlyMemory<byte> Payload { get; }

    /// <summary>One or more.</summary>
    public IReadOnlyList<DsseSignature> Signatures { get; }

    /// <summary>Signs a payload.</summary>
    public static DsseEnvelope Sign(string payloadType, ReadOnlyMemory<byte> payload, ISigner key)
    {
        ArgumentNullException.ThrowIfNull(payloadType);
        ArgumentNullException.ThrowIfNull(key);
        byte[] signature = key.Sign(PreAuthenticationEncoding(payloadType, payload.Span));
        return new DsseEnvelope(payloadType, payload, [new DsseSignature(key.PublicKey.KeyId.ToString(), signature)]);
    }

    /// <summary>What is signed: <c>DSSEv1</c>, then length and bytes of type and payload.</summary>
    public static byte[] PreAuthenticationEncoding(string payloadType, ReadOnlySpan<byte> payload)
    {
        ArgumentNullException.ThrowIfNull(payloadType);
        int typeBytes = Encoding.UTF8.GetByteCount(payloadType);
        byte[] head = Encoding.UTF8.GetBytes(
            string.Create(CultureInfo.InvariantCulture, $"DSSEv1 {typeBytes} {payloadType} {payload.Length} ")
        );
        return [.. head, .. payload];
    }

    /// <summary>Is one of the signatures by this key? The key ids that the envelope names are not asked.</summary>
    public bool IsSignedBy(VerificationKey key)
    {
        ArgumentNullException.ThrowIfNull(key);
        byte[] signed = PreAuthenticationEncoding(PayloadType, Payload.Span);
        return Signatures.Any(signature => key.Verify(signed, signature.Signature.Span));
    }

    /// <summary>The envelope as minified JSON.</summary>
    public byte[] ToJson() => JsonBytes.Write(Write);

    /// <summary>Reads an envelope.</summary>
    /// <exception cref="ReceiptFormatException">
    /// A member is missing or malformed, or an object has two of the same name.
    /// </exception>
    public static DsseEnvelope FromJson(ReadOnlyMemory<byte> utf8)
    {
        using JsonDocument document = JsonFields.Parse(utf8, Name);
        return Read(JsonFields.Root(document, Name));
    }

    private static DsseEnvelope Read(JsonFields fields)
    {
        List<DsseSignature> signatures =
        [
            .. fields
                .ObjectsOf("signatures")
                .Select(signature => new DsseSignature(
                    signature.StringIfPresent("keyid") ?? "",
                    signature.Base64("sig")
                )),
        ];
        if (signatures.Count == 0)
            throw fields.Wrong("signatures", "is empty");
        return new DsseEnvelope(fields.String("payloadType"), fields.Base64("payload"), signatures);
    }

    private void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("payloadType", PayloadType);
        json.WriteString("payload", Convert.ToBase64String(Payload.Span));
        json.WriteStartArray("signatures");
        foreach (DsseSignature signature in Signatures)
        {
            json.WriteStartObject();
            json.WriteString("keyid", signature.KeyId);
            json.WriteString("sig", Convert.ToBase64String(signature.Signature.Span));
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }
}

/// <summary>A signature of an envelope.</summary>
/// <param name="KeyId">A hint which key it is by: not signed, never trusted.</param>
/// <param name="Signature">64 bytes.</param>
internal sealed record DsseSignature(string KeyId, ReadOnlyMemory<byte> Signature);
