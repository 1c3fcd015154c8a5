using DeterministicInference.Server.Guard;
using DeterministicInference.Server.Native;
using Xunit;

namespace DeterministicInference.Server.Tests.Guard;

/// <summary>Parts of the chain from the server to the engine are killed.</summary>
public sealed class KilledGuardTests
{
    [Theory]
    [InlineData(EngineScripts.Tree)]
    [InlineData(EngineScripts.Daemons)]
    public async Task Without_the_outer_guard_the_inner_one_ends_the_engine(string script)
    {
        await using TestEngine engine = await TestEngine.ReadyAsync(script);
        engine.Processes.Signal(engine.OuterGuard, Libc.SigKill);
        Assert.Equal(new EngineExit.Signaled(15), await engine.ExitAsync());
    }

    [Theory]
    [InlineData(EngineScripts.Tree)]
    [InlineData(EngineScripts.Daemons)]
    public async Task Without_the_inner_guard_the_outer_one_ends_the_engine(string script)
    {
        await using TestEngine engine = await TestEngine.ReadyAsync(script);
        engine.Processes.Signal(engine.InnerGuard, Libc.SigKill);
        Assert.Equal(new EngineExit.GuardDied(), await engine.ExitAsync());
    }

    [Theory]
    [InlineData(EngineScripts.Tree)]
    [InlineData(EngineScripts.Daemons)]
    public async Task Without_both_the_server_ends_the_engine(string script)
    {
        await using TestEngine engine = await TestEngine.ReadyAsync(script);
        KillGuards(engine.Processes, engine.State);
        Assert.Equal(new EngineExit.GuardDied(), await engine.ExitAsync());
    }

    [Fact]
    public async Task A_process_without_the_tag_is_known_from_the_state_file()
    {
        await using TestEngine engine = await TestEngine.ReadyAsync(
            "env -i setsid sleep 602 <&- >&- 2>&- & echo ready; wait"
        );
        // Found by its parent, the inner guard, not by the tag.
        ProcessIdentity stranger = await TaggedProcesses.FindAsync(() =>
            [
                .. ProcessTable
                    .Descendants(ProcessTable.Scan(), [engine.InnerGuard.Pid])
                    .Select(process => process.Identity)
                    .Where(process =>
                        TaggedProcesses.CommandLine(process.Pid) == "sleep\0602\0"
                        && engine.State.Processes.Contains(process)
                    ),
            ]
        );
        Assert.DoesNotContain(stranger, engine.Processes.Running);
        KillGuards(engine.Processes, engine.State);
        Assert.Equal(new EngineExit.GuardDied(), await engine.ExitAsync());
        Assert.False(stranger.IsRunning);
    }

    [Theory]
    [InlineData(EngineScripts.Tree)]
    [InlineData(EngineScripts.Daemons)]
    public async Task A_killed_engine_is_reported_and_leaves_nothing(string script)
    {
        await using TestEngine engine = await TestEngine.ReadyAsync(script);
        engine.Processes.Signal(engine.Engine, Libc.SigKill);
        Assert.Equal(new EngineExit.Signaled(9), await engine.ExitAsync());
    }

    [Fact]
    public async Task SIGTERM_to_a_guard_stops_the_engine_and_the_terminals_signals_do_not()
    {
        await using TestEngine engine = await TestEngine.ReadyAsync(EngineScripts.Polite);
        foreach (int signal in (int[])[1, 2, 3])
            engine.Processes.Signal(engine.OuterGuard, signal);
        engine.Processes.Signal(engine.OuterGuard, Libc.SigTerm);
        Assert.Equal(new EngineExit.Exited(7), await engine.ExitAsync());
    }

    [Fact]
    public async Task What_is_left_when_all_are_killed_at_once_is_ended_by_the_next_start()
    {
        await using GuardHostProcess host = await GuardHostProcess.ReadyAsync(
            EngineScripts.Daemons,
            TimeSpan.FromMinutes(10)
        );
        GuardState state = host.State;
        foreach (ProcessIdentity guard in state.Guards)
            host.Processes.Signal(guard, 19);
        host.Kill();
        await host.ExitAsync();
        KillGuards(host.Processes, state);
        await TaggedProcesses.WaitForEndAsync(state.Guards);
        // The engine, the child it waits for, and the daemons.
        await host.Processes.WaitForAsync("sleep", EngineScripts.Children + 1);
        Assert.Equal(EngineScripts.Children + 2, host.Processes.Running.Count);

        IReadOnlyList<int> ended = await GuardReclaim
            .RunAsync(host.Folder, TestContext.Current.CancellationToken)
            .Within();
        host.Processes.AssertNone();
        Assert.Equal(EngineScripts.Children + 2, ended.Count);
        Assert.False(host.HasStateFile);
        host.AssertBystandersUnharmed();
        Assert.Empty(await GuardReclaim.RunAsync(host.Folder, TestContext.Current.CancellationToken).Within());
    }

    [Fact]
    public async Task A_guard_that_still_works_is_waited_for()
    {
        await using GuardHostProcess host = await GuardHostProcess.ReadyAsync(
            EngineScripts.Deaf,
            TimeSpan.FromMilliseconds(500)
        );
        host.Kill();
        await host.ExitAsync();
        Assert.Empty(await GuardReclaim.RunAsync(host.Folder, TestContext.Current.CancellationToken).Within());
        host.Processes.AssertNone();
        Assert.False(host.HasStateFile);
    }

    /// <summary>Both are stopped first, so that neither observes the other's end.</summary>
    private static void KillGuards(TaggedProcesses processes, GuardState state)
    {
        Assert.Equal(2, state.Guards.Count);
        foreach (ProcessIdentity guard in state.Guards)
            processes.Signal(guard, 19);
        foreach (ProcessIdentity guard in state.Guards)
            processes.Signal(guard, Libc.SigKill);
    }
}
