using DeterministicInference.Server.Backends;
using DeterministicInference.Server.Backends.Preflight;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Tests.Backends;
using Xunit;

namespace DeterministicInference.Server.Tests.Serve;

/// <summary>What is started for each engine, to the letter.</summary>
public sealed class LaunchTests
{
    private static readonly InferenceOptions Options = new() { ModelPath = "/models/llama-2-7b" };

    [Fact]
    public void The_embedded_engine_is_this_program()
    {
        BackendLaunch launch = new EmbeddedBackend().Launch(new InferenceOptions { Backend = "embedded" }, Machines.With(Machines.NoGpu));
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
        }, Machines.With("9.0"));
        Assert.Equal("/opt/another-build", launch.File);
        Assert.Equal(
            [
                "engine", "--model-path", "/models/llama-2-7b", "--host", "::1", "--port", "31337", "--served-model-name", "llama-2-7b",
                "--seed", "-7", "--max-request-bytes", "1000", "--threads", "2",
            ],
            launch.Arguments);
    }

    [Theory]
    [InlineData("external", "Undermines engine_unknown: The kind of the engine is not known. Name it with --backend")]
    [InlineData("tgi", "Undermines no_batch_invariance: TGI has no batch-invariant mode")]
    public void Engines_that_are_only_attached_to_are_never_started_and_best_effort(string name, string reason)
    {
        IBackend backend = BackendRegistry.Find(name)!;
        InferenceOptions options = Options with { Backend = name, BackendUrl = new Uri("http://127.0.0.1:9") };
        Assert.False(backend.CanLaunch);
        Assert.Null(backend.Launch(options, Machines.With("9.0")));
        Found.Is(EnginePreflight.Check(backend, options, Machines.With("9.0")), reason);
    }

    [Fact]
    public void The_embedded_engine_is_deterministic_launched_or_attached_whatever_its_arguments()
    {
        var options = new InferenceOptions { Backend = "embedded", BackendArguments = ["--threads", "1", "--max-sequences", "3"] };
        Found.Is(EnginePreflight.Check(new EmbeddedBackend(), options, Machines.With(Machines.NoGpu)));
        Found.Is(EnginePreflight.Check(new EmbeddedBackend(), new InferenceOptions { BackendUrl = new Uri("http://127.0.0.1:9") }, Machines.With("7.5")));
    }

    [Fact]
    public void Every_engine_has_a_name_a_title_and_a_remedy_where_it_can_be_started()
    {
        Assert.Equal(["sglang", "vllm", "llamacpp", "tgi", "embedded", "external"], BackendRegistry.All.Select(backend => backend.Name));
        Assert.All(BackendRegistry.All, backend => Assert.Same(backend, BackendRegistry.Find(backend.Name)));
        Assert.All(BackendRegistry.All, backend => Assert.NotEmpty(backend.Title));
        Assert.All(BackendRegistry.All, backend => Assert.Equal(backend.CanLaunch, backend.MissingExecutableRemedy.Length > 0));
        Assert.All(BackendRegistry.All, backend => Assert.Equal(backend.CanLaunch, backend.Basis.Length > 0));
        Assert.Null(BackendRegistry.Find("nonsense"));
    }
}
