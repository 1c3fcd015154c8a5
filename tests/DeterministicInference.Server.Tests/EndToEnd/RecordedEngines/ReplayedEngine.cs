using System.Text.Json.Nodes;
using DeterministicInference.Receipts.Tests.Answers;
using DeterministicInference.Server.OpenAI;
using DeterministicInference.Server.Tests.EndToEnd.FakeBackend;
using Xunit;

namespace DeterministicInference.Server.Tests.EndToEnd.RecordedEngines;

/// <summary>A gateway in enforce mode, with receipts, in front of what was recorded of a real engine.</summary>
internal sealed class ReplayedEngine : IAsyncDisposable
{
    private readonly FakeBackendProcess _engine;
    private readonly RunningGateway _gateway;

    private ReplayedEngine(string name, FakeBackendProcess engine, RunningGateway gateway)
    {
        (_engine, _gateway) = (engine, gateway);
        Recordings = EngineRecordings.Require(name);
    }

    /// <summary>The engine's chats and completions.</summary>
    public IReadOnlyList<EngineRecording> Recordings { get; }

    public ApiClient Api => _gateway.Api;

    /// <summary>Skips the running test where there are no recordings.</summary>
    public static async Task<ReplayedEngine> StartAsync(string name)
    {
        FakeBackendProcess engine = await FakeDialect.ReplayAsync(name);
        return new ReplayedEngine(
            name,
            engine,
            await RunningGateway.StartWithReceiptsAsync(engine.Url, name, models: ServedModels.Named("demo"))
        );
    }

    /// <summary>The recording whose name begins so.</summary>
    public EngineRecording Of(string number) =>
        Assert.Single(Recordings, one => one.Name.Split('/')[1].StartsWith(number + "-", StringComparison.Ordinal));

    /// <summary>
    /// The recorded request, which names its recording, or its text where it is no JSON.
    /// </summary>
    /// <param name="recording">What is to come.</param>
    /// <param name="without">Members that are left out.</param>
    /// <param name="more">Members of <c>fake</c>, as raw text.</param>
    public static string Request(EngineRecording recording, string[]? without = null, string more = "")
    {
        if (Parse(recording.RequestText) is not { } request)
            return recording.RequestText;
        foreach (string name in without ?? [])
            request.Remove(name);
        request["fake"] = JsonNode.Parse($$"""{"replay":"{{recording.Name}}"{{more}} }""");
        return request.ToJsonString();
    }

    /// <summary>
    /// The same as this server takes it: without <c>n</c> for SGLang, and with a role of the API where vLLM took
    /// another. See <see cref="RecordedRefusalTests.What_this_server_refuses_although_the_engine_answers"/>.
    /// </summary>
    public static string Accepted(EngineRecording recording, string[] without, string more = "")
    {
        bool isSglang = recording.Name.StartsWith("sglang/", StringComparison.Ordinal);
        return Request(recording, isSglang ? [.. without, "n"] : without, more)
            .Replace("\"wizard\"", "\"user\"", StringComparison.Ordinal);
    }

    public async ValueTask DisposeAsync()
    {
        await _gateway.DisposeAsync();
        await _engine.DisposeAsync();
    }

    private static JsonObject? Parse(string text)
    {
        try
        {
            return JsonNode.Parse(text) as JsonObject;
        }
        catch (System.Text.Json.JsonException)
        {
            return null;
        }
    }
}
