using System.Globalization;
using System.Net;
using System.Text;
using DeterministicInference.Server.Backends.Guard;
using DeterministicInference.Server.Tests.EndToEnd;
using Xunit;

namespace DeterministicInference.Server.Tests.Serve;

/// <summary>An engine that ends although nobody asked it to is started again, and nothing of the old one is left.</summary>
public sealed class RestartTests
{
    private static readonly string[] Quick = ["--restart-delay", "50ms", "--restart-delay-max", "50ms", "--max-restarts", "1000"];

    [Theory]
    [InlineData("engine", 0, 0)]
    [InlineData("engine", 3, 3)]
    [InlineData("inner guard", 3, 3)]
    [InlineData("outer guard", 3, 3)]
    public async Task A_killed_part_of_the_engines_side_is_replaced_as_a_whole(string part, int children, int daemons)
    {
        await using ServeProcess server = await ServeProcess.SglangAsync(Quick, ("FAKE_CHILDREN", $"{children}"), ("FAKE_DAEMONS", $"{daemons}"));
        await server.ReadyAsync("SGLang server");
        GuardState old = server.Guarded;
        ProcessIdentity[] tree = [.. server.Family.Members.Select(member => member.Identity).Where(member => member != old.Server)];
        Assert.Equal(3 + children + daemons, tree.Length);

        server.Family.Signal(part switch { "engine" => old.Processes[0], "inner guard" => old.Guards[1], _ => old.Guards[0] }, Libc.SigKill);
        await server.LineAsync("restart", StringComparison.OrdinalIgnoreCase);
        await ReadyAgainAsync(server, old);

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
        using (EventStream stream = await server.Api.OpenAsync(ApiClient.Completions, """{"prompt":"x","stream":true,"fake":{"gate":"never"}}"""))
        {
            Assert.NotNull(await stream.ReadAsync());
            server.Family.Signal(old.Processes[0], Libc.SigKill);
            Assert.Equal("server_error", (string?)(await stream.ReadAsync())!["error"]!["type"]);
            await Assert.ThrowsAnyAsync<IOException>(stream.ReadAsync);
        }
        await ReadyAgainAsync(server, old);
        Assert.NotEmpty(await server.Api.StreamAsync(ApiClient.Completions, """{"prompt":"x","stream":true}"""));
    }

    /// <summary>Exit codes do not matter: nobody asked for the end.</summary>
    [Theory]
    [InlineData("exit/0")]
    [InlineData("exit/3")]
    [InlineData("die")]
    public async Task Crash_after_crash_the_server_stays_the_same(string end)
    {
        int cycles = LongRun.Times(usually: 10, atLength: 100), settled = Math.Min(10, cycles / 2);
        // Such a small budget for new objects makes the collector run in every cycle: what memory then grows by is held.
        await using ServeProcess server = await ServeProcess.SglangAsync(Quick, ("FAKE_DAEMONS", "1"), ("DOTNET_GCgen0size", "40000"));
        await server.ReadyAsync("SGLang server");
        int pid = server.Guarded.Server.Pid;
        (int Descriptors, int Listeners, long Memory) then = default;
        for (int cycle = 1; cycle <= cycles; cycle++)
        {
            GuardState old = server.Guarded;
            await EndAsync(server, end);
            await ReadyAgainAsync(server, old);
            Assert.Equal(5, server.Family.Members.Count);
            if (cycle == settled) then = Measure(server, pid);
        }
        (int Descriptors, int Listeners, long Memory) now = Measure(server, pid);
        string told = $"{cycles - settled} cycles: descriptors {then.Descriptors} to {now.Descriptors}, listeners {then.Listeners} to {now.Listeners}, memory {then.Memory} to {now.Memory} KiB";
        TestContext.Current.TestOutputHelper?.WriteLine(told);
        Assert.True(Math.Abs(now.Descriptors - then.Descriptors) <= 2, told);
        Assert.True(now.Listeners == then.Listeners, told);
        Assert.True(now.Memory <= then.Memory * 1.1, told);
    }

    /// <summary>The engine's end cuts off its own answer.</summary>
    private static async Task EndAsync(ServeProcess server, string how)
    {
        // On a connection of its own: those of the engine before are dead.
        using var engine = new ApiClient(server.EngineUrl);
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => engine.PostAsync($"/__fake/{how}", ""));
    }

    /// <summary>Waits until another engine is ready.</summary>
    private static async Task ReadyAgainAsync(ServeProcess server, GuardState old)
    {
        using var limit = new CancellationTokenSource(Limits.Overall);
        while (true)
        {
            limit.Token.ThrowIfCancellationRequested();
            await server.Api.AnswersAsync("/health", HttpStatusCode.OK, server);
            // That may still be the old one, whose end the server has not seen yet.
            if (server.StateFiles is [var path] && GuardState.Read(path) is { Processes: [var engine, ..] } state && state.Tag != old.Tag && engine.IsRunning) return;
        }
    }

    /// <summary>
    /// Open descriptors of the server, sockets that listen in the whole family, and the anonymous memory of the server: its
    /// heap, stacks and buffers, without the pages of files, which the system keeps or drops as it likes.
    /// </summary>
    private static (int Descriptors, int Listeners, long Memory) Measure(ServeProcess server, int pid)
    {
        string status = Encoding.UTF8.GetString(ProcFile.ReadAll($"/proc/{pid}/status"));
        string memory = status.Split('\n').Single(line => line.StartsWith("RssAnon:", StringComparison.Ordinal));
        HashSet<string> listening = ListeningSockets();
        int listeners = server.Family.Members.SelectMany(member => SocketsOf(member.Pid)).Distinct().Count(listening.Contains);
        return (Directory.GetFiles($"/proc/{pid}/fd").Length, listeners, long.Parse(memory.AsSpan("RssAnon:".Length, memory.Length - "RssAnon:".Length - "kB".Length), NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture));
    }

    /// <summary>Inodes of the TCP sockets of this network that listen.</summary>
    private static HashSet<string> ListeningSockets() =>
    [
        .. ((string[])["/proc/net/tcp", "/proc/net/tcp6"]).SelectMany(File.ReadLines).Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Where(fields => fields[3] == "0A").Select(fields => $"socket:[{fields[9]}]"),
    ];

    private static IEnumerable<string> SocketsOf(int pid)
    {
        foreach (string descriptor in Directory.GetFiles($"/proc/{pid}/fd"))
        {
            if (new FileInfo(descriptor).LinkTarget is { } target && target.StartsWith("socket:", StringComparison.Ordinal)) yield return target;
        }
    }
}
