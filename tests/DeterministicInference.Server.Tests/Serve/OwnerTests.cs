using System.Text.Json.Nodes;
using Xunit;

namespace DeterministicInference.Server.Tests.Serve;

/// <summary>
/// Programs that own a server, as in <c>samples/</c>: however they end, the stream in flight is finished, and the
/// server ends by itself with its engine and all of the engine's processes.
/// </summary>
public sealed class OwnerTests
{
    private const string Stream = """{"prompt":"in flight","max_tokens":5,"stream":true,"fake":{"gate":"owner"}}""";

    [Fact]
    public Task An_Erlang_program_that_closes_its_port_has_ended_its_server() => LeavesAsync("erlang");

    [Fact]
    public Task A_killed_Erlang_VM_has_ended_its_server() => IsKilledAsync("erlang", "beam.smp");

    [Fact]
    public Task A_Node_program_that_ends_its_childs_input_has_ended_its_server() => LeavesAsync("node");

    [Fact]
    public Task A_killed_Node_process_has_ended_its_server() => IsKilledAsync("node", "node");

    [Theory]
    [InlineData("erlang")]
    [InlineData("node")]
    public async Task The_samples_chat_with_the_embedded_engine(string language)
    {
        await using OwnerProcess owner = await OwnerProcess.AnsweredAsync(language, ["--backend", "embedded"]);
        Assert.Contains("The capital of France is Paris.", await owner.LineAsync("answer: "), StringComparison.Ordinal);
        owner.PressEnter();
        await owner.LineAsync("The server has ended");
        Assert.Equal(0, await owner.ExitAsync());
        await RequireGoneAsync(owner);
    }

    private static async Task LeavesAsync(string language)
    {
        await using OwnerProcess owner = await StartAsync(language);
        await RequireDrainAsync(owner, owner.PressEnter);
        await owner.LineAsync("The server has ended");
        Assert.Equal(0, await owner.ExitAsync());
        await RequireGoneAsync(owner);
    }

    private static async Task IsKilledAsync(string language, string name)
    {
        await using OwnerProcess owner = await StartAsync(language);
        Assert.StartsWith(name, owner.Name, StringComparison.Ordinal);
        await RequireDrainAsync(owner, owner.Kill);
        await RequireGoneAsync(owner);
    }

    private static Task<OwnerProcess> StartAsync(string language) =>
        OwnerProcess.AnsweredAsync(language, ServeProcess.FakeSglang, ("FAKE_CHILDREN", "2"), ("FAKE_DAEMONS", "2"));

    /// <summary>A stream runs while the owner leaves, and is complete.</summary>
    private static async Task RequireDrainAsync(OwnerProcess owner, Action leave)
    {
        using EventStream stream = await owner.Server.OpenAsync(ApiClient.Completions, Stream);
        JsonObject first = (await stream.ReadAsync())!;
        leave();
        await ClosedGateway.AwaitAsync(owner.Server.Url);
        await owner.Engine.PostAsync("/__fake/gates/owner", "");
        IReadOnlyList<JsonObject> rest = await stream.ReadToEndAsync();
        Assert.Equal((5, "length"), (1 + rest.Count, (string?)rest[^1]["choices"]![0]!["finish_reason"]));
        Assert.Equal((string?)first["id"], (string?)rest[0]["id"]);
    }

    private static async Task RequireGoneAsync(OwnerProcess owner)
    {
        await owner.Family.GoneAsync();
        Assert.Empty(owner.StateFiles);
    }
}
