using System.Text.Json.Nodes;
using DeterministicInference.Server.Tests.Models;
using Xunit;

namespace DeterministicInference.Server.Tests.EndToEnd;

public sealed class StreamTests(SharedEngines engines)
{
    [Fact]
    public async Task A_chat_stream_is_role_then_content_then_reason_then_usage()
    {
        ApiClient api = await engines.ScriptedAsync();
        IReadOnlyList<JsonObject> chunks = await api.StreamAsync(ApiClient.Chat, """{"messages":[{"role":"user","content":"hi"}],"stream":true,"stream_options":{"include_usage":true}}""");
        Assert.Equal(ScriptedModel.Script, ChoiceText.Of(chunks)[0].Text);
    }
}
