using System.Text;
using DeterministicInference.Receipts.Output;
using Xunit;

namespace DeterministicInference.Receipts.Tests.Output;

/// <summary>The vectors of docs/determinism.md, computed by an independent program.</summary>
public class OutputVectorTests
{
    private const string Answer = """
        {"choices":[{"index":0,"message":{"role":"assistant","content":"Hi \ud83d\ude00\ufffd","refusal":null,"tool_calls":[{"id":"call_9","type":"function","function":{"name":"f","arguments":"{\"a\": 1}"}}]},"logprobs":null,"finish_reason":"tool_calls"},
         {"index":1,"message":{"role":"assistant","content":"ok","reasoning_content":"hm"},"finish_reason":"stop"}]}
        """;

    private static readonly string[] Events =
    [
        """{"choices":[{"index":1,"delta":{"role":"assistant","content":""}}]}""",
        """{"choices":[{"index":0,"delta":{"role":"assistant","content":"Hi \ud83d"}}]}""",
        """{"choices":[{"index":1,"delta":{"reasoning_content":"h"}}]}""",
        """{"choices":[{"index":0,"delta":{"content":"\ude00\ufffd"}}]}""",
        """{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"x","type":"function","function":"""
            + """{"name":"f","arguments":""}}]}}]}""",
        """{"choices":[{"index":1,"delta":{"reasoning_content":"m","content":"ok"}}]}""",
        """{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{\"a\": "}}]}},"""
            + """{"index":1,"delta":{},"finish_reason":"stop"}]}""",
        """{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":"""
            + """{"arguments":"1}"}}]},"finish_reason":"tool_calls"}]}""",
        """{"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":9,"total_tokens":12}}""",
    ];

    private const string Manifest = """
        dis-out/2
        choices 2
        0 content 10 393df86d0341915d05d4d3ec4bc08d4543a4a42f25ffa4a995594ee8d1506fc8
        0 tool.0.type 8 78f9ac018e554365069108352dacabb7fbd15246edf19400677e3b54fe24e126
        0 tool.0.name 1 252f10c83610ebca1a059c0bae8255eba2f95be4d1d7bcfa89d7248a82d9f111
        0 tool.0.arguments 8 f9d86028c6e0d64e225186f96acb69338b2c59764df79162107f5c4bb34d1310
        0 finish 10 8e920ae7d06bef0e7e617974cd02be9c07cfbca65b0dbb89895394a1318b6534
        1 content 2 2689367b205c16ce32ed4200942b8b8b1e262dfc70d9bc9fbc77c49699a4f1df
        1 reasoning 2 b82e2178ecf4d0c5859dc2e169d7fed8673f9f6eeb9f3591bed5f253b7742408
        1 finish 4 6c45cb72a36e63d522aa54ed8adbd7a29a989474f2f77e0458af8800564ef3cb

        """;

    [Fact]
    public void Manifest_and_digest_of_the_JSON_answer() => AssertVector(Outputs.OfAnswer(Answer));

    [Fact]
    public void Manifest_and_digest_of_the_events() => AssertVector(Outputs.OfEvents(Events));

    /// <summary>Whatever the order of members: a program that writes the choice anew may have none.</summary>
    [Fact]
    public void Extras()
    {
        OutputDigest output = Outputs.OfAnswer(
            """{"choices":[{"index":0,"message":{"annotations":[{"url":"x","n":1.50}]},"stop_reason":"é"}]}"""
        );
        Assert.Equal("6dd7ed401bffdffa8033d8057e5b90d2f2a99323f0afd391491f39baa0ae7c86", output.Extras.ToString());
    }

    [Fact]
    public void Log_probabilities_of_chat()
    {
        OutputDigest output = Outputs.OfAnswer(
            """
            {"choices":[{"index":0,"logprobs":{"content":[
              {"token":"Hi","logprob":-0.25,"bytes":[72,105],"top_logprobs":[{"token":"Hi","logprob":-0.25,"bytes":null},{"token":"Hey","logprob":-1.5}]},
              {"token":"!","logprob":-0.5,"bytes":null,"top_logprobs":[]}],"refusal":null}}]}
            """,
            logprobs: true
        );
        Assert.Equal("c10e741853760c4c1e83eb13bf69731fd46a0297dcca8876f26edd490bafb6fc", output.Logprobs.ToString());
    }

    [Fact]
    public void Log_probabilities_of_completions()
    {
        OutputDigest output = Outputs.OfAnswer(
            """
            {"choices":[{"index":0,"text":"Hi!","logprobs":{"text_offset":[0,2],"top_logprobs":[{"Hi":-0.25,"Hey":-1.5},null],"tokens":["Hi","!"],"token_logprobs":[-0.25,-5e-1]}}]}
            """,
            logprobs: true
        );
        Assert.Equal("44e3271c24a4a09ffdbdf8947559e60b019bdbeecb967158e280029bf31515c9", output.Logprobs.ToString());
    }

    [Fact]
    public void A_token_without_a_number_has_the_quiet_NaN()
    {
        Assert.Equal(
            Expected("02"),
            Outputs
                .OfAnswer(
                    """{"choices":[{"logprobs":{"tokens":["a","b"],"token_logprobs":[null,-1]}}]}""",
                    logprobs: true
                )
                .Logprobs
        );
        const string Entries = """[{"token":"a"},{"token":"b","logprob":-1.0}]""";
        foreach ((string list, string place) in ((string, string)[])[("content", "00"), ("refusal", "01")])
        {
            Assert.Equal(
                Expected(place),
                Outputs
                    .OfAnswer($$$"""{"choices":[{"logprobs":{"{{{list}}}":{{{Entries}}}}}]}""", logprobs: true)
                    .Logprobs
            );
        }

        static Sha256Value Expected(string place)
        {
            byte[] stream = Convert.FromHexString(
                $"{place}00000001617ff800000000000000000000{place}0000000162bff000000000000000000000"
            );
            return Sha256Value.Of(Encoding.ASCII.GetBytes($"dis-logprobs/2\n0 36 {Sha256Value.Of(stream)}\n"));
        }
    }

    private static void AssertVector(OutputDigest output)
    {
        Assert.Equal(Manifest, output.Manifest);
        Assert.Equal("98d38a1b5f079fa964bea2cc29c93372c6b092164012b6883c2c812e30d3041a", output.Digest.ToString());
        Assert.Equal(
            "ca56d86517885763d469ecb38959baf77c11442ec2f94889ce57fd3a01a0bfb8",
            Commitment.To(SaltLabel.Output, output.Digest, Vectors.Salts[SaltLabel.Output]!).ToString()
        );
        Assert.Equal(2, output.Choices);
        Assert.True(output.Finished);
    }
}
