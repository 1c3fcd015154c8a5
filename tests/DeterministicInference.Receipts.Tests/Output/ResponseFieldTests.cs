using System.Text.Json.Nodes;
using DeterministicInference.Receipts.Output;
using Xunit;

namespace DeterministicInference.Receipts.Tests.Output;

/// <summary>Every known response field, and whether the canonical output binds it.</summary>
public class ResponseFieldTests
{
    // One answer with every field of OpenAI's description of the API and of engines, completions and chat in one.
    private const string Answer = """
        {"id":"x","object":"chat.completion","created":1,"model":"m","system_fingerprint":"f","service_tier":"default",
         "choices":[{"index":0,"text":"t","finish_reason":"stop","matched_stop":1,"stop_reason":"a",
           "message":{"role":"assistant","content":"c","refusal":"r","reasoning_content":"h","annotations":[],"audio":{"id":"a"},
             "function_call":{"name":"n","arguments":"a"},
             "tool_calls":[{"id":"1","type":"function","function":{"name":"f","arguments":"{}"}},
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
            { "choices.0.index", "1", "output" },
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
            { "choices.0.matched_stop", "2", "nothing" },
            { "choices.0.stop_reason", "\"b\"", "nothing" },
            { "choices.0.message.role", "\"user\"", "nothing" },
            { "choices.0.message.annotations", "[1]", "nothing" },
            { "choices.0.message.audio", "null", "nothing" },
            { "choices.0.message.a_field_of_tomorrow", "1", "nothing" },
            { "choices.0.message.tool_calls.0.id", "\"3\"", "nothing" },
            { "choices.0.message.tool_calls.0.type", "\"custom\"", "nothing" },
            { "id", "\"y\"", "nothing" },
            { "object", "\"text_completion\"", "nothing" },
            { "created", "2", "nothing" },
            { "model", "\"n\"", "nothing" },
            { "system_fingerprint", "null", "nothing" },
            { "service_tier", "\"flex\"", "nothing" },
            { "usage", "null", "nothing" },
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
        // A choice's number is part of both.
        Assert.Equal(boundBy == "logprobs" || place == "choices.0.index", one.Logprobs != other.Logprobs);
    }

    [Fact]
    public void Log_probabilities_are_not_part_of_the_output_and_not_hashed_unasked()
    {
        Assert.Null(Outputs.OfAnswer(Answer).Logprobs);
        Assert.Equal(Outputs.OfAnswer(Answer).Digest, Outputs.OfAnswer(Answer, logprobs: true).Digest);
    }
}
