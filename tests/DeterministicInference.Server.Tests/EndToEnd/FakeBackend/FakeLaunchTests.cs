using System.Net;
using System.Net.Sockets;
using Xunit;

namespace DeterministicInference.Server.Tests.EndToEnd.FakeBackend;

/// <summary>FakeBackend's command lines, loading, keys and end, engine by engine.</summary>
public sealed class FakeLaunchTests
{
    private static readonly ServerProgram Program = new(
        ServerProgram.Built.File,
        [Path.ChangeExtension(FakeBackendProcess.Command, ".dll")]
    );

    [Theory]
    [InlineData(
        "-m sglang.launch_server --model-path org/m --foo",
        2,
        "launch_server.py: error: unrecognized arguments: --foo"
    )]
    [InlineData("--model-path org/m -np 1", 2, "launch_server.py: error: unrecognized arguments: -np 1")]
    [InlineData(
        "serve org/m --enable-deterministic-inference",
        2,
        "vllm serve: error: unrecognized arguments: --enable-deterministic-inference"
    )]
    [InlineData("serve org/m --seed x", 2, "vllm serve: error: argument --seed: invalid int value: 'x'")]
    [InlineData(
        "-m vllm.entrypoints.cli.main serve org/m --port",
        2,
        "vllm serve: error: argument --port: expected one argument"
    )]
    [InlineData("-m m.gguf --foo", 1, "error: invalid argument: --foo")]
    [InlineData(
        "--host 127.0.0.1 --model m.gguf --shutdown-timeout 3",
        1,
        "error: invalid argument: --shutdown-timeout"
    )]
    [InlineData("-m m.gguf -c", 1, "error while handling argument \"-c\": expected value for argument")]
    [InlineData(
        "-m m.gguf -fa maybe",
        1,
        "error while handling argument \"--flash-attn\": error: unknown value for --flash-attn: 'maybe'"
    )]
    public async Task Each_engine_refuses_what_its_own_parser_refuses(string line, int code, string message)
    {
        CommandResult result = await Program.RunAsync(line.Split(' '));
        Assert.Equal(code, result.ExitCode);
        Assert.Contains(message, result.ErrorLines);
    }

    [Theory]
    [InlineData("--model-path m --port 0", null, "/server_info")]
    [InlineData("serve m --port 0", null, "/version")]
    [InlineData(
        "-m vllm.entrypoints.cli.main serve m --port 0 --served-model-name a b --seed 0 -tp 2",
        null,
        "/version"
    )]
    [InlineData("--port 0 -m m.gguf -ub 512 -ngl all -fa on -ctk q8_0 --no-webui -t -1", null, "/props")]
    [InlineData("--port 0", "tgi", "/info")]
    [InlineData("serve m --port 0", "sglang", "/server_info")]
    [InlineData("-m m --port 0", "llamacpp", "/props")]
    public async Task A_command_line_or_the_variable_chooses_the_engine(string line, string? variable, string route)
    {
        await using FakeBackendProcess fake = await FakeBackendProcess.StartDialectAsync(
            line.Split(' '),
            variable is null ? [] : [("FAKE_DIALECT", variable)]
        );
        foreach (string known in (string[])["/server_info", "/version", "/props", "/info"])
        {
            await fake.Api.AnswersAsync(
                known == "/props" ? "/health" : known,
                known == "/props" || known == route ? HttpStatusCode.OK : HttpStatusCode.NotFound
            );
            if (known == route)
                await fake.Api.AnswersAsync(known, HttpStatusCode.OK);
        }
    }

    [Fact]
    public async Task While_llama_server_loads_every_route_says_so_before_it_asks_for_a_key()
    {
        await using FakeBackendProcess fake = await FakeDialect.StartAsync(
            FakeDialect.LlamaCpp,
            ["--api-key", "k"],
            ("FAKE_WARMUP_MS", "-1")
        );
        foreach (string route in (string[])["/health", "/v1/models", "/props", "/nowhere"])
        {
            Reply reply = await fake.Api.GetAsync(route);
            Assert.Equal(
                (
                    HttpStatusCode.ServiceUnavailable,
                    """{"error":{"message":"Loading model","type":"unavailable_error","code":503}}"""
                ),
                (reply.Status, reply.Body)
            );
        }
        await fake.ControlAsync("warm");
        Assert.Equal("""{"status":"ok"}""", (await fake.Api.AnswersAsync("/health", HttpStatusCode.OK)).Body);
        Assert.Equal(HttpStatusCode.Unauthorized, (await fake.Api.GetAsync("/props")).Status);
    }

    [Fact]
    public async Task While_vLLM_loads_it_has_its_port_and_refuses()
    {
        int port = FreePort.Next();
        string[] arguments = ["serve", "m", "--host", "127.0.0.1", "--port", $"{port}"];
        using System.Diagnostics.Process process = Program.Start(arguments, ("FAKE_WARMUP_MS", "-1"));
        var log = new LineLog();
        log.Follow(process.StandardError);
        try
        {
            await log.FindAsync(line => line.EndsWith($"has port {port}", StringComparison.Ordinal)).Within();
            using var client = new TcpClient();
            SocketException refused = await Assert.ThrowsAsync<SocketException>(() =>
                client.ConnectAsync(IPAddress.Loopback, port, TestContext.Current.CancellationToken).AsTask()
            );
            Assert.Equal(SocketError.ConnectionRefused, refused.SocketErrorCode);
        }
        finally
        {
            process.Kill();
        }
        await process.WaitForExitAsync(TestContext.Current.CancellationToken).Within();
    }

    [Theory]
    [InlineData(FakeDialect.SGLang, "/health", "/v1/models", "Bearer k", """{"error":"Unauthorized"}""")]
    [InlineData(FakeDialect.Vllm, "/version", "/v1/models", "Bearer k", """{"error":"Unauthorized"}""")]
    [InlineData(
        FakeDialect.LlamaCpp,
        "/v1/health",
        "/v1/models",
        "Bearer k",
        """{"error":{"message":"Invalid API Key","type":"authentication_error","code":401}}"""
    )]
    [InlineData(FakeDialect.Tgi, "/v1/models", null, "bearer K", "")]
    public async Task A_key_guards_what_the_engine_guards(
        string dialect,
        string open,
        string? guarded,
        string authorization,
        string body
    )
    {
        await using FakeBackendProcess fake = await FakeDialect.StartAsync(dialect, ["--api-key", "k"]);
        await fake.Api.AnswersAsync(open, HttpStatusCode.OK);
        Reply post = await fake.Api.PostAsync(ApiClient.Completions, """{"prompt":"x"}""");
        Assert.Equal((HttpStatusCode.Unauthorized, body), (post.Status, post.Body));
        if (guarded is not null)
            Assert.Equal(HttpStatusCode.Unauthorized, (await fake.Api.GetAsync(guarded)).Status);
        fake.Api.Http.DefaultRequestHeaders.TryAddWithoutValidation("Authorization", authorization);
        Assert.Equal(HttpStatusCode.OK, (await fake.Api.PostAsync(ApiClient.Completions, """{"prompt":"x"}""")).Status);
    }

    [Theory]
    [InlineData("/tokenize")]
    [InlineData("/invocations")]
    [InlineData("/scale_elastic_ep")]
    [InlineData("/metrics")]
    public async Task VLLMs_key_leaves_routes_open(string route)
    {
        await using FakeBackendProcess fake = await FakeDialect.StartAsync(FakeDialect.Vllm, ["--api-key", "k"]);
        Reply reply = route == "/metrics" ? await fake.Api.GetAsync(route) : await fake.Api.PostAsync(route, "{}");
        Assert.Equal(HttpStatusCode.OK, reply.Status);
    }

    /// <summary>sgl-project/sglang, python/sglang/srt/utils/auth.py.</summary>
    [Fact]
    public async Task SGLangs_routes_that_change_it_need_the_admins_key_where_there_is_one()
    {
        const string changing = "/pause_generation";
        await using FakeBackendProcess both =
                await FakeDialect.StartAsync(FakeDialect.SGLang, ["--api-key", "k", "--admin-api-key", "a"]),
            admins = await FakeDialect.StartAsync(FakeDialect.SGLang, ["--admin-api-key", "a"]);
        Assert.Equal(HttpStatusCode.OK, (await admins.Api.GetAsync("/v1/models")).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await admins.Api.PostAsync(changing, "{}")).Status);
        both.Api.Http.DefaultRequestHeaders.Add("Authorization", "Bearer k");
        Assert.Equal(HttpStatusCode.OK, (await both.Api.GetAsync("/v1/models")).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await both.Api.PostAsync(changing, "{}")).Status);
        both.Api.Http.DefaultRequestHeaders.Remove("Authorization");
        both.Api.Http.DefaultRequestHeaders.Add("Authorization", "Bearer a");
        Assert.Equal(HttpStatusCode.OK, (await both.Api.PostAsync(changing, "{}")).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await both.Api.GetAsync("/v1/models")).Status);
    }

    /// <summary>A page of any origin may ask, without a key.</summary>
    [Theory]
    [InlineData(FakeDialect.SGLang)]
    [InlineData(FakeDialect.Vllm)]
    [InlineData(FakeDialect.LlamaCpp)]
    public async Task A_preflight_is_answered_for_any_page(string dialect)
    {
        await using FakeBackendProcess fake = await FakeDialect.StartAsync(dialect, ["--api-key", "k"]);
        using var request = new HttpRequestMessage(HttpMethod.Options, ApiClient.Chat);
        request.Headers.Add("Origin", "https://page.example");
        request.Headers.Add("Access-Control-Request-Method", "POST");
        Reply reply = await fake.Api.SendAsync(request);
        Assert.Equal(HttpStatusCode.OK, reply.Status);
        Assert.Equal("https://page.example", Assert.Single(reply.Headers.GetValues("Access-Control-Allow-Origin")));
    }

    [Fact]
    public async Task SGLang_shows_its_key_in_server_info()
    {
        await using FakeBackendProcess fake = await FakeDialect.StartAsync(FakeDialect.SGLang, ["--api-key", "secret"]);
        fake.Api.Http.DefaultRequestHeaders.Add("Authorization", "Bearer secret");
        Assert.Equal("secret", (string?)(await fake.Api.GetAsync("/server_info")).Json["api_key"]);
    }

    [Fact]
    public async Task VLLM_gives_up_what_runs_when_it_is_asked_to_end()
    {
        await using FakeBackendProcess fake = await FakeDialect.StartAsync(FakeDialect.Vllm);
        Task<Reply> answer = fake.Api.PostAsync(
            ApiClient.Completions,
            """{"prompt":"given up","fake":{"gate":"never"}}"""
        );
        await fake.IsRunningAsync(1);
        fake.Terminate();
        Assert.Equal("abort", Assert.Single(ChoiceText.Of((await answer).Json)).Finish);
        Assert.Equal(0, await fake.ExitCodeAsync());
    }

    [Fact]
    public async Task VLLM_drains_for_its_shutdown_timeout_and_aborts_what_comes_then()
    {
        await using FakeBackendProcess fake = await FakeDialect.StartAsync(
            FakeDialect.Vllm,
            ["--shutdown-timeout", "60"]
        );
        Task<Reply> answer = fake.Api.PostAsync(
            ApiClient.Completions,
            """{"prompt":"drained","fake":{"gate":"drain"}}"""
        );
        await fake.IsRunningAsync(1);
        fake.Terminate();
        await fake.Log.FindAsync(line => line.Contains("Shutting down", StringComparison.Ordinal)).Within();
        Assert.Equal(
            new ChoiceText("", "", "abort"),
            Assert.Single(ChoiceText.Of(await fake.Api.JsonAsync(ApiClient.Completions, """{"prompt":"late"}""")))
        );
        await fake.OpenAsync("drain");
        Assert.Equal("length", Assert.Single(ChoiceText.Of((await answer).Json)).Finish);
        Assert.Equal(0, await fake.ExitCodeAsync());
    }

    [Fact]
    public async Task A_second_SIGTERM_ends_llama_server_with_code_1()
    {
        await using FakeBackendProcess fake = await FakeDialect.StartAsync(FakeDialect.LlamaCpp);
        await fake.Log.FindAsync(line => line.EndsWith("model loaded", StringComparison.Ordinal)).Within();
        Task<Reply> answer = fake.Api.PostAsync(
            ApiClient.Completions,
            """{"prompt":"left alone","fake":{"gate":"never"}}"""
        );
        await fake.IsRunningAsync(1);
        fake.Terminate();
        await fake
            .Log.FindAsync(line => line.EndsWith("cleaning up before exit...", StringComparison.Ordinal))
            .Within();
        fake.Terminate();
        Assert.Equal(1, await fake.ExitCodeAsync());
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => answer);
    }
}
