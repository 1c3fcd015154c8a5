using System.Numerics;
using System.Security.Cryptography;
using System.Text;
using DeterministicInference.Receipts.Signing;
using Xunit;

namespace DeterministicInference.Receipts.Tests.Signing;

public class DsseEnvelopeTests
{
    /// <summary>
    /// Key, payload and signature of the example in the DSSE specification (secure-systems-lab/dsse, protocol.md),
    /// signature as DER.
    /// </summary>
    private const string PublishedType = "http://example.com/HelloWorld",
        PublishedPayload = "hello world";
    private const string PublishedSignature =
        "MEQCIANyarEBrVbCdjtsaqyOSHJ14qeRk6CdxfhZ2fjvPEo7AiBR6rDAajabZKciJTfUiHqJPcIAriEGAHTVeCUjW2JIZA==";
    private const string PublishedRawSignature =
        "A3JqsQGtVsJ2O2xqrI5IcnXip5GToJ3F+FnZ+O88SjtR6rDAajabZKciJTfUiHqJPcIAriEGAHTVeCUjW2JIZA==";
    private const string PublishedX = "46950820868899156662930047687818585632848591499744589407958293238635476079160";
    private const string PublishedY = "5640078356564379163099075877009565129882514886557779369047442380624545832820";

    [Fact]
    public void Published_pre_authentication_encoding() =>
        Assert.Equal(
            "DSSEv1 29 http://example.com/HelloWorld 11 hello world",
            Encoding.UTF8.GetString(
                DsseEnvelope.PreAuthenticationEncoding(PublishedType, Encoding.UTF8.GetBytes(PublishedPayload))
            )
        );

    [Fact]
    public void Lengths_are_counted_in_bytes() =>
        Assert.Equal("DSSEv1 2 é 3 €", Encoding.UTF8.GetString(DsseEnvelope.PreAuthenticationEncoding("é", "€"u8)));

    [Fact]
    public void Published_signature_verifies()
    {
        using VerificationKey key = PublishedKey();
        Assert.True(Envelope(PublishedPayload, PublishedSignature).IsSignedBy(key));
        Assert.False(Envelope("hello worle", PublishedSignature).IsSignedBy(key));
    }

    [Fact]
    public void A_raw_pair_of_numbers_is_not_a_signature()
    {
        using VerificationKey key = PublishedKey();
        Assert.False(Envelope(PublishedPayload, PublishedRawSignature).IsSignedBy(key));
    }

    [Fact]
    public void Signing_and_reading_back()
    {
        using SigningKey key = SigningKey.Create();
        DsseEnvelope envelope = DsseEnvelope.FromJson(DsseEnvelope.Sign("t", "p"u8.ToArray(), key).ToJson());
        Assert.Equal("t", envelope.PayloadType);
        Assert.Equal("p"u8, envelope.Payload.Span);
        Assert.Equal(key.PublicKey.KeyId.ToString(), Assert.Single(envelope.Signatures).KeyId);
        Assert.True(envelope.IsSignedBy(key.PublicKey));
        using SigningKey other = SigningKey.Create();
        Assert.False(envelope.IsSignedBy(other.PublicKey));
    }

    [Fact]
    public void Both_base64_alphabets_any_order_of_members_and_other_signatures_are_accepted()
    {
        using SigningKey key = SigningKey.Create();
        byte[] payload = [0xfb, 0xff, 0xbe, 0x3e, 0x3f];
        byte[] signature = key.Sign(DsseEnvelope.PreAuthenticationEncoding("t", payload));
        string json = $$"""
            {"signatures":[{"sig":"AAAA"},{"sig":"{{Url(
                signature
            )}}","keyid":"anything","x":1}],"more":{},"payload":"{{Url(payload)}}","payloadType":"t"}
            """;
        DsseEnvelope envelope = DsseEnvelope.FromJson(Encoding.UTF8.GetBytes(json));
        Assert.True(envelope.IsSignedBy(key.PublicKey));
        Assert.Equal(payload, envelope.Payload.ToArray());

        static string Url(byte[] bytes) => Convert.ToBase64String(bytes).Replace('+', '-').Replace('/', '_');
    }

    [Theory]
    [InlineData("""[]""", "receipt")]
    [InlineData("""{"payloadType":"t","payload":"AAAA"}""", "receipt.signatures")]
    [InlineData("""{"payloadType":"t","payload":"AAAA","signatures":[]}""", "receipt.signatures")]
    [InlineData("""{"payloadType":"t","payload":"AAAA","signatures":[{}]}""", "receipt.signatures[].sig")]
    [InlineData("""{"payloadType":1,"payload":"AAAA","signatures":[{"sig":"AAAA"}]}""", "receipt.payloadType")]
    [InlineData("""{"payloadType":"t","payload":"AAA","signatures":[{"sig":"AAAA"}]}""", "receipt.payload")]
    [InlineData("""{"payloadType":"t","payload":"AB==","signatures":[{"sig":"AAAA"}]}""", "receipt.payload")]
    [InlineData("""{"payloadType":"t","payload":"AA A","signatures":[{"sig":"AAAA"}]}""", "receipt.payload")]
    [InlineData("""{"payloadType":"t","payload":"+_AA","signatures":[{"sig":"AAAA"}]}""", "receipt.payload")]
    [InlineData("""{"payloadType":"t","payloadType":"u","payload":"AAAA","signatures":[{"sig":"AAAA"}]}""", "receipt")]
    [InlineData("""{"payloadType":"\ud800","payload":"AAAA","signatures":[{"sig":"AAAA"}]}""", "receipt.payloadType")]
    public void A_malformed_envelope_is_refused_naming_the_member(string json, string member) =>
        Assert.Equal(
            member,
            Assert.Throws<ReceiptFormatException>(() => DsseEnvelope.FromJson(Encoding.UTF8.GetBytes(json))).Member
        );

    private static DsseEnvelope Envelope(string payload, string signature) =>
        DsseEnvelope.FromJson(
            Encoding.UTF8.GetBytes(
                $$"""{"payloadType":"{{PublishedType}}","payload":"{{Convert.ToBase64String(Encoding.UTF8.GetBytes(payload))}}","signatures":[{"sig":"{{signature}}"}]}"""
            )
        );

    private static VerificationKey PublishedKey()
    {
        using var key = ECDsa.Create(
            new ECParameters
            {
                Curve = ECCurve.NamedCurves.nistP256,
                Q = new ECPoint { X = Coordinate(PublishedX), Y = Coordinate(PublishedY) },
            }
        );
        return VerificationKey.FromSpki(key.ExportSubjectPublicKeyInfo());

        static byte[] Coordinate(string number)
        {
            byte[] bytes = BigInteger
                .Parse(number, System.Globalization.CultureInfo.InvariantCulture)
                .ToByteArray(isUnsigned: true, isBigEndian: true);
            return [.. new byte[32 - bytes.Length], .. bytes];
        }
    }
}
