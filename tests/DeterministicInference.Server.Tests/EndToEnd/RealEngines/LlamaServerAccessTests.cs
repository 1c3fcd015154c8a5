using System.Diagnostics;
using System.Net;
using System.Runtime.Versioning;
using System.Text.Json.Nodes;
using DeterministicInference.Server.Native;
using Xunit;

namespace DeterministicInference.Server.Tests.EndToEnd.RealEngines;

/// <summary>The real llama-server, launched: reached by its server alone, on a socket and on a port.</summary>
[SupportedOSPlatform("linux")]
public sealed class LlamaServerAccessTests
{
    private const string Chat = """{"messages":[{"role":"user","content":"Say hello"}],"max_tokens":4}""",
        Endless = """{"prompt":"Once upon a time","max_tokens":1500,"ignore_eos":true,"stream":true}""";

    private static readonly string[] Small = ["--receipts", "off", "--", "-c", "2048", "-t", "1", "-tb", "1"];

    /// <summary>Each would open it or move its routes. Those that choose models are refused.</summary>
    private static readonly (string, string)[] Hostile =
    [
        ("LLAMA_ARG_HOST", "127.0.0.1"),
        ("LLAMA_ARG_PORT", $"{FreePort.Next()}"),
        ("LLAMA_ARG_API_PREFIX", "/elsewhere"),
        ("LLAMA_ARG_TOOLS", "all"),
        ("LLAMA_ARG_AGENT", "1"),
        ("LLAMA_ARG_UI_MCP_PROXY", "1"),
        ("LLAMA_ARG_ENDPOINT_SLOTS", "1"),
    ];

    [Fact]
    public async Task It_listens_on_a_socket_only_whatever_the_variables_say()
    {
        string folder;
        ServeProcess server = await ServeProcess.StartAsync(
            ServerProgram.Built,
            // Lines of requests are there at DEBUG.
            [.. RealLlamaServer.Require().Arguments, "--log-level", "DEBUG", .. Small],
            Hostile,
            launch: new ServeLaunch { GivesPort = false }
        );
        await using (server)
        {
            await server.ReadyAsync("llama.cpp server");
            folder = Path.GetDirectoryName(await server.SocketPathAsync())!;
            Assert.Empty(ListeningPorts.Of(server.Family.Members.Where(process => process.Pid != server.Id)));
            JsonObject answer = await server.Api.JsonAsync(ApiClient.Chat, Chat);
            Assert.Equal(4, (int)answer["usage"]!["completion_tokens"]!);

            // The one slot is free long before so many tokens are computed.
            using (EventStream stream = await server.Api.OpenAsync(ApiClient.Completions, Endless))
                Assert.NotNull(await stream.ReadAsync());
            await server.Api.JsonAsync(ApiClient.Chat, Chat);
            Assert.DoesNotContain(
                server.Log.Lines,
                line =>
                    line.Contains("eval time", StringComparison.Ordinal)
                    && line.Contains("/  1500 ", StringComparison.Ordinal)
            );
        }
        Assert.False(Directory.Exists(folder));
    }

    [Fact]
    public async Task On_a_port_a_web_page_can_ask_for_nothing_that_matters()
    {
        await using ServeProcess server = await ServeProcess.StartAsync(
            ServerProgram.Built,
            [.. RealLlamaServer.Require().Arguments, .. Small]
        );
        await server.ReadyAsync("llama.cpp server");
        await server.Api.JsonAsync(ApiClient.Chat, Chat);
        using var page = new ApiClient(server.EngineUrl);
        page.Http.DefaultRequestHeaders.Add("Origin", "https://example.org");
        Assert.Equal(HttpStatusCode.OK, (await page.GetAsync("/health")).Status);
        foreach (string path in (string[])["/props", "/slots", "/metrics", "/lora-adapters"])
            Assert.Equal(HttpStatusCode.Unauthorized, (await page.GetAsync(path)).Status);
        foreach (
            string path in (string[])
                [
                    "/props",
                    "/completion",
                    "/v1/chat/completions",
                    "/tokenize",
                    "/slots/0?action=erase",
                    "/lora-adapters",
                ]
        )
            Assert.Equal(HttpStatusCode.Unauthorized, (await page.PostAsync(path, "{}")).Status);
    }

    [Fact]
    public async Task Another_user_of_the_machine_can_not_reach_it()
    {
        RealLlamaServer real = RealLlamaServer.Require();
        Assert.SkipUnless(
            Libc.geteuid() == 0 && InstalledProgram.Exists("setpriv") && InstalledProgram.Exists("curl"),
            "skipped: needs root, setpriv and curl"
        );
        // A path that is too long for a socket, so that the folder is in /tmp, which every user can enter.
        string state = Path.Combine(TestModels.NewFolder("state"), new string('x', 80));
        await using ServeProcess server = await ServeProcess.StartAsync(
            ServerProgram.Built,
            [.. real.Arguments, .. Small],
            launch: new ServeLaunch { GivesPort = false, GuardStateDirectory = state }
        );
        await server.ReadyAsync("llama.cpp server");
        string socket = await server.SocketPathAsync();
        Assert.StartsWith("/tmp/deterministic-inference-", socket, StringComparison.Ordinal);
        Assert.Equal(
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute,
            File.GetUnixFileMode(Path.GetDirectoryName(socket)!)
        );
        string[] curl = ["curl", "-s", "-o", "/dev/null", "--unix-socket", socket, "http://localhost/health"];
        const int cannotConnect = 7;
        Assert.Equal(0, await RunAsync(curl));
        Assert.Equal(
            cannotConnect,
            await RunAsync(["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", .. curl])
        );
    }

    private static async Task<int> RunAsync(string[] command)
    {
        using Process process = Process.Start(command[0], command[1..]);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken).Within();
        return process.ExitCode;
    }
}
