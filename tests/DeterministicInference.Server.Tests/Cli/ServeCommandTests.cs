using System.Text.RegularExpressions;
using DeterministicInference.Server.Cli;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Engines;
using DeterministicInference.Server.Tests.Configuration;
using Xunit;

namespace DeterministicInference.Server.Tests.Cli;

/// <summary>
/// The command as a user starts it: exit codes, output streams, and the options that the server receives.
/// </summary>
public sealed class ServeCommandTests
{
    private const string NoModel =
        "error: --model-path: no model. Pass --model-path, set INFERENCE_MODEL_PATH, or use the bundled one with "
        + "--backend embedded.";

    [Theory]
    [InlineData("", NoModel)]
    [InlineData("serve", NoModel)]
    [InlineData(
        "--nope",
        "error: --nope: unknown option. --help lists them all; options of the engine stand after --."
    )]
    [InlineData(
        "nonsense",
        "error: 'nonsense': unknown command or argument. Commands are serve, ask, verify, doctor, receipts, "
            + "witness, engine, completion; arguments of the engine stand after --."
    )]
    [InlineData("--port 5 engine --port 6", "error: engine: a command must come first, before its settings.")]
    [InlineData(
        "--backend what --port 99999999 --prot 1",
        "error: --prot: unknown option. Did you mean --port?",
        "error: --proxy-port: '99999999' from --port is not a whole number from 0 to 65535.",
        "error: --backend: 'what' is not a known engine. Give {engines}."
    )]
    [InlineData("--model-path a\nb", "error: --model-path: 'a\\u000ab' contains a control character. Remove it.")]
    [InlineData(
        "serve --config /nowhere.json --model-path m",
        "error: --config: /nowhere.json does not exist. Give the path of a JSON file."
    )]
    public async Task Wrong_settings_are_exit_code_2_with_one_line_per_problem(string arguments, params string[] errors)
    {
        CommandResult result = await ServerProgram.Built.RunAsync(
            arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries)
        );
        Assert.Equal(errors.Select(Given.WithEngines), result.ErrorLines);
        Assert.Equal((2, ""), (result.ExitCode, result.Output));
    }

    [Fact]
    public async Task The_printed_configuration_says_where_every_value_came_from()
    {
        Given given = new();
        File.WriteAllText(given.Path, """{"Inference":{"BackendPort":1,"LogLevel":"error","Seed":1}}""");
        CommandResult result = await ServerProgram.Built.RunAsync(
            [
                "--config",
                given.Path,
                "--model",
                "m",
                "--port=4",
                "--print-config",
                "--",
                "--api-key",
                "secret",
                "--tp-size",
                "2",
            ],
            ("INFERENCE_BACKEND_PORT", "2"),
            ("INFERENCE_STARTUP_TIMEOUT", "3m"),
            ("INFERENCE_PROXY_PORT", "3"),
            ("INFERENCE_SED", "3")
        );

        Assert.Equal(0, result.ExitCode);
        Assert.Equal(
            ["warning: INFERENCE_SED: no setting has this variable. Did you mean INFERENCE_SEED?"],
            result.ErrorLines
        );
        Assert.Matches($"^--config +{Regex.Escape(given.Path)} +flag --config$", result.Output.Split('\n')[1]);
        Assert.All(
            SettingTable.All,
            setting =>
                Assert.Equal(
                    setting.Key switch
                    {
                        nameof(ServeOptions.ModelPath) => ("m", "flag --model"),
                        nameof(ServeOptions.ProxyPort) => ("4", "flag --port"),
                        nameof(ServeOptions.BackendPort) => ("2", "variable INFERENCE_BACKEND_PORT"),
                        nameof(ServeOptions.BackendStartupTimeout) => ("180s", "variable INFERENCE_STARTUP_TIMEOUT"),
                        nameof(ServeOptions.LogLevel) => ("ERROR", $"file {given.Path}"),
                        nameof(ServeOptions.Seed) => ("1", $"file {given.Path}"),
                        nameof(ServeOptions.BackendArguments) => ("--api-key *** --tp-size 2", "flag --"),
                        _ => (setting.Write(Given.Defaults) ?? setting.Unset?.Invoke() ?? "(none)", "default"),
                    },
                    Given.Row(result.Output, setting)
                )
        );
    }

    [Fact]
    public async Task A_configuration_with_problems_is_printed_too()
    {
        CommandResult result = await ServerProgram.Built.RunAsync(
            ["--print-config", "--backend", "embedded"],
            ("INFERENCE_PORT", "http")
        );
        Assert.Equal(
            ("http", "variable INFERENCE_PORT"),
            Given.Row(result.Output, SettingTable.Of(nameof(ServeOptions.ProxyPort)))
        );
        Assert.Equal(
            ["error: --proxy-port: 'http' from INFERENCE_PORT is not a whole number from 0 to 65535."],
            result.ErrorLines
        );
        Assert.Equal(2, result.ExitCode);
    }

    [Theory]
    [InlineData("--model-path m --port 4 -- --serve x")]
    [InlineData("serve --port 4 --model-path m -- --serve x")]
    public async Task The_server_gets_the_options_and_its_code_is_the_exit_code(string arguments)
    {
        ServeOptions? served = null;
        int code = await RootCommandLine.RunAsync(
            arguments.Split(' '),
            EngineRegistry.BuiltIn,
            (engine, configuration, _) =>
            {
                Assert.Same(EngineRegistry.BuiltIn.Default, engine);
                served = configuration.Options;
                return Task.FromResult(7);
            }
        );
        Assert.Equal(7, code);
        Assert.Equal(("m", 4), (served?.ModelPath, served?.ProxyPort));
        Assert.Equal(["--serve", "x"], served!.BackendArguments);
    }

    [Fact]
    public async Task A_server_that_can_not_work_is_exit_code_1()
    {
        Assert.Equal(
            ExitCode.Failure,
            await RootCommandLine.RunAsync(
                ["--model-path", "m"],
                EngineRegistry.BuiltIn,
                (_, _, _) => throw new IOException("no room")
            )
        );
    }
}
