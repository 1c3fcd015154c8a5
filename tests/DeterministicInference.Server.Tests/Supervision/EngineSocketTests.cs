using System.Diagnostics;
using System.Net;
using System.Runtime.Versioning;
using System.Text.Json.Nodes;
using DeterministicInference.Server.Guard;
using DeterministicInference.Server.Native;
using DeterministicInference.Server.Tests.Guard;
using Xunit;

namespace DeterministicInference.Server.Tests.Supervision;

/// <summary>
/// A launched engine that can listen on a Unix socket is reached by its server alone, and leaves nothing behind.
/// </summary>
[SupportedOSPlatform("linux")]
public sealed class EngineSocketTests
{
    private const int SigStop = 19;

    private static readonly string Gguf = Path.Combine(TestModels.NewFolder("gguf"), "tiny.gguf");

    static EngineSocketTests() => File.WriteAllText(Gguf, GgufBytes.Text());

    [Theory]
    [InlineData("vllm")]
    [InlineData("llamacpp")]
    [InlineData("embedded")]
    public async Task Nothing_of_the_engine_listens_on_a_port(string backend)
    {
        string folder;
        ServeProcess server = await StartAsync(backend);
        await using (server)
        {
            string socket = await server.SocketPathAsync();
            folder = Path.GetDirectoryName(socket)!;
            Assert.StartsWith(server.GuardStateDirectory, folder, StringComparison.Ordinal);
            Assert.Equal("OwnerOnly", Mode(folder));
            Assert.Empty(ListeningPorts.Of(server.Family.Members.Where(process => process.Pid != server.Id)));
            JsonObject answer = await server.Api.JsonAsync(
                ApiClient.Completions,
                """{"prompt":"a b","max_tokens":3}"""
            );
            Assert.Equal(3, (int)answer["usage"]!["completion_tokens"]!);
            using EventStream stream = await server.Api.OpenAsync(
                ApiClient.Completions,
                """{"prompt":"a b","max_tokens":3,"stream":true}"""
            );
            Assert.NotNull(await stream.ReadAsync());
            Assert.Equal(HttpStatusCode.OK, (await server.Api.GetAsync("/readyz")).Status);
        }
        Assert.False(Directory.Exists(folder));
    }

    [Theory]
    [InlineData("vllm")]
    [InlineData("llamacpp")]
    public async Task A_client_that_leaves_cancels_its_request_over_the_socket_too(string backend)
    {
        await using ServeProcess server = await StartAsync(backend);
        using ApiClient engine = await server.OnSocketAsync();
        using (
            EventStream stream = await server.Api.OpenAsync(
                ApiClient.Completions,
                """{"prompt":"leaver","stream":true,"max_tokens":5,"fake":{"gate":"never"}}"""
            )
        )
            await server.Api.HealthAsync(health => (int)health["backend"]!["progress"]!["in_flight"]! == 1);
        // Answered once the engine has seen the end of the connection.
        JsonObject end = (await engine.GetAsync("/__fake/requests/0/end").Within()).Json;
        Assert.Contains("leaver", (string)end["body"]!, StringComparison.Ordinal);
        await server.Api.HealthAsync(health => (int)health["backend"]!["progress"]!["in_flight"]! == 0);
    }

    [Fact]
    public async Task A_restarted_engine_listens_on_the_same_socket()
    {
        await using ServeProcess server = await StartAsync("vllm", "--restart-delay", "0s");
        string socket = await server.SocketPathAsync();
        server.Family.Signal(server.EngineIdentity, Libc.SigKill);
        await server.ReadyAsync("vLLM server", times: 2);
        Assert.Equal(socket, await server.SocketPathAsync());
        await server.Api.JsonAsync(ApiClient.Completions, """{"prompt":"again","max_tokens":2}""");
    }

    [Fact]
    public async Task The_folder_of_a_killed_server_is_removed_by_its_guards()
    {
        await using ServeProcess server = await StartAsync("vllm");
        string folder = Path.GetDirectoryName(await server.SocketPathAsync())!;
        server.Kill();
        await server.Family.GoneAsync();
        Assert.False(Directory.Exists(folder));
    }

    [Fact]
    public async Task The_folder_of_a_server_that_was_killed_with_its_guards_is_removed_by_the_next_start()
    {
        var launch = new ServeLaunch { GivesPort = false };
        await using ServeProcess first = await StartAsync("vllm", launch);
        string folder = Path.GetDirectoryName(await first.SocketPathAsync())!;
        GuardState state = first.Guarded;
        Assert.Equal(folder, state.Folder);
        foreach (ProcessIdentity guard in state.Guards)
            first.Family.Signal(guard, SigStop);
        first.Kill();
        foreach (ProcessIdentity guard in state.Guards)
            first.Family.Signal(guard, Libc.SigKill);
        await first.WaitForExitAsync();
        await TaggedProcesses.WaitForEndAsync(state.Guards);
        Assert.True(Directory.Exists(folder));

        await using ServeProcess second = await StartAsync("vllm", launch);
        Assert.False(Directory.Exists(folder));
        Assert.NotEqual(folder, Path.GetDirectoryName(await second.SocketPathAsync()));
        await second.Api.JsonAsync(ApiClient.Completions, """{"prompt":"served","max_tokens":2}""");
    }

    [Fact]
    public async Task Another_user_can_not_connect()
    {
        if (Libc.geteuid() != 0 || !File.Exists("/usr/bin/setpriv") || !File.Exists("/usr/bin/curl"))
            Assert.Skip("skipped: needs root, setpriv and curl");
        // A path that is too long for a socket, so that the folder is in /tmp, which every user can enter.
        string state = Path.Combine(TestModels.NewFolder("state"), new string('x', 80));
        var launch = new ServeLaunch { GivesPort = false, GuardStateDirectory = state };
        string folder;
        ServeProcess server = await StartAsync("vllm", launch);
        await using (server)
        {
            string socket = await server.SocketPathAsync();
            folder = Path.GetDirectoryName(socket)!;
            Assert.StartsWith("/tmp/deterministic-inference-", folder, StringComparison.Ordinal);
            Assert.Equal("OwnerOnly", Mode(folder));
            string[] curl = ["curl", "-s", "-o", "/dev/null", "--unix-socket", socket, "http://localhost/health"];
            const int cannotConnect = 7;
            Assert.Equal(0, await RunAsync(curl));
            Assert.Equal(
                cannotConnect,
                await RunAsync(["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", .. curl])
            );
        }
        Assert.False(Directory.Exists(folder));
    }

    private static Task<ServeProcess> StartAsync(string backend, params string[] arguments) =>
        StartAsync(backend, new ServeLaunch { GivesPort = false }, arguments);

    private static async Task<ServeProcess> StartAsync(string backend, ServeLaunch launch, params string[] arguments)
    {
        string[] engine =
            backend == "embedded"
                ? []
                :
                [
                    "--backend-command",
                    FakeBackendProcess.Command,
                    "--model-path",
                    backend == "vllm" ? "org/tiny" : Gguf,
                ];
        ServeProcess server = await ServeProcess.StartAsync(
            ServerProgram.Built,
            ["--backend", backend, .. engine, .. arguments],
            launch: launch
        );
        await server.ReadyAsync(
            backend switch
            {
                "vllm" => "vLLM server",
                "llamacpp" => "llama.cpp server",
                _ => "Embedded engine",
            }
        );
        return server;
    }

    private static string Mode(string folder) =>
        File.GetUnixFileMode(folder) == (UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute)
            ? "OwnerOnly"
            : $"{File.GetUnixFileMode(folder)}";

    private static async Task<int> RunAsync(string[] command)
    {
        using Process process = Process.Start(command[0], command[1..]);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken).Within();
        return process.ExitCode;
    }
}
