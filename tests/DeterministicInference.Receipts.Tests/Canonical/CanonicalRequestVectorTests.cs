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

    private static RequestPins Pins { get; } =
        new(
            new Dictionary<string, string>
            {
                ["model"] = "\"tiny\"",
                ["temperature"] = "0.7",
                ["seed"] = "42",
            }
        );

    [Fact]
    public void Preimage()
    {
        var written = new ArrayBufferWriter<byte>();
        CanonicalRequest.Write(Path, Encoding.UTF8.GetBytes(Body), Pins, written);

        Assert.Equal(310, written.WrittenCount);
        Assert.Equal(
            "dis-req/1\n/v1/chat/completions\n"
                + (
                    """{"logit_bias":{"20":1,"3":-1.50e0},"max_tokens":null,"messages":["""
                    + """{"role":"user","content":"café """
                    + """😀 / """
                    + """\u000b\n"}],"model":"tiny","seed":42,"temperature":0.7,"tools":["""
                    + """{"type":"function","function":{"parameters":{"b":1,"a":2},"name":"f"}}],"top_p":1.0,"zzA":"""
                    + """[],"\uE000":1,"😀":2}"""
                ).Replace("\\uE000", "\uE000", StringComparison.Ordinal)
                + "\n",
            Encoding.UTF8.GetString(written.WrittenSpan)
        );
    }

    [Fact]
    public void Digest_and_commitments()
    {
        Sha256Value digest = CanonicalRequest.Digest(Path, Encoding.UTF8.GetBytes(Body), Pins);

        Assert.Equal("3c461564d1fc64c20c2253e0f0f3cf494014b3ae4837c8d28d55e55fe60d9b91", digest.ToString());
        Assert.Equal(
            "a86488f9edf7ab91d5078cbddeeadd0cd1cca17344c9dc2ba64d7bc355b03b9e",
            Commitment.ToRequest(digest, Vectors.Salt).ToString()
        );
        Assert.Equal(
            "28aa664a39560b169927ed5275463788279702a68eaef6c3b8f7b46332d94332",
            Commitment.ToRequest(digest, Salt.Zero).ToString()
        );
    }
}
