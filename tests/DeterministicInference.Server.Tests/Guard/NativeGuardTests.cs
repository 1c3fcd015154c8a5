using DeterministicInference.Server.Engines;
using DeterministicInference.Server.Guard;
using DeterministicInference.Server.Native;
using Xunit;

namespace DeterministicInference.Server.Tests.Guard;

/// <summary>The native executable guards as the managed build does.</summary>
public sealed class NativeGuardTests
{
    [Fact]
    public async Task Codes_and_the_end_of_everything_are_the_same()
    {
        Func<GuardSettings, GuardSettings> program = Program();
        await using (TestEngine polite = await TestEngine.ReadyAsync(EngineScripts.Polite, program))
        {
            await polite.Process.StopAsync(TimeSpan.FromMinutes(10), CancellationToken.None).Within();
            Assert.Equal(new EngineExit.Exited(7), await polite.ExitAsync());
        }
        await using TestEngine daemons = await TestEngine.ReadyAsync(EngineScripts.Daemons, program);
        daemons.Processes.Signal(daemons.Engine, Libc.SigKill);
        Assert.Equal(new EngineExit.Signaled(9), await daemons.ExitAsync());
    }

    [Fact]
    public async Task Either_guard_may_be_killed()
    {
        Func<GuardSettings, GuardSettings> program = Program();
        await using (TestEngine engine = await TestEngine.ReadyAsync(EngineScripts.Daemons, program))
        {
            engine.Processes.Signal(engine.OuterGuard, Libc.SigKill);
            Assert.Equal(new EngineExit.Signaled(15), await engine.ExitAsync());
        }
        await using TestEngine other = await TestEngine.ReadyAsync(EngineScripts.Daemons, program);
        other.Processes.Signal(other.InnerGuard, Libc.SigKill);
        Assert.Equal(new EngineExit.GuardDied(), await other.ExitAsync());
    }

    [Fact]
    public async Task A_missing_executable_is_reported()
    {
        await using TestEngine engine = TestEngine.Start(
            new EngineLaunch("no-such-engine", [], new Dictionary<string, string>()),
            change: Program()
        );
        Assert.True(Assert.IsType<EngineExit.NotStarted>(await engine.ExitAsync()).IsMissing);
    }

    private static Func<GuardSettings, GuardSettings> Program()
    {
        Assert.SkipWhen(ServerProgram.Native is null, "skipped: needs DIS_AOT_BINARY");
        return settings => settings with { Program = [ServerProgram.Native!.File] };
    }
}
