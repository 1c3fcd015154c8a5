using System.Net.Sockets;
using System.Text.Json.Nodes;
using Xunit;

namespace DeterministicInference.Server.Tests.Engines.Embedded;

/// <summary>SIGTERM: new requests are refused, running ones finish, exit code 0.</summary>
public sealed class ShutdownTests
{
    [Fact]
    public async Task A_running_stream_is_finished_before_the_exit()
    {
        const int choices = 8,
            tokens = 8000;
        EngineProcess engine = await EngineProcess.StartAsync(TestModels.Scripted);
        await using (engine)
        {
            // More bytes than the sockets between the two hold: it can't be finished before the client reads.
            using EventStream stream = await engine.Api.OpenAsync(
                ApiClient.Completions,
                $$"""{"prompt":"a","max_tokens":{{tokens}},"n":{{choices}},"ignore_eos":true,"logprobs":5,"stream":"""
                    + $$"""true}"""
            );
            JsonObject first = (await stream.ReadAsync())!;
            engine.Terminate();
            await RefusesConnectionsAsync(engine.Url);
            IReadOnlyList<JsonObject> chunks = [first, .. await stream.ReadToEndAsync()];
            Assert.Equal(choices * tokens, chunks.Count);
            Assert.Equal(Enumerable.Repeat("length", choices), ChoiceText.Of(chunks).Select(choice => choice.Finish));
            Assert.Equal(0, await engine.WaitForExitAsync());
        }
        Assert.Contains($"completion_tokens={choices * tokens} ", engine.Log.Lines[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_idle_engine_exits_at_once()
    {
        await using EngineProcess engine = await EngineProcess.StartAsync(TestModels.Scripted);
        await engine.Api.JsonAsync(ApiClient.Completions, """{"prompt":"a","max_tokens":1}""");
        engine.Terminate();
        Assert.Equal(0, await engine.WaitForExitAsync());
    }

    /// <summary>Connects repeatedly until connections are refused.</summary>
    private static async Task RefusesConnectionsAsync(string url)
    {
        using var limit = new CancellationTokenSource(Limits.Overall);
        try
        {
            while (true)
            {
                limit.Token.ThrowIfCancellationRequested();
                using RawConnection connection = await RawConnection.OpenAsync(url);
            }
        }
        catch (SocketException)
        {
            // Closed.
        }
    }
}
