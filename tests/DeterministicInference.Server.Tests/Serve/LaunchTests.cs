using DeterministicInference.Server.Backends;
using DeterministicInference.Server.Configuration;
using Xunit;

namespace DeterministicInference.Server.Tests.Serve;

/// <summary>What is started for each engine, to the letter.</summary>
public sealed class LaunchTests
{
    private static readonly InferenceOptions Options = new() { ModelPath = "/models/llama-2-7b" };

    [Fact]
    public void SGLang_is_started_in_its_deterministic_mode()
    {
        BackendLaunch launch = new SglangBackend().Launch(Options);
        Assert.Equal("python3", launch.File);
        Assert.Equal(
            "-m sglang.launch_server --model-path /models/llama-2-7b --host 127.0.0.1 --port 30000 --enable-deterministic-inference --chunked-prefill-size 4096 --served-model-name llama-2-7b",
            string.Join(' ', launch.Arguments));
        Assert.Equal([new("SPT_NOENV", "1")], launch.Environment);
    }

    [Fact]
    public void Settings_and_the_arguments_behind_the_dashes_reach_SGLang_verbatim()
    {
        string[] own = ["--tp-size", "2", "--attention-backend=fa3", "", "two words", "--port", "--", "\"'$HOME"];
        BackendLaunch launch = new SglangBackend().Launch(Options with
        {
            ModelPath = "org/Some Model",
            ServedModelName = "the name",
            BackendHost = "0.0.0.0",
            BackendPort = 31337,
            BackendCommand = "/opt/venv/bin/python3",
            BackendArguments = own,
        });
        Assert.Equal("/opt/venv/bin/python3", launch.File);
        Assert.Equal(
            [
                "-m", "sglang.launch_server", "--model-path", "org/Some Model", "--host", "0.0.0.0", "--port", "31337", "--enable-deterministic-inference",
                "--chunked-prefill-size", "4096", "--served-model-name", "the name", .. own,
            ],
            launch.Arguments);
    }

    [Fact]
    public void The_embedded_engine_is_this_program()
    {
        BackendLaunch launch = new EmbeddedBackend().Launch(new InferenceOptions { Backend = "embedded" });
        Assert.Equal(Environment.ProcessPath, launch.File);
        Assert.Equal(
            [
                // The test runner is a program of its own; the dotnet host would need to be told which one to run.
                "engine", "--host", "127.0.0.1", "--port", "30000", "--served-model-name", EngineHost.EngineOptions.BundledModel,
                "--seed", "42", "--max-request-bytes", "33554432",
            ],
            launch.Arguments.SkipWhile(argument => argument.EndsWith(".dll", StringComparison.Ordinal)));
        Assert.Empty(launch.Environment);
    }

    [Fact]
    public void Settings_and_the_arguments_behind_the_dashes_reach_the_embedded_engine_verbatim()
    {
        BackendLaunch launch = new EmbeddedBackend().Launch(Options with
        {
            Backend = "embedded",
            BackendCommand = "/opt/another-build",
            BackendHost = "::1",
            BackendPort = 31337,
            Seed = -7,
            MaxRequestBytes = 1000,
            BackendArguments = ["--threads", "2"],
        });
        Assert.Equal("/opt/another-build", launch.File);
        Assert.Equal(
            [
                "engine", "--model-path", "/models/llama-2-7b", "--host", "::1", "--port", "31337", "--served-model-name", "llama-2-7b",
                "--seed", "-7", "--max-request-bytes", "1000", "--threads", "2",
            ],
            launch.Arguments);
    }

    [Fact]
    public void An_external_engine_is_never_started()
    {
        var external = new ExternalBackend();
        Assert.False(external.CanLaunch);
        Assert.Null(external.Launch(Options with { BackendUrl = new Uri("http://127.0.0.1:9") }));
    }

    [Fact]
    public void Every_engine_has_a_name_a_title_and_a_remedy_where_it_can_be_started()
    {
        Assert.Equal(["sglang", "embedded", "external"], BackendRegistry.All.Select(backend => backend.Name));
        Assert.All(BackendRegistry.All, backend => Assert.Same(backend, BackendRegistry.Find(backend.Name)));
        Assert.All(BackendRegistry.All, backend => Assert.NotEmpty(backend.Title));
        Assert.All(BackendRegistry.All, backend => Assert.Equal(backend.CanLaunch, backend.MissingExecutableRemedy.Length > 0));
        Assert.Null(BackendRegistry.Find("nonsense"));
    }
}
