using System.Text;
using DeterministicInference.Receipts.Output;
using Xunit;

namespace DeterministicInference.Receipts.Tests.Output;

/// <summary><c>dis-extras/1</c>: what choices, messages and tool calls have beside the members that are read.</summary>
public sealed class ExtrasTests
{
    /// <summary>A choice and its lines.</summary>
    [Theory]
    [InlineData("""{"stop_reason":"é"}""", "choice {\"stop_reason\":\"é\"}")]
    [InlineData("""{"matched_stop" : 128001 }""", "choice {\"matched_stop\":128001e0}")]
    [InlineData("""{"message":{"annotations":[{"url":"x"}]}}""", "message {\"annotations\":[{\"url\":\"x\"}]}")]
    [InlineData("""{"message":{"tool_calls":[{"function":{},"x":0.0}]}}""", "tool.0 {\"x\":0}")]
    // In the order of their bytes, also those of names that stand twice, which nobody reads.
    [InlineData(
        """{"b":1,"message":{"z":1,"tool_calls":[{"c":1,"type":"custom"},{"d":1,"type":"function"}],"a":1},"a":2,"a":3}""",
        "choice {\"a\":2e0}",
        "choice {\"a\":3e0}",
        "choice {\"b\":1e0}",
        "message {\"a\":1e0}",
        "message {\"z\":1e0}",
        "tool.0 {\"c\":1e0}",
        "tool.1 {\"d\":1e0}"
    )]
    // Rules 6 and 7 of the request: no white space, one spelling of strings and of numbers; half pairs in three bytes.
    [InlineData(
        """{"\u0061":[ 1.50e0 ,-0,{"z":"\u00e9\/\u000b","y":null} ]}""",
        "choice {\"a\":[15e-1,0,{\"y\":null,\"z\":\"é/\\u000b\"}]}"
    )]
    [InlineData(
        """{"a":[-120,1E+2,0.070e-3,-0.0,123456789012345678901234567890,1e400,1e1234567890]}""",
        "choice {\"a\":[-12e1,1e2,7e-5,0,12345678901234567890123456789e1,1e400,1e1234567890]}"
    )]
    // Members of every object are sorted by the bytes of their quoted names, and of one name as they came.
    [InlineData(
        """{"x":{"b":1,"a!":2,"a":[{"d":0,"c":0}],"\u00e9":3,"\ud83d\ude00":4,"\uffee":5,"b":0,"\n":6}}""",
        "choice {\"x\":{\"\\n\":6e0,\"a!\":2e0,\"a\":[{\"c\":0,\"d\":0}],"
            + "\"b\":1e0,\"b\":0,\"é\":3e0,\"\uffee\":5e0,\"😀\":4e0}}"
    )]
    [InlineData("""{"a\"":" "}""", "choice {\"a\\\"\":\" \"}")]
    [InlineData("""{"a":[[]]}""", "choice {\"a\":[[]]}")]
    [InlineData("""{"a":{"b":{}}}""", "choice {\"a\":{\"b\":{}}}")]
    [InlineData("""{"a":0,"b":false}""", "choice {\"a\":0}", "choice {\"b\":false}")]
    // Names of other objects.
    [InlineData("""{"delta":1,"content":"x"}""", "choice {\"content\":\"x\"}", "choice {\"delta\":1e0}")]
    [InlineData(
        """{"message":{"index":5,"name":"x","tool_calls":[{"type":"custom","index":3}]}}""",
        "message {\"index\":5e0}",
        "message {\"name\":\"x\"}"
    )]
    public void Lines_of_a_choice(string choice, params string[] lines) =>
        Assert.Equal(DigestOf((0, lines)), Outputs.OfAnswer($$"""{"choices":[{{choice}}]}""").Extras);

    [Theory]
    [InlineData("""{"message":{"role":"assistant","content":"x"},"finish_reason":"stop","logprobs":null}""")]
    [InlineData("""{"a":null,"b":"","c":[],"d":{},"e":[ ],"f":{ }}""")]
    [InlineData("""{"message":{"a":null,"b":"","c":[  ],"tool_calls":[{"type":"custom","d":{}}]}}""")]
    [InlineData("""{"message":{"parsed":{"a":1},"function_call":{"name":"f","parsed_arguments":[1],"x":null}}}""")]
    [InlineData("""{"logprobs":{"text_offset":[0],"content":[{"token":"a","bytes":[97],"x":1}]}}""")]
    public void What_is_read_or_empty_is_none(string choice) =>
        Assert.Null(Outputs.OfAnswer($$$"""{"choices":[{{{choice}}}],"id":"x","new":1,"usage":{"cost":1}}""").Extras);

    [Fact]
    public void White_space_within_brackets_is_nothing() =>
        Assert.Null(Outputs.OfAnswer("{\"choices\":[{\"a\":[ \t\r\n],\"b\":{ \n }}]}").Extras);

    [Fact]
    public void Half_pairs_have_three_bytes()
    {
        byte[] lines = [.. "choice {\"x\":{\""u8, 0xED, 0xB8, 0x80, .. "\":\"a"u8, 0xED, 0xA0, 0xBD, .. "\"}}\n"u8];
        Assert.Equal(DigestOf((0, lines)), Outputs.OfAnswer("""{"choices":[{"x":{"\ude00":"a\ud83d"}}]}""").Extras);
    }

    [Fact]
    public void Each_choice_that_has_some_has_a_line()
    {
        Assert.Equal(
            DigestOf((1, ["choice {\"a\":1e0}"]), (2, ["message {\"b\":2e0}"])),
            Outputs.OfAnswer("""{"choices":[{"index":0},{"index":1,"a":1},{"index":2,"message":{"b":2}}]}""").Extras
        );
    }

    /// <summary>A tool call has the index that the stream gives it; a delta is a message.</summary>
    [Fact]
    public void The_pieces_of_a_stream_come_one_after_the_other()
    {
        OutputDigest output = Outputs.OfEvents([
            """{"choices":[{"index":1,"delta":{"tool_calls":[{"a":1,"index":7}]}}]}""",
            """{"choices":[{"delta":{"b":2},"index":0},{"c":3,"index":1}]}""",
            """{"choices":[{"index":1,"finish_reason":"stop"}]}""",
            // Behind the end too: it is no text.
            """{"choices":[{"message":{"e":5},"index":1,"delta":{"d":4}}]}""",
        ]);
        Assert.Equal(
            DigestOf(
                (0, ["message {\"b\":2e0}"]),
                // Sorted in each event, and not beyond.
                (
                    1,
                    [
                        "tool.7 {\"a\":1e0}",
                        "choice {\"c\":3e0}",
                        "choice {\"message\":{\"e\":5e0}}",
                        "message {\"d\":4e0}",
                    ]
                )
            ),
            output.Extras
        );
    }

    private static Sha256Value DigestOf(params (int Index, string[] Lines)[] choices) =>
        DigestOf([
            .. choices.Select(choice =>
                (choice.Index, Encoding.UTF8.GetBytes(string.Concat(choice.Lines.Select(line => line + "\n"))))
            ),
        ]);

    private static Sha256Value DigestOf(params (int Index, byte[] Lines)[] choices) =>
        Sha256Value.Of(
            Encoding.ASCII.GetBytes(
                "dis-extras/1\n"
                    + string.Concat(
                        choices.Select(choice =>
                            $"{choice.Index} {choice.Lines.Length} {Sha256Value.Of(choice.Lines)}\n"
                        )
                    )
            )
        );
}
