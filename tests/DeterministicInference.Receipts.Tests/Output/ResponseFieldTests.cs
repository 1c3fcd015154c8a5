using System.Text;
using System.Text.Json.Nodes;
using DeterministicInference.Receipts.Canonical;
using DeterministicInference.Receipts.Output;
using Xunit;

namespace DeterministicInference.Receipts.Tests.Output;

/// <summary>Every known response field, and which of the forms binds it.</summary>
public class ResponseFieldTests
{
    // One answer with every field of OpenAI's description of the API and of engines, completions and chat in one.
    private const string Answer = """
        {"id":"x","object":"chat.completion","created":1,"model":"m","system_fingerprint":"f","service_tier":"default",
         "choices":[{"index":0,"text":"t","finish_reason":"stop","matched_stop":1,"stop_reason":"a",
           "message":{"role":"assistant","content":"c","refusal":"r","reasoning_content":"h","annotations":[],"audio":{"id":"a"},"parsed":{"p":1},
             "function_call":{"name":"n","arguments":"a"},
             "tool_calls":[{"id":"1","type":"function","function":{"name":"f","arguments":"{}","parsed_arguments":{}}},
               {"id":"2","type":"custom","custom":{"name":"g","input":"i"}}]},
           "logprobs":{"content":[{"token":"c","logprob":-1,"bytes":[99],"top_logprobs":[{"token":"c","logprob":-1,"bytes":[99]}]}],
             "refusal":[{"token":"r","logprob":-1}],
             "tokens":["t"],"token_logprobs":[-1],"top_logprobs":[{"t":-1}],"text_offset":[0]}}],
         "usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2,"prompt_tokens_details":{"cached_tokens":0}},
         "timings":{"predicted_ms":1},"obfuscation":"x","environment":"e","determinism":{"receipt_id":"r"}}
        """;

    public static TheoryData<string, string, string> Fields =>
        new()
        {
            { "choices.0.text", "\"u\"", "output" },
            { "choices.0.finish_reason", "\"length\"", "output" },
            { "choices.0.message.content", "\"d\"", "output" },
            { "choices.0.message.refusal", "\"d\"", "output" },
            { "choices.0.message.reasoning_content", "\"d\"", "output" },
            { "choices.0.message.reasoning", "\"h\"", "nothing" },
            { "choices.0.message.function_call.name", "\"d\"", "output" },
            { "choices.0.message.function_call.arguments", "\"d\"", "output" },
            { "choices.0.message.tool_calls.0.function.name", "\"d\"", "output" },
            { "choices.0.message.tool_calls.0.function.arguments", "\"d\"", "output" },
            { "choices.0.message.tool_calls.1.custom.name", "\"d\"", "output" },
            { "choices.0.message.tool_calls.1.custom.input", "\"d\"", "output" },
            { "choices.0.logprobs.content.0.token", "\"d\"", "logprobs" },
            { "choices.0.logprobs.content.0.logprob", "-2", "logprobs" },
            { "choices.0.logprobs.content.0.top_logprobs.0.token", "\"d\"", "logprobs" },
            { "choices.0.logprobs.content.0.top_logprobs.0.logprob", "-2", "logprobs" },
            { "choices.0.logprobs.refusal.0.token", "\"d\"", "logprobs" },
            { "choices.0.logprobs.refusal.0.logprob", "null", "logprobs" },
            { "choices.0.logprobs.tokens.0", "\"d\"", "logprobs" },
            { "choices.0.logprobs.token_logprobs.0", "null", "logprobs" },
            { "choices.0.logprobs.top_logprobs.0", "{\"d\":-1}", "logprobs" },
            { "choices.0.logprobs.top_logprobs.0.t", "-2", "logprobs" },
            { "choices.0.logprobs.content.0.bytes", "[1]", "nothing" },
            { "choices.0.logprobs.content.0.top_logprobs.0.bytes", "null", "nothing" },
            { "choices.0.logprobs.text_offset", "[7]", "nothing" },
            { "choices.0.matched_stop", "2", "extras" },
            { "choices.0.stop_reason", "\"b\"", "extras" },
            { "choices.0.message.role", "\"user\"", "output" },
            { "choices.0.message.annotations", "[1]", "extras" },
            { "choices.0.message.audio", "null", "extras" },
            { "choices.0.message.a_field_of_tomorrow", "1", "extras" },
            { "choices.0.a_field_of_tomorrow", "1", "extras" },
            { "choices.0.delta", "{\"content\":\"d\"}", "extras" },
            { "choices.0.message.tool_calls.0.a_field_of_tomorrow", "1", "extras" },
            { "choices.0.message.tool_calls.0.index", "5", "nothing" },
            { "choices.0.message.parsed", "{\"q\":2}", "nothing" },
            { "choices.0.message.tool_calls.0.function.parsed_arguments", "{\"q\":2}", "nothing" },
            { "choices.0.message.tool_calls.0.id", "\"3\"", "nothing" },
            { "choices.0.message.tool_calls.0.type", "\"\"", "nothing" },
            { "id", "\"y\"", "nothing" },
            { "object", "\"text_completion\"", "nothing" },
            { "created", "2", "nothing" },
            { "model", "\"n\"", "model" },
            { "system_fingerprint", "null", "nothing" },
            { "service_tier", "\"flex\"", "nothing" },
            { "usage", "null", "usage" },
            { "usage.prompt_tokens", "2", "usage" },
            { "usage.completion_tokens", "null", "usage" },
            { "usage.total_tokens", "3", "usage" },
            { "usage.prompt_tokens_details.cached_tokens", "1", "nothing" },
            { "timings", "{}", "nothing" },
            { "obfuscation", "\"y\"", "nothing" },
            { "environment", "\"f\"", "nothing" },
            { "determinism", "{}", "nothing" },
            { "a_field_of_tomorrow", "1", "nothing" },
        };

    [Theory]
    [MemberData(nameof(Fields))]
    public void Is_bound_or_not(string place, string value, string boundBy)
    {
        OutputDigest one = Outputs.OfAnswer(Answer, logprobs: true);
        JsonNode changed = JsonNode.Parse(Answer)!;
        string[] path = place.Split('.');
        JsonNode parent = changed;
        foreach (string step in path[..^1])
            parent = (int.TryParse(step, out int index) ? parent[index] : parent[step])!;
        if (int.TryParse(path[^1], out int last))
            parent[last] = JsonNode.Parse(value);
        else
            parent[path[^1]] = JsonNode.Parse(value);
        OutputDigest other = Outputs.OfAnswer(changed.ToJsonString(), logprobs: true);

        Assert.Equal(boundBy == "output", one.Digest != other.Digest);
        Assert.Equal(boundBy == "logprobs", one.Logprobs != other.Logprobs);
        Assert.Equal(boundBy == "extras", one.Extras != other.Extras);
        Assert.Equal(boundBy == "model", one.Model != other.Model);
        Assert.Equal(boundBy == "usage", one.Usage != other.Usage);
    }

    /// <summary>Some engines send them unasked, and they are bound all the same.</summary>
    [Fact]
    public void Log_probabilities_are_no_part_of_the_output_and_bound_unasked()
    {
        OutputDigest unasked = Outputs.OfAnswer(Answer),
            asked = Outputs.OfAnswer(Answer, logprobs: true);
        Assert.NotNull(unasked.Logprobs);
        Assert.Equal(asked, unasked);
    }

    /// <summary>Asked for, their absence is bound.</summary>
    [Theory]
    [InlineData("{}")]
    [InlineData("""{"logprobs":null}""")]
    [InlineData("""{"logprobs":{}}""")]
    [InlineData("""{"logprobs":{"content":[],"tokens":[]}}""")]
    public void Without_tokens_there_are_no_log_probabilities_unless_asked_for(string choice)
    {
        string answer = $$"""{"choices":[{{choice}}]}""";
        Assert.Null(Outputs.OfAnswer(answer).Logprobs);
        Assert.Equal(
            Sha256Value.Of(Encoding.ASCII.GetBytes($"dis-logprobs/2\n0 0 {Sha256Value.Of([])}\n")),
            Outputs.OfAnswer(answer, logprobs: true).Logprobs
        );
    }

    /// <summary>The last number of each count, and the first name that is not empty.</summary>
    [Fact]
    public void Counts_and_the_model_of_a_stream_are_put_together()
    {
        OutputDigest output = Outputs.OfEvents([
            """{"choices":[],"model":"","usage":{"prompt_tokens":3,"completion_tokens":1,"total_tokens":4}}""",
            """{"choices":[],"model":"org\/m","usage":{"completion_tokens":2,"total_tokens":null}}""",
            """{"choices":[],"model":null,"usage":null}""",
            """{"choices":[],"model":"\u006frg/m"}""",
        ]);
        Assert.Equal(("org/m", new AnswerUsage(3, 2, 4)), (output.Model, output.Usage));
        Assert.Null(Outputs.OfAnswer("""{"usage":{"prompt_tokens":null,"cost":1}}""").Usage);
        Assert.Equal(new AnswerUsage(Total: 0), Outputs.OfAnswer("""{"usage":{"total_tokens":0}}""").Usage);
        Assert.Equal(
            long.MaxValue,
            Outputs.OfAnswer("""{"usage":{"prompt_tokens":9223372036854775807}}""").Usage!.Prompt
        );
    }

    [Theory]
    [InlineData("-1")]
    [InlineData("1.0")]
    [InlineData("1e0")]
    [InlineData("9223372036854775808")]
    [InlineData("\"1\"")]
    [InlineData("true")]
    public void A_count_is_a_whole_number(string count)
    {
        foreach (string name in (string[])["prompt_tokens", "completion_tokens", "total_tokens"])
        {
            var refusal = Assert.Throws<CanonicalFormException>(() =>
                Outputs.OfAnswer($$$"""{"usage":{"{{{name}}}":{{{count}}}}}""")
            );
            Assert.Equal((CanonicalFormError.WrongType, $"usage.{name}"), (refusal.Error, refusal.Place));
        }
    }

    /// <summary>With its quotes and escapes, as it came.</summary>
    [Fact]
    public void A_model_has_a_kibibyte()
    {
        string longest = new string('m', 1022);
        Assert.Equal(longest, Outputs.OfAnswer($$"""{"model":"{{longest}}"}""").Model);
        Assert.Throws<CanonicalFormException>(() => Outputs.OfAnswer($$"""{"model":"{{longest}}m"}"""));
        Assert.Throws<CanonicalFormException>(() => Outputs.OfAnswer($$"""{"model":"\u006d{{longest[1..]}}"}"""));
    }
}
