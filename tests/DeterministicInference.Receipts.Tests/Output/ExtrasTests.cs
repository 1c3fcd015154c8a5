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
    [InlineData("""{"matched_stop" : 128001 }""", "choice {\"matched_stop\":128001}")]
    [InlineData("""{"message":{"annotations":[{"url":"x"}]}}""", "message {\"annotations\":[{\"url\":\"x\"}]}")]
    [InlineData("""{"message":{"tool_calls":[{"function":{},"x":0}]}}""", "tool.0 {\"x\":0}")]
    // In the order of the text, also of names that stand twice, which nobody reads.
    [InlineData(
        """{"b":1,"message":{"z":1,"tool_calls":[{"c":1,"type":"custom"},{"d":1,"type":"function"}],"a":1},"a":2,"a":3}""",
        "choice {\"b\":1}",
        "message {\"z\":1}",
        "tool.0 {\"c\":1}",
        "tool.1 {\"d\":1}",
        "message {\"a\":1}",
        "choice {\"a\":2}",
        "choice {\"a\":3}"
    )]
    // Rule 6 of the request: no white space, one spelling of strings, numbers as they came; half pairs in three bytes.
    [InlineData(
        """{"\u0061":[ 1.50e0 ,-0,{"z":"\u00e9\/\u000b","y":null} ]}""",
        "choice {\"a\":[1.50e0,-0,{\"z\":\"é/\\u000b\",\"y\":null}]}"
    )]
    [InlineData("""{"a\"":" "}""", "choice {\"a\\\"\":\" \"}")]
    [InlineData("""{"a":[[]]}""", "choice {\"a\":[[]]}")]
    [InlineData("""{"a":{"b":{}}}""", "choice {\"a\":{\"b\":{}}}")]
    [InlineData("""{"a":0,"b":false}""", "choice {\"a\":0}", "choice {\"b\":false}")]
    // Names of other objects.
    [InlineData("""{"delta":1,"content":"x"}""", "choice {\"delta\":1}", "choice {\"content\":\"x\"}")]
    [InlineData(
        """{"message":{"index":5,"name":"x","tool_calls":[{"type":"custom","index":3}]}}""",
        "message {\"index\":5}",
        "message {\"name\":\"x\"}",
        "tool.0 {\"index\":3}"
    )]
    public void Lines_of_a_choice(string choice, params string[] lines) =>
        Assert.Equal(DigestOf((0, lines)), Outputs.OfAnswer($$"""{"choices":[{{choice}}]}""").Extras);

    [Theory]
    [InlineData("""{"message":{"role":"assistant","content":"x"},"finish_reason":"stop","logprobs":null}""")]
    [InlineData("""{"a":null,"b":"","c":[],"d":{},"e":[ ],"f":{ }}""")]
    [InlineData("""{"message":{"a":null,"b":"","c":[  ],"tool_calls":[{"type":"custom","d":{}}]}}""")]
    [InlineData("""{"message":{"parsed":{"a":1},"function_call":{"parsed_arguments":[1],"x":null}}}""")]
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
            DigestOf((1, ["choice {\"a\":1}"]), (2, ["message {\"b\":2}"])),
            Outputs.OfAnswer("""{"choices":[{},{"a":1},{"message":{"b":2}}]}""").Extras
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
            """{"choices":[{"index":1,"delta":{"d":4},"message":{"e":5}}]}""",
        ]);
        Assert.Equal(
            DigestOf(
                (0, ["message {\"b\":2}"]),
                (1, ["tool.7 {\"a\":1}", "choice {\"c\":3}", "message {\"d\":4}", "choice {\"message\":{\"e\":5}}"])
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
