using DeterministicInference.Server.Engines;
using DeterministicInference.Server.Guard;
using Xunit;

namespace DeterministicInference.Server.Tests.Guard;

/// <summary>What an engine inherits from its guard, and what the server learns about its end.</summary>
public sealed class GuardLaunchTests
{
    private static readonly string[] StatusNames = ["SigBlk", "SigIgn"];

    [Theory]
    [InlineData("exit 0", 0)]
    [InlineData("exit 3", 3)]
    [InlineData("exit 127", 127)]
    [InlineData("exit 255", 255)]
    public async Task The_exit_code_is_exact(string script, int code)
    {
        await using TestEngine engine = TestEngine.Start("sh", "-c", script);
        Assert.Equal(new EngineExit.Exited(code), await engine.ExitAsync());
    }

    [Theory]
    [InlineData(6)]
    [InlineData(9)]
    [InlineData(11)]
    public async Task A_signal_is_distinguished_from_an_exit_code(int signal)
    {
        await using TestEngine engine = TestEngine.Start("sh", "-c", $"kill -{signal} $$");
        Assert.Equal(new EngineExit.Signaled(signal), await engine.ExitAsync());
    }

    [Theory]
    [InlineData("no-such-engine", true)]
    [InlineData("/no/such/engine", true)]
    [InlineData("/etc/passwd", false)]
    public async Task An_executable_that_cannot_be_started_is_reported_as_such(string file, bool missing)
    {
        await using TestEngine engine = TestEngine.Start(file);
        EngineExit.NotStarted exit = Assert.IsType<EngineExit.NotStarted>(await engine.ExitAsync());
        Assert.Equal(missing, exit.IsMissing);
        Assert.Contains(
            missing ? "No such file or directory" : "Permission denied",
            exit.Describe(),
            StringComparison.Ordinal
        );
        Assert.Null(engine.Process.EnginePid);
    }

    [Fact]
    public async Task The_engine_has_an_empty_input_no_foreign_descriptors_a_session_and_default_signals()
    {
        // The descriptor beyond 2 is that of ls itself.
        await using TestEngine engine = TestEngine.Start(
            "sh",
            "-c",
            "readlink /proc/self/fd/0; ls -x /proc/self/fd; cut -d' ' -f1,6 /proc/self/stat; grep -E '^Sig(Blk|Ign)' "
                + "/proc/self/status; echo $$"
        );
        Assert.Equal(new EngineExit.Exited(0), await engine.ExitAsync());
        IReadOnlyList<string> lines = engine.Lines;
        Assert.Equal("/dev/null", lines[0]);
        Assert.Equal(["0", "1", "2", "3"], lines[1].Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal(lines[^1], lines[2].Split(' ')[1]);
        Assert.Equal($"{engine.Process.EnginePid}", lines[^1]);
        // 32 and 33 belong to the C library, which leaves them ignored.
        Assert.Equal(
            StatusNames.Select(name => $"{name}:\t0"),
            lines.Skip(3).Take(2).Select(line => $"{line[..7]}\t{Convert.ToUInt64(line[8..], 16) & ~0x180000000UL:x}")
        );
    }

    [Fact]
    public async Task The_engine_has_its_variables_and_not_those_of_the_guards()
    {
        var launch = new EngineLaunch(
            "sh",
            ["-c", "env | grep -E '^(DOTNET_gcServer|DOTNET_TieredPGO|INFERENCE_GUARD_|EXTRA|SPT_|PATH)'; echo ready"],
            new Dictionary<string, string> { ["DOTNET_gcServer"] = "1", ["EXTRA"] = "ä b=c" }
        );
        var lines = new List<string>();
        await using TestEngine engine = TestEngine.Start(launch, lines.Add);
        Assert.Equal(new EngineExit.Exited(0), await engine.ExitAsync());
        Assert.Equal(
            [
                "DOTNET_gcServer=1",
                "EXTRA=ä b=c",
                $"INFERENCE_GUARD_TAG={engine.Settings.Tag}",
                $"PATH={Environment.GetEnvironmentVariable("PATH")}",
                "ready",
            ],
            lines.Order(StringComparer.Ordinal)
        );
    }

    [Fact]
    public async Task Codes_are_exact_and_bytes_kept_where_the_server_ignores_SIGCHLD_and_has_odd_variables()
    {
        string script = "echo ready; printf %s \"$ODD\" | od -An -tx1; exit 3";
        await using GuardHostProcess host = await GuardHostProcess.ReadyAsync(
            script,
            TimeSpan.Zero,
            "sh",
            "-c",
            "ODD=$(printf '\\377\\001=x') exec env --ignore-signal=CHLD \"$@\"",
            "sh"
        );
        Assert.Equal("line  ff 01 3d 78", await host.FindAsync("line  "));
        Assert.Contains("Code = 3 ", await host.FindAsync("exit "), StringComparison.Ordinal);
        await host.ExitAsync();
        host.Processes.AssertNone();
    }

    [Fact]
    public async Task Children_that_an_engine_leaves_behind_are_ended_with_it()
    {
        await using TestEngine engine = TestEngine.Start(
            "sh",
            "-c",
            EngineScripts.Daemons.Replace("; sleep 601", "; exit 4", StringComparison.Ordinal)
        );
        Assert.Equal(new EngineExit.Exited(4), await engine.ExitAsync());
        Assert.Equal(["ready"], engine.Lines);
    }

    [Fact]
    public void The_folder_must_be_ours_alone()
    {
        using var folder = new TemporaryStateFolder();
        if (OperatingSystem.IsLinux())
            File.SetUnixFileMode(folder.Path, (UnixFileMode)0b111_111_111);
        Assert.Throws<IOException>(() =>
            GuardedProcess.Start(
                new EngineLaunch("true", [], new Dictionary<string, string>()),
                new GuardSettings(folder.Path),
                _ => { }
            )
        );
    }

    [Fact]
    public void A_guard_that_cannot_be_started_is_an_error_that_leaves_nothing()
    {
        using var folder = new TemporaryStateFolder();
        var settings = new GuardSettings(folder.Path) { Program = ["/no/such/guard"] };
        IOException error = Assert.Throws<IOException>(() =>
            GuardedProcess.Start(new EngineLaunch("true", [], new Dictionary<string, string>()), settings, _ => { })
        );
        Assert.Contains("/no/such/guard", error.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(folder.Path));
    }

    [Fact]
    public async Task A_guard_without_its_arguments_refuses()
    {
        Assert.Equal(2, (await ServerProgram.Built.RunAsync(["guard"])).ExitCode);
    }
}
