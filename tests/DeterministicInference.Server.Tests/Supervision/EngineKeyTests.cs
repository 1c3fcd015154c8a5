using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using DeterministicInference.Server.Native;
using Xunit;

namespace DeterministicInference.Server.Tests.Supervision;

/// <summary>A launched engine on a port serves its server alone: it has random keys, which nothing shows.</summary>
public sealed class EngineKeyTests
{
    private const string Request = """{"prompt":"a","max_tokens":2}""";

    /// <summary>
    /// FakeBackend under the name of an engine's own program, which is told keys by files and variables.
    /// </summary>
    private static readonly string Programs = Link("python3", "vllm", "llama-server");

    private static readonly string Gguf = Path.Combine(TestModels.NewFolder("gguf"), "tiny.gguf");

    static EngineKeyTests() => File.WriteAllText(Gguf, GgufBytes.Text());

    public static TheoryData<string, string, string, string, string> Engines { get; } =
        new()
        {
            { "sglang", "SGLang server", "python3", "org/m", "/update_weights_from_disk" },
            { "vllm", "vLLM server", "vllm", "org/m", "/v1/chat/completions" },
            { "llamacpp", "llama.cpp server", "llama-server", Gguf, "/v1/completions" },
        };

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task A_stranger_is_refused_and_no_process_list_shows_the_key(
        string backend,
        string title,
        string program,
        string model,
        string route
    )
    {
        string folder = "";
        string[] keys;
        ServeProcess server = await ServeProcess.StartAsync(
            ServerProgram.Built,
            [
                "--backend",
                backend,
                "--backend-command",
                Path.Combine(Programs, program),
                "--model-path",
                model,
                "--log-level",
                "DEBUG",
            ],
            [("FAKE_PRINT_ARGUMENTS", "1")]
        );
        await using (server)
        {
            await server.ReadyAsync(title);
            await server.Api.JsonAsync(ApiClient.Completions, Request);
            using var stranger = new ApiClient(server.EngineUrl);
            HttpRequestMessage asPage = ApiClient.Post(route, "{}");
            asPage.Headers.Add("Origin", "https://example.org");
            Assert.Equal(HttpStatusCode.Unauthorized, (await stranger.SendAsync(asPage)).Status);
            keys = KeysOf(server, out folder);
            Assert.NotEmpty(keys);
            Assert.All(
                server.Family.Members,
                process =>
                {
                    string line = Encoding.UTF8.GetString(ProcFile.ReadAll($"/proc/{process.Pid}/cmdline"));
                    Assert.All(keys, key => Assert.DoesNotContain(key, line, StringComparison.Ordinal));
                }
            );
        }
        Assert.All(
            server.Log.Lines,
            line => Assert.All(keys, key => Assert.DoesNotContain(key, line, StringComparison.Ordinal))
        );
        Assert.False(Directory.Exists(folder));
        bool warns = server.Log.Lines.Any(line =>
            line.Contains("| WARNING ", StringComparison.Ordinal)
            && line.Contains("vLLM server asks for a key on some of its routes only: ", StringComparison.Ordinal)
        );
        Assert.Equal(backend == "vllm", warns);
    }

    [Fact]
    public async Task The_servers_own_key_does_not_open_what_changes_the_engine()
    {
        await using ServeProcess server = await ServeProcess.SglangAsync([]);
        await server.ReadyAsync("SGLang server");
        Assert.Equal(HttpStatusCode.OK, (await server.Engine.GetAsync("/server_info")).Status);
        Assert.Equal(
            HttpStatusCode.Unauthorized,
            (await server.Engine.PostAsync("/update_weights_from_disk", "{}")).Status
        );
    }

    [Fact]
    public async Task A_key_of_the_users_own_is_kept()
    {
        await using ServeProcess server = await ServeProcess.SglangAsync([
            "--",
            "--api-key",
            ServeProcess.EngineKey,
            "--admin-api-key",
            "the-admins-key",
        ]);
        await server.ReadyAsync("SGLang server");
        await server.Api.JsonAsync(ApiClient.Completions, Request);
        server.Engine.Http.DefaultRequestHeaders.Authorization = new("Bearer", "the-admins-key");
        Assert.Equal(HttpStatusCode.OK, (await server.Engine.PostAsync("/update_weights_from_disk", "{}")).Status);
    }

    [Fact]
    public async Task Where_the_usual_port_is_taken_the_engine_gets_another_one()
    {
        const int usual = 30000;
        using var listener = new TcpListener(IPAddress.Loopback, usual);
        try
        {
            listener.Start();
        }
        catch (SocketException)
        {
            // Somebody else has it, which is as good.
        }
        await using ServeProcess server = await ServeProcess.StartAsync(
            ServerProgram.Built,
            ServeProcess.FakeSglang,
            launch: new ServeLaunch { GivesPort = false }
        );
        string line = await server.LineAsync($"| Port {usual} is taken");
        await server.ReadyAsync("SGLang server");
        string url = (string)(await server.Api.GetAsync("/health")).Json["backend"]!["url"]!;
        Assert.EndsWith($"; SGLang server gets port {new Uri(url).Port}", line, StringComparison.Ordinal);
        Assert.NotEqual(usual, new Uri(url).Port);
        JsonObject answer = await server.Api.JsonAsync(ApiClient.Completions, Request);
        Assert.Equal(2, (int)answer["usage"]!["completion_tokens"]!);
    }

    /// <summary>The keys that the engine was told by a file of its folder, or by a variable.</summary>
    private static string[] KeysOf(ServeProcess server, out string folder)
    {
        folder = server.Guarded.Folder ?? "";
        string[] variables = File.ReadAllText($"/proc/{server.EngineIdentity.Pid}/environ").Split('\0');
        string[] texts =
        [
            .. folder.Length > 0 ? Directory.GetFiles(folder).Select(File.ReadAllText) : [],
            .. variables.Where(variable => variable.StartsWith("VLLM_API_KEY=", StringComparison.Ordinal)),
        ];
        return
        [
            .. texts
                .SelectMany(text => text.Split([' ', '\n', '\'', '=']))
                .Where(word => word.Length == 64 && word.All(char.IsAsciiHexDigitLower)),
        ];
    }

    private static string Link(params string[] names)
    {
        string folder = TestModels.NewFolder("programs");
        foreach (string name in names)
            File.CreateSymbolicLink(Path.Combine(folder, name), FakeBackendProcess.Command);
        return folder;
    }
}
