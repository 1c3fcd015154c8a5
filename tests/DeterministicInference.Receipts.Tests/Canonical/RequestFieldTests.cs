using System.Text;
using DeterministicInference.Receipts.Canonical;
using Xunit;

namespace DeterministicInference.Receipts.Tests.Canonical;

/// <summary>Every known request field, and whether the canonical request binds it.</summary>
public class RequestFieldTests
{
    private const string Chat = "/v1/chat/completions",
        Completions = "/v1/completions";

    // Field, two values, and whether they make two requests. Null is absent, and so is a value that says nothing. The
    // fields are those of OpenAI's description of the API, and engines' own.
    public static TheoryData<string, string, string, string, bool> Fields =>
        new()
        {
            { Completions, "model", "\"a\"", "\"b\"", true },
            { Completions, "prompt", "\"a\"", "\"b\"", true },
            { Completions, "prompt", "\"a\"", "[\"a\"]", true },
            { Completions, "prompt", "[1,2]", "[[1,2]]", true },
            { Completions, "best_of", "1", "2", true },
            { Completions, "echo", "true", "false", true },
            { Completions, "suffix", "\"a\"", "null", true },
            { Completions, "user", "\"a\"", "\"b\"", false },
            { Completions, "frequency_penalty", "0", "1", true },
            { Completions, "presence_penalty", "0", "1", true },
            { Completions, "logit_bias", "{\"1\":1}", "{\"1\":2}", true },
            { Completions, "logprobs", "1", "null", true },
            { Completions, "max_tokens", "16", "17", true },
            { Completions, "n", "1", "2", true },
            { Completions, "seed", "1", "2", true },
            { Completions, "stop", "\"a\"", "[\"a\"]", true },
            { Completions, "stream", "true", "false", false },
            { Completions, "stream_options", "{\"include_usage\":true}", "{\"include_obfuscation\":true}", false },
            { Completions, "temperature", "0", "1", true },
            { Completions, "top_p", "0.5", "1", true },
            {
                Chat,
                "messages",
                "[{\"role\":\"user\",\"content\":\"a\"}]",
                "[{\"role\":\"user\",\"content\":\"b\"}]",
                true
            },
            {
                Chat,
                "messages",
                "[{\"role\":\"user\",\"content\":\"a\"}]",
                "[{\"role\":\"system\",\"content\":\"a\"}]",
                true
            },
            {
                Chat,
                "messages",
                "[{\"role\":\"user\",\"content\":\"a\"}]",
                "[{\"role\":\"user\",\"content\":\"a\",\"name\":\"x\"}]",
                true
            },
            {
                Chat,
                "messages",
                "[{\"role\":\"assistant\",\"content\":null,\"refusal\":\"no\"}]",
                "[{\"role\":\"assistant\",\"content\":null}]",
                true
            },
            {
                Chat,
                "messages",
                "[{\"role\":\"assistant\",\"tool_calls\":[{\"id\":\"1\"}]}]",
                "[{\"role\":\"assistant\",\"tool_calls\":[{\"id\":\"2\"}]}]",
                true
            },
            {
                Chat,
                "messages",
                "[{\"role\":\"tool\",\"tool_call_id\":\"1\"}]",
                "[{\"role\":\"tool\",\"tool_call_id\":\"2\"}]",
                true
            },
            { Chat, "model", "\"a\"", "\"b\"", true },
            { Chat, "max_tokens", "16", "17", true },
            { Chat, "max_completion_tokens", "16", "17", true },
            { Chat, "logprobs", "true", "false", true },
            { Chat, "top_logprobs", "1", "2", true },
            { Chat, "response_format", "{\"type\":\"text\"}", "{\"type\":\"json_object\"}", true },
            {
                Chat,
                "response_format",
                "{\"json_schema\":{\"a\":1,\"b\":2}}",
                "{\"json_schema\":{\"b\":2,\"a\":1}}",
                true
            },
            { Chat, "tools", "[{\"function\":{\"name\":\"f\"}}]", "[{\"function\":{\"name\":\"g\"}}]", true },
            {
                Chat,
                "tools",
                "[{\"type\":\"function\",\"function\":{}}]",
                "[{\"function\":{},\"type\":\"function\"}]",
                true
            },
            { Chat, "tool_choice", "\"auto\"", "\"none\"", true },
            { Chat, "parallel_tool_calls", "true", "false", true },
            { Chat, "functions", "[]", "[{}]", true },
            { Chat, "function_call", "\"auto\"", "\"none\"", true },
            { Chat, "reasoning_effort", "\"low\"", "\"high\"", true },
            { Chat, "verbosity", "\"low\"", "\"high\"", true },
            { Chat, "modalities", "[\"text\"]", "[\"audio\"]", true },
            { Chat, "audio", "{}", "null", true },
            { Chat, "prediction", "{}", "null", true },
            { Chat, "web_search_options", "{}", "null", true },
            { Chat, "service_tier", "\"auto\"", "\"flex\"", false },
            { Chat, "store", "true", "false", false },
            { Chat, "metadata", "{\"a\":\"1\"}", "{\"a\":\"2\"}", false },
            { Chat, "user", "\"a\"", "\"b\"", false },
            { Chat, "safety_identifier", "\"a\"", "\"b\"", false },
            { Chat, "prompt_cache_key", "\"a\"", "\"b\"", true },
            { Chat, "prompt_cache_retention", "\"a\"", "\"b\"", true },
            { Chat, "seed", "1", "2", true },
            { Chat, "n", "1", "2", true },
            { Chat, "stop", "null", "[\"a\"]", true },
            { Chat, "stream", "true", "false", false },
            { Chat, "stream_options", "null", "{}", false },
            { Chat, "temperature", "1", "1.5", true },
            { Chat, "top_p", "0.5", "1", true },
            { Chat, "frequency_penalty", "0", "1", true },
            { Chat, "presence_penalty", "0", "1", true },
            { Chat, "logit_bias", "{\"1\":0}", "null", true },
            // Engines' own.
            { Chat, "top_k", "1", "2", true },
            { Chat, "min_p", "0", "0.1", true },
            { Chat, "repetition_penalty", "1", "1.1", true },
            { Chat, "ignore_eos", "true", "false", true },
            { Chat, "regex", "\"a\"", "\"b\"", true },
            { Chat, "chat_template_kwargs", "{\"enable_thinking\":true}", "{\"enable_thinking\":false}", true },
            { Chat, "rid", "\"a\"", "\"b\"", false },
            { Chat, "priority", "1", "2", false },
            { Chat, "custom_labels", "{}", "null", false },
            { Chat, "tee", "true", "false", false },
            { Chat, "a_field_of_tomorrow", "1", "2", true },
        };

    [Theory]
    [MemberData(nameof(Fields))]
    public void Is_bound_or_not(string path, string field, string one, string other, bool bound)
    {
        Assert.Equal(bound, Digest(path, field, one) != Digest(path, field, other));
        Assert.Equal(Digest(path, field, "null"), CanonicalRequest.Digest(path, "{}"u8));
        Assert.Equal(!bound, CanonicalRequest.IsRemoved(field));
    }

    private static Sha256Value Digest(string path, string field, string value) =>
        CanonicalRequest.Digest(path, Encoding.UTF8.GetBytes($"{{\"{field}\":{value}}}"));
}
