using DeterministicInference.Server.Guard;
using Xunit;

namespace DeterministicInference.Server.Tests.Guard;

/// <summary>The server stops its engine; after the server's end the guards do.</summary>
public sealed class GuardStopTests
{
    private static readonly TimeSpan Ample = TimeSpan.FromMinutes(10);

    [Fact]
    public async Task An_engine_that_ends_when_asked_ends_its_own_way()
    {
        await using TestEngine engine = await TestEngine.ReadyAsync(EngineScripts.Polite);
        await engine.Process.StopAsync(Ample, CancellationToken.None).Within();
        Assert.Equal(new EngineExit.Exited(7), await engine.ExitAsync());
        Assert.Equal(["ready", "bye"], engine.Lines);
    }

    /// <summary>A shell that does not exec dies of SIGTERM at once, and would leave the engine to a kill.</summary>
    [Theory]
    [InlineData("sh -c \"$0\"; :")]
    [InlineData("sh -c 'sh -c \"$0\"; :' \"$0\"; :")]
    public async Task An_engine_behind_shells_without_exec_ends_its_own_way(string wrapper)
    {
        const string slow = "trap 'sleep 1; echo bye; exit 0' TERM; echo ready; while :; do sleep 0.05; done";
        await using TestEngine engine = TestEngine.Start("sh", "-c", wrapper, slow);
        await engine.ReadyLine;
        await engine.Process.StopAsync(Ample, CancellationToken.None).Within();
        Assert.Equal(new EngineExit.Signaled(15), await engine.ExitAsync());
        Assert.Equal(["ready", "bye"], engine.Lines);
    }

    [Fact]
    public async Task A_script_that_ends_well_and_leaves_an_engine_is_told_by_what_it_leaves()
    {
        await using TestEngine engine = TestEngine.Start("sh", "-c", "sleep 600 & sleep 601 & exit 0");
        EngineExit exit = await engine.ExitAsync();
        Assert.IsType<EngineExit.Exited>(exit);
        Assert.Equal(2, exit.LeftBehind.Count);
        Assert.StartsWith(
            "exited with code 0 and left processes in the background (pid ",
            exit.Describe(),
            StringComparison.Ordinal
        );
    }

    /// <summary>A crash leaves helpers, too, and a stop is no end of its own.</summary>
    [Theory]
    [InlineData("sleep 600 & exit 3", false)]
    [InlineData("trap 'exit 0' TERM; sleep 600 & echo ready; wait", true)]
    public async Task Other_ends_leave_nothing_behind(string script, bool isStopped)
    {
        await using TestEngine engine = TestEngine.Start("sh", "-c", script);
        if (isStopped)
        {
            await engine.ReadyLine;
            await engine.Process.StopAsync(Ample, CancellationToken.None).Within();
        }
        Assert.Empty((await engine.ExitAsync()).LeftBehind);
    }

    [Theory]
    [InlineData(EngineScripts.Tree, EngineScripts.Children)]
    [InlineData(EngineScripts.Daemons, EngineScripts.Children + 1)]
    public async Task Everything_that_an_engine_started_ends_with_it(string script, int sleeps)
    {
        await using TestEngine engine = await TestEngine.ReadyAsync(script);
        await engine.Processes.WaitForAsync("sleep", sleeps);
        await engine.Process.StopAsync(Ample, CancellationToken.None).Within();
        Assert.Equal(new EngineExit.Signaled(15), await engine.ExitAsync());
    }

    [Fact]
    public async Task An_engine_that_does_not_listen_is_killed_after_the_grace()
    {
        await using TestEngine engine = await TestEngine.ReadyAsync(EngineScripts.Deaf);
        await engine.Process.StopAsync(TimeSpan.FromMilliseconds(100), CancellationToken.None).Within();
        Assert.Equal(new EngineExit.Signaled(9), await engine.ExitAsync());
    }

    [Fact]
    public async Task A_long_grace_can_be_cut_short()
    {
        await using TestEngine engine = await TestEngine.ReadyAsync(EngineScripts.Deaf);
        using var now = new CancellationTokenSource();
        Task stop = engine.Process.StopAsync(Ample, now.Token);
        Assert.True(engine.Engine.IsRunning);
        await now.CancelAsync();
        await stop.Within();
        Assert.Equal(new EngineExit.Signaled(9), await engine.ExitAsync());
    }

    [Fact]
    public async Task Processes_that_start_their_successors_are_ended()
    {
        await using TestEngine engine = await TestEngine.ReadyAsync(EngineScripts.Chains);
        await engine.Process.StopAsync(Ample, CancellationToken.None).Within();
        Assert.Equal(new EngineExit.Signaled(15), await engine.ExitAsync());
    }

    [Fact]
    public async Task A_process_that_cleans_up_after_the_others_may_finish()
    {
        using var folder = new TemporaryStateFolder();
        string proof = Path.Combine(folder.Path, "proof");
        // Like Python's shared-memory tracker: waits for the end of its input, which the others hold open.
        await using TestEngine engine = await TestEngine.ReadyAsync(
            $"{{ sleep 600; }} | sh -c 'echo ready; read line; echo > {proof}' multiprocessing.resource_tracker"
        );
        await engine.Process.StopAsync(TimeSpan.Zero, CancellationToken.None).Within();
        Assert.Equal(new EngineExit.Signaled(9), await engine.ExitAsync());
        Assert.True(File.Exists(proof));
    }

    [Fact]
    public async Task A_name_alone_does_not_save_a_process()
    {
        await using TestEngine engine = await TestEngine.ReadyAsync(
            "sh -c 'trap \"\" TERM; echo ready; while :; do sleep 1; done' multiprocessing.resource_tracker & wait",
            settings => settings with { Patience = Ample }
        );
        await engine.Process.StopAsync(TimeSpan.Zero, CancellationToken.None).Within();
        Assert.Equal(new EngineExit.Signaled(9), await engine.ExitAsync());
    }

    [Fact]
    public async Task Guards_that_do_not_answer_are_killed_too()
    {
        await using TestEngine engine = await TestEngine.ReadyAsync(
            EngineScripts.Daemons,
            settings => settings with { Patience = TimeSpan.FromMilliseconds(200) }
        );
        engine.Processes.Signal(engine.OuterGuard, 19);
        engine.Processes.Signal(engine.InnerGuard, 19);
        await engine.Process.StopAsync(TimeSpan.Zero, CancellationToken.None).Within();
        Assert.Equal(new EngineExit.GuardDied(), await engine.ExitAsync());
    }

    [Theory]
    [InlineData(EngineScripts.Tree)]
    [InlineData(EngineScripts.Daemons)]
    [InlineData("echo ready; yes & yes >&2")]
    public async Task An_engine_ends_when_its_server_is_killed(string script)
    {
        await using GuardHostProcess host = await GuardHostProcess.ReadyAsync(script, Ample);
        host.Kill();
        await host.Processes.WaitForNoneAsync();
        Assert.False(host.HasStateFile);
        host.AssertBystandersUnharmed();
    }

    [Fact]
    public async Task An_engine_that_ignores_SIGTERM_ends_after_the_grace_when_its_server_is_killed()
    {
        await using GuardHostProcess host = await GuardHostProcess.ReadyAsync(
            EngineScripts.Deaf,
            TimeSpan.FromMilliseconds(300)
        );
        host.Kill();
        await host.Processes.WaitForNoneAsync();
        Assert.False(host.HasStateFile);
        host.AssertBystandersUnharmed();
    }

    [Fact]
    public async Task An_engine_ends_when_its_server_exits_without_stopping_it()
    {
        await using GuardHostProcess host = await GuardHostProcess.ReadyAsync(EngineScripts.Daemons, Ample);
        host.Leave();
        await host.Processes.WaitForNoneAsync();
        Assert.False(host.HasStateFile);
        host.AssertBystandersUnharmed();
    }
}
