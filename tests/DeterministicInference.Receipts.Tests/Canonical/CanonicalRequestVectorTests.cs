using System.Buffers;
using System.Text;
using DeterministicInference.Receipts.Canonical;
using Xunit;

namespace DeterministicInference.Receipts.Tests.Canonical;

/// <summary>The vector of docs/determinism.md, computed by an independent program.</summary>
public class CanonicalRequestVectorTests
{
    private const string Path = "/v1/chat/completions";

    // Every escape is spelled out: the body is ASCII.
    private const string Body = """
        { "model":"gpt-4o", "temperature":"0.7", "messages":[{"role":"user","content":"caf\u00e9 \ud83d\ude00 \/ \u000b\n"}], "stream":"true", "stream_options":{"include_usage":true}, "user":"u1", "top_p":1.0, "max_tokens":null, "logit_bias":{"20":1,"3":-1.50e0}, "tools":[{"type":"function","function":{"parameters":{"b":1,"a":2},"name":"f"}}], "zz\u0041":[], "\uE000":1, "\ud83d\ude00":2 }
        """;

    [Fact]
    public void Preimage()
    {
        var written = new ArrayBufferWriter<byte>();
        CanonicalRequest.Write(Path, Encoding.UTF8.GetBytes(Body), written);

        Assert.Equal(291, written.WrittenCount);
        Assert.Equal(
            "dis-req/2\n/v1/chat/completions\n"
                + (
                    """{"logit_bias":{"20":1e0,"3":-15e-1},"messages":["""
                    + """{"role":"user","content":"café """
                    + """😀 / """
                    + """\u000b\n"}],"model":"gpt-4o","temperature":"0.7","tools":["""
                    + """{"type":"function","function":{"parameters":{"b":1,"a":2},"name":"f"}}],"top_p":1e0,"zzA":"""
                    + """[],"\uE000":1e0,"😀":2e0}"""
                ).Replace("\\uE000", "\uE000", StringComparison.Ordinal)
                + "\n",
            Encoding.UTF8.GetString(written.WrittenSpan)
        );
    }

    [Fact]
    public void Digest_and_commitment()
    {
        Sha256Value digest = CanonicalRequest.Digest(Path, Encoding.UTF8.GetBytes(Body));

        Assert.Equal("53516e5f746c019faa1d510d6581c849c88452be0ffaca660c0c806a702c191a", digest.ToString());
        Assert.Equal(
            "60102499a67937e3a975b01a6fb6aa6ff8f95c276b6d350d0709f1107b1802e5",
            Commitment.To(SaltLabel.Request, digest, Vectors.Salts[SaltLabel.Request]!).ToString()
        );
    }
}
