using System.Net;
using System.Text;
using DeterministicInference.Server.Guard;
using DeterministicInference.Server.Native;
using Xunit;

namespace DeterministicInference.Server.Tests.Supervision;

/// <summary>An engine that ends unexpectedly is restarted, and no process of the old one is left.</summary>
public sealed class RestartTests
{
    /// <summary>Descriptors that may come and go.</summary>
    private const int Fluctuation = 2;

    /// <summary>Crashes, in whose second half one descriptor that is held for each is more than those.</summary>
    private const int Enough = 2 * (Fluctuation + 1);

    private static readonly string[] Quick =
    [
        "--restart-delay",
        "50ms",
        "--restart-delay-max",
        "50ms",
        "--max-restarts",
        "1000",
    ];

    [Theory]
    [InlineData("engine", 0, 0)]
    [InlineData("engine", 3, 3)]
    [InlineData("inner guard", 3, 3)]
    [InlineData("outer guard", 3, 3)]
    public async Task A_killed_part_of_the_engines_side_is_replaced_as_a_whole(string part, int children, int daemons)
    {
        await using ServeProcess server = await ServeProcess.SglangAsync(
            Quick,
            ("FAKE_CHILDREN", $"{children}"),
            ("FAKE_DAEMONS", $"{daemons}")
        );
        await server.ReadyAsync("SGLang server");
        GuardState old = server.Guarded;
        ProcessIdentity[] tree =
        [
            .. server.Family.Members.Select(member => member.Identity).Where(member => member != old.Server),
        ];
        Assert.Equal(3 + children + daemons, tree.Length);

        server.Family.Signal(
            part switch
            {
                "engine" => old.Processes[0],
                "inner guard" => old.Guards[1],
                _ => old.Guards[0],
            },
            Libc.SigKill
        );
        await server.LineAsync("restart", StringComparison.OrdinalIgnoreCase);
        await ReadyAgainAsync(server, 2, old);

        Assert.All(tree, member => Assert.False(member.IsRunning, $"{member}"));
        Assert.Equal(4 + children + daemons, server.Family.Members.Count);
        await server.Api.JsonAsync(ApiClient.Completions, """{"prompt":"served again"}""");
    }

    [Fact]
    public async Task A_stream_of_a_crashed_engine_is_broken_and_the_next_one_is_complete()
    {
        await using ServeProcess server = await ServeProcess.SglangAsync(Quick);
        await server.ReadyAsync("SGLang server");
        GuardState old = server.Guarded;
        using (
            EventStream stream = await server.Api.OpenAsync(
                ApiClient.Completions,
                """{"prompt":"x","stream":true,"fake":{"gate":"never"}}"""
            )
        )
        {
            Assert.NotNull(await stream.ReadAsync());
            server.Family.Signal(old.Processes[0], Libc.SigKill);
            Assert.Equal("server_error", (string?)(await stream.ReadAsync())!["error"]!["type"]);
            await Assert.ThrowsAnyAsync<IOException>(stream.ReadAsync);
        }
        await ReadyAgainAsync(server, 2, old);
        Assert.NotEmpty(await server.Api.StreamAsync(ApiClient.Completions, """{"prompt":"x","stream":true}"""));
    }

    /// <summary>Exit codes do not matter: the end was not requested.</summary>
    [Theory]
    [InlineData("exit/0", 2)]
    [InlineData("exit/3", 2)]
    [InlineData("die", Enough)]
    public async Task Repeated_crashes_leave_no_resources_behind_in_the_server(string end, int usually)
    {
        int cycles = LongRun.Times(usually, atLength: 100),
            settled = Math.Min(10, cycles / 2);
        await using ServeProcess server = await ServeProcess.SglangAsync(
            Quick,
            [("FAKE_DAEMONS", "1"), .. ServeProcess.SteadyMemory]
        );
        await server.ReadyAsync("SGLang server");
        int pid = server.Guarded.Server.Pid;
        var measured = new List<Usage>();
        for (int cycle = 1; cycle <= cycles; cycle++)
        {
            GuardState old = server.Guarded;
            await EndAsync(server, end);
            await ReadyAgainAsync(server, cycle + 1, old);
            // Server, two guards, engine, daemon.
            Assert.Equal(5, server.Family.Members.Count);
            measured.Add(Measure(server, pid));
        }
        Usage then = measured[settled - 1],
            now = measured[^1];
        string told = $"{cycles} cycles, {settled} of them first: {string.Join(", ", measured)}";
        TestContext.Current.TestOutputHelper?.WriteLine(told);
        Assert.True(
            Math.Abs(now.Open.Length - then.Open.Length) <= Fluctuation,
            $"{told}; new are {string.Join(' ', now.Open.Except(then.Open))}"
        );
        Assert.True(now.Listeners == then.Listeners, told);
        if (cycles < Enough)
            return;
        // The collector works in strokes that may be longer than a few cycles: what is held shows in the lowest of
        // many.
        long held = measured[^(cycles / 3)..].Min(usage => usage.Memory),
            before = measured[..settled].Max(usage => usage.Memory);
        Assert.True(held <= before * 1.1, told);
    }

    /// <summary>The engine's end cuts off its own answer.</summary>
    private static async Task EndAsync(ServeProcess server, string how)
    {
        // On a connection of its own: those of the engine before are dead.
        using var engine = new ApiClient(server.EngineUrl);
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => engine.PostAsync($"/__fake/{how}", ""));
    }

    /// <summary>Waits until the engine is ready once more.</summary>
    /// <param name="server">The server.</param>
    /// <param name="starts">Of its engine, this one included.</param>
    /// <param name="old">The engine before.</param>
    private static async Task ReadyAgainAsync(ServeProcess server, int starts, GuardState old)
    {
        await server.ReadyAsync("SGLang server", starts);
        await server.Api.AnswersAsync("/health", HttpStatusCode.OK, server);
        GuardState state = server.Guarded;
        Assert.NotEqual(old.Tag, state.Tag);
        Assert.NotEqual(old.Processes[0], state.Processes[0]);
        Assert.True(state.Processes[0].IsRunning);
    }

    private static Usage Measure(ServeProcess server, int pid)
    {
        string[] status = Encoding.UTF8.GetString(ProcFile.ReadAll($"/proc/{pid}/status")).Split('\n');
        string memory = status
            .Single(line => line.StartsWith("VmRSS:", StringComparison.Ordinal))
            .Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2];
        HashSet<string> listening = ListeningSockets();
        int listeners = server
            .Family.Members.SelectMany(member => OpenOf(member.Pid))
            .Distinct()
            .Count(listening.Contains);
        // The runtime keeps an assembly open from its first use on.
        string[] open =
        [
            .. OpenOf(pid)
                .Where(target => !target.EndsWith(".dll", StringComparison.Ordinal))
                .Order(StringComparer.Ordinal),
        ];
        return new Usage(open, listeners, long.Parse(memory, null));
    }

    /// <summary>Inodes of the TCP sockets of this network that listen.</summary>
    private static HashSet<string> ListeningSockets() =>
        [
            .. ((string[])["/proc/net/tcp", "/proc/net/tcp6"])
                .SelectMany(File.ReadLines)
                .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
                .Where(fields => fields[3] == "0A")
                .Select(fields => $"socket:[{fields[9]}]"),
        ];

    /// <summary>What the descriptors of a process stand for.</summary>
    private static IEnumerable<string> OpenOf(int pid) =>
        Directory
            .GetFiles($"/proc/{pid}/fd")
            .Select(descriptor => new FileInfo(descriptor).LinkTarget)
            .OfType<string>();

    /// <param name="Open">What the server's descriptors stand for.</param>
    /// <param name="Listeners">Sockets that listen, in the whole family.</param>
    /// <param name="Memory">
    /// Resident memory of the server in KiB, the figure by which operators judge it. Unlike the proportional one it
    /// does not depend on other processes that share the same files.
    /// </param>
    private readonly record struct Usage(string[] Open, int Listeners, long Memory)
    {
        public override string ToString() => $"{Open.Length}/{Listeners}/{Memory}";
    }
}
