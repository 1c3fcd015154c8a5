using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Engines;
using DeterministicInference.Server.Engines.Embedded;
using DeterministicInference.Server.Machine;
using Xunit;

namespace DeterministicInference.Server.Tests.Engines.Embedded;

/// <summary>Launch commands of the embedded engine, exactly, and findings about them.</summary>
public sealed class EmbeddedLaunchTests
{
    private static readonly ServeOptions Options = new() { ModelPath = "/models/llama-2-7b" };

    [Fact]
    public void The_embedded_engine_is_this_program()
    {
        EngineLaunch launch = new EmbeddedKind().Launcher.Launch(
            new ServeOptions { Backend = EmbeddedKind.BackendName },
            Machines.With(Machines.NoGpu)
        );
        Assert.Equal(Environment.ProcessPath, launch.File);
        Assert.Equal(
            [
                // The test runner is a separate program; the dotnet host would need its path.
                "engine",
                "--host",
                "127.0.0.1",
                "--port",
                "30000",
                "--served-model-name",
                ServeOptions.BundledModel,
                "--seed",
                "42",
                "--max-request-bytes",
                "33554432",
                "--access-log",
                "false",
            ],
            launch.Arguments.SkipWhile(argument => argument.EndsWith(".dll", StringComparison.Ordinal))
        );
        Assert.Empty(launch.Environment);
    }

    [Fact]
    public void Settings_and_the_arguments_behind_the_dashes_reach_the_embedded_engine_verbatim()
    {
        EngineLaunch launch = new EmbeddedKind().Launcher.Launch(
            Options with
            {
                Backend = "embedded",
                BackendCommand = "/opt/another-build",
                BackendHost = "::1",
                BackendPort = 31337,
                Seed = -7,
                MaxRequestBytes = 1000,
                BackendArguments = ["--threads", "2"],
            },
            Machines.With("9.0")
        );
        Assert.Equal("/opt/another-build", launch.File);
        Assert.Equal(
            [
                "engine",
                "--model-path",
                "/models/llama-2-7b",
                "--host",
                "::1",
                "--port",
                "31337",
                "--served-model-name",
                "llama-2-7b",
                "--seed",
                "-7",
                "--max-request-bytes",
                "1000",
                "--threads",
                "2",
            ],
            launch.Arguments
        );
    }

    [Fact]
    public void The_embedded_engine_is_deterministic_launched_or_attached_whatever_its_arguments()
    {
        var options = new ServeOptions
        {
            Backend = "embedded",
            BackendArguments = ["--threads", "1", "--max-sequences", "3"],
        };
        Found.Is(Checks.Of(new EmbeddedKind(), options, Machines.With(Machines.NoGpu)));
        Found.Is(
            Checks.Of(
                new EmbeddedKind(),
                new ServeOptions { BackendUrl = new Uri("http://127.0.0.1:9") },
                Machines.With("7.5")
            )
        );
    }

    [Fact]
    public void An_address_on_which_it_can_not_listen_is_refused()
    {
        ServeOptions options = new() { Backend = EmbeddedKind.BackendName, BackendHost = "engine.example" };
        Found.Is(
            Checks.Of(new EmbeddedKind(), options, Machines.With(Machines.NoGpu)),
            "Refused argument_invalid: --backend-host: 'engine.example' is not an IP address. Give 127.0.0.1, ::1, "
                + "0.0.0.0 or localhost."
        );
    }

    [Theory]
    [InlineData("--threads 2 --log-level=debug")]
    [InlineData("--theads 2", "--theads: unknown option. Did you mean --threads?")]
    [InlineData("engine", "'engine': unexpected argument. engine takes none; quote a text with spaces.")]
    [InlineData(
        "@/etc/hostname",
        "'@/etc/hostname': unexpected argument. engine takes none; quote a text with spaces."
    )]
    [InlineData("--help", "'--help': unexpected argument. engine takes none; quote a text with spaces.")]
    [InlineData("--threads 0", "--threads: '0' is not a whole number from 1 to 512.")]
    [InlineData("--threads", "--threads: the value is missing. Give --threads NUMBER.")]
    [InlineData(
        "--log-level LOUD",
        "--log-level: 'LOUD' is not a log level. Give DEBUG, INFO, WARNING, ERROR or CRITICAL."
    )]
    public void Arguments_that_its_own_parser_refuses_are_refused_in_its_words(string arguments, params string[] errors)
    {
        ServeOptions options = new() { Backend = EmbeddedKind.BackendName, BackendArguments = arguments.Split(' ') };
        Found.Is(
            Checks.Of(new EmbeddedKind(), options, Machines.With(Machines.NoGpu)),
            [.. errors.Select(error => $"Refused argument_invalid: Arguments after --: {error} Give options of")]
        );
        // Another build may have other options.
        Found.Is(
            Checks.Of(
                new EmbeddedKind(),
                options with
                {
                    BackendCommand = "/opt/another-build",
                },
                Machines.With(Machines.NoGpu)
            )
        );
    }

    [Theory]
    [InlineData(
        "org/tiny",
        false,
        "Refused model_missing: --model-path: 'org/tiny' does not exist on this machine, and"
    )]
    [InlineData("models/tiny", true)]
    public void A_name_on_the_hub_is_a_folder_that_is_not_there(string path, bool exists, params string[] found) =>
        Found.Is(
            Checks.Of(
                new EmbeddedKind(),
                new ServeOptions { Backend = EmbeddedKind.BackendName, ModelPath = path },
                Machines.With(new ModelFacts { Exists = exists, IsFolder = exists }, Machines.NoGpu)
            ),
            found
        );
}
