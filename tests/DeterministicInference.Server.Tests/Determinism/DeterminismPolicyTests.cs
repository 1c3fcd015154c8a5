using System.Text;
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
        Assert.Equal(new Dictionary<string, string> { ["seed"] = "42" }, pinned.Pins);
    }

    [Theory]
    [InlineData("""{"seed":7}""")]
    [InlineData("""{"seed": "7" }""")]
    [InlineData("""{"seed":12345678901234567890123}""")]
    public void A_seed_of_the_sender_is_the_senders(string request)
    {
        PinnedRequest pinned = Pin(request, new InferenceOptions());
        Assert.Equal(request, Encoding.UTF8.GetString(pinned.Json.Span));
        Assert.Empty(pinned.Pins);
    }

    [Fact]
    public void Off_changes_nothing()
    {
        PinnedRequest pinned = Pin("""{"seed":null}""", new InferenceOptions { Determinism = "off" });
        Assert.Equal("""{"seed":null}""", Encoding.UTF8.GetString(pinned.Json.Span));
        Assert.Empty(pinned.Pins);
    }

    [Fact]
    public void Pinning_any_request_twice_is_pinning_it_once()
    {
        for (ulong i = 0; i < 500; i++)
        {
            PinnedRequest once = Pin(new JsonTexts(i).Object(withTarget: false), new InferenceOptions { Seed = -1 });
            PinnedRequest twice = Pin(Encoding.UTF8.GetString(once.Json.Span), new InferenceOptions { Seed = 2 });
            Assert.Equal(once.Json.ToArray(), twice.Json.ToArray());
            Assert.Empty(twice.Pins);
        }
    }

    [Fact]
    public void A_byte_order_mark_is_left_out()
    {
        Assert.Equal("""{"seed":42}""", Encoding.UTF8.GetString(Pin("\uFEFF{}", new InferenceOptions()).Json.Span));
    }

    private static PinnedRequest Pin(string request, InferenceOptions options)
    {
        using RequestBody body = RequestBody.Parse(Encoding.UTF8.GetBytes(request));
        return new DeterminismPolicy(options).Pin(body, []);
    }
}
