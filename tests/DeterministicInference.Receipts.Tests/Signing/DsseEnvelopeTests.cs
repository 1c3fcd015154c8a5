using System.Text;
using DeterministicInference.Receipts.Signing;
using Xunit;

namespace DeterministicInference.Receipts.Tests.Signing;

public class DsseEnvelopeTests
{
    /// <summary>
    /// Payload of the example in the DSSE specification (secure-systems-lab/dsse, protocol.md).
    /// </summary>
    private const string PublishedType = "http://example.com/HelloWorld",
        PublishedPayload = "hello world";

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
    [InlineData("""[]""", "envelope")]
    [InlineData("""{"payloadType":"t","payload":"AAAA"}""", "envelope.signatures")]
    [InlineData("""{"payloadType":"t","payload":"AAAA","signatures":[]}""", "envelope.signatures")]
    [InlineData("""{"payloadType":"t","payload":"AAAA","signatures":[{}]}""", "envelope.signatures[].sig")]
    [InlineData("""{"payloadType":1,"payload":"AAAA","signatures":[{"sig":"AAAA"}]}""", "envelope.payloadType")]
    [InlineData("""{"payloadType":"t","payload":"AAA","signatures":[{"sig":"AAAA"}]}""", "envelope.payload")]
    [InlineData("""{"payloadType":"t","payload":"AB==","signatures":[{"sig":"AAAA"}]}""", "envelope.payload")]
    [InlineData("""{"payloadType":"t","payload":"AA A","signatures":[{"sig":"AAAA"}]}""", "envelope.payload")]
    [InlineData("""{"payloadType":"t","payload":"+_AA","signatures":[{"sig":"AAAA"}]}""", "envelope.payload")]
    [InlineData("""{"payloadType":"t","payloadType":"u","payload":"AAAA","signatures":[{"sig":"AAAA"}]}""", "envelope")]
    [InlineData("""{"payloadType":"\ud800","payload":"AAAA","signatures":[{"sig":"AAAA"}]}""", "envelope.payloadType")]
    public void A_malformed_envelope_is_refused_naming_the_member(string json, string member) =>
        Assert.Equal(
            member,
            Assert.Throws<ReceiptFormatException>(() => DsseEnvelope.FromJson(Encoding.UTF8.GetBytes(json))).Member
        );
}
