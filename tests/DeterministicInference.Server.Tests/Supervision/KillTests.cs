using DeterministicInference.Server.Guard;
using DeterministicInference.Server.Native;
using DeterministicInference.Server.Tests.Guard;
using Xunit;

namespace DeterministicInference.Server.Tests.Supervision;

/// <summary>
/// The server is killed while it works: clients see that their streams broke, and the engine and all of its processes
/// end long before the time that the engine may take to stop.
/// </summary>
public sealed class KillTests
{
    private const int Streams = 8,
        ServerGuardsAndEngine = 4,
        SigStop = 19;

    /// <summary>
    /// Longer than the limit of the tests: an engine that ends at SIGTERM, and what it leaves behind, is not given that
    /// time.
    /// </summary>
    private static readonly string[] LongWait = ["--stop-timeout", "10m"];

    /// <summary>Processes that an engine starts: children, and processes outside of its tree and session.</summary>
    public static TheoryData<int, int> Helpers { get; } =
        new()
        {
            { 0, 0 },
            { 4, 0 },
            { 0, 4 },
            { 3, 3 },
        };

    [Fact]
    public async Task A_killed_server_takes_the_embedded_engine_along()
    {
        await using ServeProcess server = await ServeProcess.EmbeddedAsync(TestModels.Slow, LongWait);
        // Minutes of work.
        EventStream[] streams = await OpenAllAsync(
            server,
            """{"prompt":"a","max_tokens":4000,"ignore_eos":true,"stream":true}"""
        );
        await RequireEndAsync(server, streams);
    }

    [Theory]
    [MemberData(nameof(Helpers))]
    public async Task A_killed_server_takes_its_engine_and_all_that_this_started_along(int children, int daemons)
    {
        await using ServeProcess server = await WithHelpersAsync(children, daemons);
        EventStream[] streams = await OpenAllAsync(server, """{"prompt":"a","stream":true,"fake":{"gate":"never"}}""");
        await RequireEndAsync(server, streams);
    }

    [Theory]
    [MemberData(nameof(Helpers))]
    public async Task What_is_left_when_server_and_guards_are_killed_at_once_is_ended_by_the_next_start(
        int children,
        int daemons
    )
    {
        var launch = new ServeLaunch();
        (string, string)[] helpers = [("FAKE_CHILDREN", $"{children}"), ("FAKE_DAEMONS", $"{daemons}")];
        await using ServeProcess first = await ServeProcess.StartAsync(
            ServerProgram.Built,
            ServeProcess.FakeSglang,
            helpers,
            launch: launch
        );
        await first.ReadyAsync("SGLang server");
        GuardState state = first.Guarded;
        Assert.Equal(2, state.Guards.Count);
        // All are stopped first, so that none reacts to the end of another.
        foreach (ProcessIdentity guard in state.Guards)
            first.Family.Signal(guard, SigStop);
        first.Kill();
        foreach (ProcessIdentity guard in state.Guards)
            first.Family.Signal(guard, Libc.SigKill);
        await first.WaitForExitAsync();
        await TaggedProcesses.WaitForEndAsync(state.Guards);
        // The engine is an orphan that works, and holds the port.
        IReadOnlyList<ProcessEntry> left = first.Family.Members;
        Assert.Equal(1 + children + daemons, left.Count);
        await first.Engine.JsonAsync(ApiClient.Completions, """{"prompt":"orphan"}""");

        await using ServeProcess second = await ServeProcess.StartAsync(
            ServerProgram.Built,
            ServeProcess.FakeSglang,
            helpers,
            launch: launch
        );
        await second.ReadyAsync("SGLang server");
        string reclaimed = await second.LineAsync("| Ended processes that an earlier server left behind: ");
        Assert.All(left, orphan => Assert.False(orphan.Identity.IsRunning));
        Assert.Equal(
            left.Select(orphan => orphan.Pid).Order(),
            reclaimed[(reclaimed.LastIndexOf(": ", StringComparison.Ordinal) + 2)..]
                .Split(' ')
                .Select(pid => int.Parse(pid, null))
                .Order()
        );
        Assert.Equal(ServerGuardsAndEngine + children + daemons, second.Family.Members.Count);
        await second.Api.JsonAsync(ApiClient.Completions, """{"prompt":"served again"}""");
    }

    private static async Task<ServeProcess> WithHelpersAsync(int children, int daemons)
    {
        ServeProcess server = await ServeProcess.SglangAsync(
            LongWait,
            ("FAKE_CHILDREN", $"{children}"),
            ("FAKE_DAEMONS", $"{daemons}")
        );
        await server.ReadyAsync("SGLang server");
        Assert.Equal(ServerGuardsAndEngine + children + daemons, server.Family.Members.Count);
        return server;
    }

    /// <summary>Streams that have begun and go on.</summary>
    private static async Task<EventStream[]> OpenAllAsync(ServeProcess server, string body)
    {
        EventStream[] streams = await Task.WhenAll(
            Enumerable.Range(0, Streams).Select(_ => server.Api.OpenAsync(ApiClient.Completions, body))
        );
        foreach (EventStream stream in streams)
            Assert.NotNull(await stream.ReadAsync());
        return streams;
    }

    /// <summary>Kills the server; its processes end, and its streams are broken.</summary>
    private static async Task RequireEndAsync(ServeProcess server, EventStream[] streams)
    {
        server.Kill();
        await server.Family.GoneAsync();
        foreach (EventStream stream in streams)
        {
            using (stream)
                await RequireBrokenAsync(stream);
        }
    }

    /// <summary>
    /// An end without the mark of a chunked body's end, or a reset: the answer can't be taken for complete.
    /// </summary>
    private static async Task RequireBrokenAsync(EventStream stream) =>
        await Assert.ThrowsAnyAsync<IOException>(async () =>
        {
            while (await stream.ReadAsync() is { } chunk)
                Assert.Null(chunk["choices"]![0]!["finish_reason"]);
            Assert.Fail("The stream is complete.");
        });
}
