using System.Net;
using Xunit;

namespace DeterministicInference.Server.Tests.Serve;

/// <summary>Keys that the engine prints do not appear in the server's output.</summary>
public sealed class SecretTests
{
    private const string EngineKey = "sk-engine-5f0c2b",
        HubToken = "hf_KqTzAbXwVu",
        OwnKey = "own-key-77aa1";

    private static readonly string[] Secrets = [EngineKey, HubToken, OwnKey];

    private static readonly (string, string)[] Talkative =
    [
        ("FAKE_PRINT_ARGUMENTS", "1"),
        ("FAKE_FIRST_LINE", $"HF_TOKEN={HubToken}, served key {OwnKey}"),
        ("HF_TOKEN", HubToken),
        ("INFERENCE_API_KEY", OwnKey),
    ];

    [Fact]
    public async Task No_log_and_no_health_report_has_a_key_of_the_engine()
    {
        string file = Path.Combine(TestModels.NewFolder("log"), "server.log");
        var told = new List<string>();
        ServeProcess server = await ServeProcess.SglangAsync(
            ["--log-level", "DEBUG", "--log-file", file, "--", "--api-key", EngineKey],
            [.. Talkative, ("FAKE_WARMUP_MS", "-1")]
        );
        await using (server)
        {
            await server.LineAsync("Uvicorn running on ");
            told.Add((await server.Api.GetAsync("/health")).Body);
            await server.Engine.PostAsync("/__fake/warm", "");
            await server.ReadyAsync("SGLang server");
            told.Add((await server.Api.GetAsync("/health")).Body);
        }
        told.AddRange(server.Log.Lines);
        told.AddRange(await File.ReadAllLinesAsync(file, TestContext.Current.CancellationToken));
        Assert.All(
            told,
            line => Assert.All(Secrets, secret => Assert.DoesNotContain(secret, line, StringComparison.Ordinal))
        );

        Assert.Contains(
            server.Log.Lines,
            line => line.EndsWith("HF_TOKEN=***, served key ***", StringComparison.Ordinal)
        );
        Assert.Contains(
            server.Log.Lines,
            line =>
                line.Contains("server_args=ServerArgs(", StringComparison.Ordinal)
                && line.Contains("api_key='***'", StringComparison.Ordinal)
        );
        string launch = Assert.Single(
            server.Log.Lines,
            line =>
                line.Contains(
                    "| DEBUG    | deterministic_inference.backends.sglang | Launching: ",
                    StringComparison.Ordinal
                )
        );
        Assert.Contains(
            $"| Launching: SPT_NOENV=1 {FakeBackendProcess.Command} -m sglang.launch_server --model-path "
                + "/models/llama-2-7b ",
            launch,
            StringComparison.Ordinal
        );
        Assert.EndsWith(" --api-key ***", launch, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("true")]
    [InlineData("false")]
    public async Task No_error_has_a_key_of_the_engine(string console)
    {
        CommandResult result = await new ServeLaunch().RunAsync(
            [.. ServeProcess.FakeSglang, "--log-to-console", console, "--", "--api-key", EngineKey],
            [.. Talkative, ("FAKE_EXIT_LINES", "1")]
        );
        Assert.Equal(1, result.ExitCode);
        Assert.All(
            Secrets,
            secret => Assert.DoesNotContain(secret, result.Output + result.Error, StringComparison.Ordinal)
        );
        string reason = console == "true" ? result.Output : result.Error;
        Assert.Contains(
            "api_key='***'",
            reason[reason.IndexOf("The engine's last lines:", StringComparison.Ordinal)..],
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Progress_is_logged_with_the_engines_last_line_and_without_its_keys()
    {
        await using ServeProcess server = await ServeProcess.SglangAsync(
            ["--", "--api-key", EngineKey],
            [.. Talkative, ("FAKE_START_DELAY_MS", "600000")]
        );
        string line = await server.LineAsync("Waiting for SGLang server: 1");
        Assert.Matches(
            @"\| INFO     \| deterministic_inference\.backends\.sglang \| Waiting for SGLang server: 1\d s, no connection; its last line: \[.*\] server_args=ServerArgs\(.*api_key='\*\*\*'",
            line
        );
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await server.Api.GetAsync("/readyz")).Status);
    }
}
