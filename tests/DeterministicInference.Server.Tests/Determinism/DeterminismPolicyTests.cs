using System.Text;
using DeterministicInference.Server.Backends;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Determinism;
using DeterministicInference.Server.OpenAI;
using Xunit;

namespace DeterministicInference.Server.Tests.Determinism;

/// <summary>The policy sets what was left open, and says what it set.</summary>
public sealed class DeterminismPolicyTests
{
    [Theory]
    [InlineData("{}", """{"seed":42}""")]
    [InlineData("""{"seed":null}""", """{"seed":42}""")]
    [InlineData("""{"a":{"seed":1}}""", """{"a":{"seed":1},"seed":42}""")]
    public void An_absent_seed_is_set_and_written_down(string request, string expected)
    {
        PinnedRequest pinned = Pin(request, new InferenceOptions());
        Assert.Equal(expected, Encoding.UTF8.GetString(pinned.Json.Span));
        Assert.Equal(new Dictionary<string, string> { ["seed"] = "42" }, pinned.Pins.Values);
    }

    [Theory]
    [InlineData("""{"seed":7}""")]
    [InlineData("""{"seed": "7" }""")]
    public void A_seed_of_the_sender_is_the_senders(string request)
    {
        PinnedRequest pinned = Pin(request, new InferenceOptions());
        Assert.Equal(request, Encoding.UTF8.GetString(pinned.Json.Span));
        Assert.Empty(pinned.Changes);
    }

    [Fact]
    public void Off_changes_nothing()
    {
        PinnedRequest pinned = Pin("""{"seed":null}""", new InferenceOptions { Determinism = "off" });
        Assert.Equal("""{"seed":null}""", Encoding.UTF8.GetString(pinned.Json.Span));
        Assert.Empty(pinned.Changes);
    }

    [Fact]
    public void Pinning_any_request_twice_is_pinning_it_once()
    {
        for (ulong i = 0; i < 500; i++)
        {
            PinnedRequest once = Pin(new JsonTexts(i).Object(withTarget: false), new InferenceOptions { Seed = 1 });
            PinnedRequest twice = Pin(Encoding.UTF8.GetString(once.Json.Span), new InferenceOptions { Seed = 2 });
            Assert.Equal(once.Json.ToArray(), twice.Json.ToArray());
            Assert.Empty(twice.Changes);
        }
    }

    [Fact]
    public void A_byte_order_mark_is_left_out()
    {
        Assert.Equal("""{"seed":42}""", Encoding.UTF8.GetString(Pin("\uFEFF{}", new InferenceOptions()).Json.Span));
    }

    [Theory]
    [InlineData("""{"seed":-1}""", "seed")]
    [InlineData("""{"seed":7.0}""", "seed")]
    [InlineData("""{"seed":1e2}""", "seed")]
    [InlineData("""{"seed":4294967295}""", "seed")]
    [InlineData("""{"n":2}""", "n")]
    [InlineData("""{"min_p":0.05}""", "min_p")]
    [InlineData("""{"min_p":"0.05"}""", "min_p")]
    [InlineData("""{"session_id":"s"}""", "session_id")]
    [InlineData("""{"session_params":{}}""", "session_params")]
    [InlineData("""{"custom_logit_processor":"x"}""", "custom_logit_processor")]
    [InlineData("""{"lora_path":"a"}""", "lora_path")]
    [InlineData("""{"kv_transfer_params":{}}""", "kv_transfer_params")]
    [InlineData("""{"return_hidden_states":true}""", "return_hidden_states")]
    [InlineData("""{"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"https://example.org/a.png"}}]}]}""", "messages")]
    [InlineData("""{"messages":[{"role":"user","content":[{"type":"video_url","video_url":"http://example.org/a"}]}]}""", "messages")]
    public void A_request_that_does_not_determine_its_answer_is_refused_by_name_unless_the_proxy_is_a_plain_one(string request, string name)
    {
        RequestRules rules = new SglangBackend().Requests;
        OpenAIException e = Assert.Throws<OpenAIException>(() => Pin(request, new InferenceOptions(), rules));
        Assert.Equal((400, "nondeterministic_request", name), (e.Status, e.Code, e.Param));
        Assert.Equal(request, Encoding.UTF8.GetString(Pin(request, new InferenceOptions { Determinism = "off" }, rules).Json.Span));
    }

    [Theory]
    [InlineData("""{"seed":0,"n":1,"min_p":0,"session_id":null,"return_hidden_states":false}""")]
    [InlineData("""{"seed":4294967294,"n":1,"min_p":0.0,"messages":[{"content":[{"image_url":{"url":"data:image/png;base64,AA=="}}]}]}""")]
    public void What_only_looks_like_it_is_taken(string request)
    {
        Assert.Equal(request, Encoding.UTF8.GetString(Pin(request, new InferenceOptions(), new SglangBackend().Requests).Json.Span));
    }

    [Fact]
    public void What_an_engine_has_another_default_for_is_set_and_written_down()
    {
        PinnedRequest pinned = Pin("""{"prompt":"x"}""", new InferenceOptions(), new SglangBackend().Requests);
        Assert.Equal("""{"prompt":"x","min_p":0,"seed":42}""", Encoding.UTF8.GetString(pinned.Json.Span));
        Assert.Equal(new Dictionary<string, string> { ["min_p"] = "0", ["seed"] = "42" }, pinned.Pins.Values);
    }

    [Theory]
    [InlineData("""{"tee":true}""", """{"seed":42}""")]
    [InlineData("""{"tee":true,"a":1}""", """{"a":1,"seed":42}""")]
    [InlineData("""{"a":1,"tee":"x"}""", """{"a":1,"seed":42}""")]
    [InlineData("""{"a":1, "tee":{"b":[2]} , "seed":7}""", """{"a":1 , "seed":7}""")]
    public void A_devices_wish_for_a_proof_of_its_own_does_not_reach_the_engine(string request, string expected)
    {
        Assert.Equal(expected, Encoding.UTF8.GetString(Pin(request, new InferenceOptions()).Json.Span));
    }

    [Theory]
    [InlineData("qwen:0.5b", """{"model":"name"}""", "\"name\"")]
    [InlineData("qwen", """{"model":"qwen"}""", null)]
    public void A_name_that_would_be_an_adapter_is_the_served_models(string model, string expected, string? pin)
    {
        var options = new InferenceOptions { ServedModelName = "name", Determinism = "off" };
        PinnedRequest pinned = Pin($$"""{"model":"{{model}}"}""", options, new SglangBackend().Requests);
        Assert.Equal(expected, Encoding.UTF8.GetString(pinned.Json.Span));
        Assert.Equal(pin, pinned.Pins.Values.GetValueOrDefault("model"));
        Assert.Empty(Pin($$"""{"model":"{{model}}"}""", options with { BackendArguments = ["--enable-lora"] }, new SglangBackend().Requests).Changes);
    }

    [Theory]
    [InlineData("""{"prompt":"x","seed":1}""", """{"prompt":"x","seed":1,"return_token_ids":true}""", true)]
    [InlineData("""{"return_token_ids":null,"seed":1}""", """{"return_token_ids":true,"seed":1}""", true)]
    [InlineData("""{"return_token_ids":true,"seed":1}""", """{"return_token_ids":true,"seed":1}""", false)]
    [InlineData("""{"return_token_ids":false,"seed":1}""", """{"return_token_ids":false,"seed":1}""", false)]
    public void Token_ids_are_asked_for_where_the_sender_says_nothing_and_that_is_no_pin(string request, string expected, bool hides)
    {
        PinnedRequest pinned = Pin(request, new InferenceOptions(), new EmbeddedBackend().Requests, asksForTokenIds: true);
        Assert.Equal(expected, Encoding.UTF8.GetString(pinned.Json.Span));
        Assert.Equal(hides, pinned.HidesTokenIds);
        Assert.Empty(pinned.Changes);
    }

    private static PinnedRequest Pin(string request, InferenceOptions options, RequestRules? rules = null, bool asksForTokenIds = false)
    {
        using RequestBody body = RequestBody.Parse(Encoding.UTF8.GetBytes(request));
        return new DeterminismPolicy(options, rules ?? RequestRules.None, asksForTokenIds).Pin(body, [], isChat: false);
    }
}
