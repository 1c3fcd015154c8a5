using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Xunit;

namespace DeterministicInference.Server.Tests.Supervision;

/// <summary>
/// Servers that can't start: exit code 1, one line that says what to do, the engine's last lines, and nothing left.
/// </summary>
public sealed class StartFailureTests
{
    private const string SglangRemedy =
        "Install Python 3 and SGLang (pip install sglang), name the interpreter of its virtual environment with "
        + "--backend-command, or without a GPU use --backend embedded.";

    [Fact]
    public async Task The_servers_port_in_use_is_named_before_an_engine_is_started()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var launch = new ServeLaunch { ServerPort = ((IPEndPoint)listener.LocalEndpoint).Port };
        string file = Path.Combine(TestModels.NewFolder("log"), "server.log");
        CommandResult result = await launch.RunAsync([.. ServeProcess.FakeSglang, "--log-file", file]);
        string error = Assert.Single(result.ErrorLines);
        Assert.StartsWith(
            $"error: --proxy-port: 127.0.0.1:{launch.ServerPort} is in use (pid {Environment.ProcessId}, ",
            error,
            StringComparison.Ordinal
        );
        Assert.EndsWith(
            "). Stop the other program, or choose another --proxy-port; 0 picks a free one.",
            error,
            StringComparison.Ordinal
        );
        Assert.Equal(1, result.ExitCode);
        // Nothing was begun, and whoever looks into the file finds why.
        Assert.EndsWith(
            $"| CRITICAL | {ServeProcess.Module} | The server does not start: {error["error: ".Length..]}",
            Assert.Single(await File.ReadAllLinesAsync(file, TestContext.Current.CancellationToken)),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task A_log_in_JSON_has_the_reason_too()
    {
        CommandResult result = await new ServeLaunch().RunAsync([
            "--backend",
            "embedded",
            "--model-path",
            "/models/gone",
            "--log-format",
            "json",
        ]);
        string error = Assert.Single(result.ErrorLines);
        JsonNode entry = JsonNode.Parse(result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)[^1])!;
        Assert.Equal(
            ("CRITICAL", $"The server does not start: {error["error: ".Length..]}"),
            ((string?)entry["level"], (string?)entry["message"])
        );
    }

    [Theory]
    [InlineData("sglang")]
    [InlineData("embedded")]
    public async Task The_engines_port_in_use_is_named(string backend)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var launch = new ServeLaunch { EnginePort = ((IPEndPoint)listener.LocalEndpoint).Port };
        string[] arguments = backend == "sglang" ? ServeProcess.FakeSglang : ["--backend", "embedded"];
        string error = await IsRefusedAsync(
            launch,
            arguments,
            $"--backend-port: something already listens on 127.0.0.1:{launch.EnginePort} (pid {Environment.ProcessId}, "
        );
        Assert.EndsWith(
            "). Stop it, choose another --backend-port, or attach to it with --backend-url.",
            error,
            StringComparison.Ordinal
        );
    }

    /// <summary>The records of a server that runs are no leftovers.</summary>
    [Fact]
    public async Task The_port_of_another_servers_engine_is_named_before_anything_is_begun()
    {
        await using ServeProcess first = await ServeProcess.SglangAsync([]);
        await first.ReadyAsync("SGLang server");
        var second = new ServeLaunch
        {
            EnginePort = new Uri(first.EngineUrl).Port,
            GuardStateDirectory = first.GuardStateDirectory,
        };
        CommandResult result = await ServerProgram.Built.RunAsync(
            second.Arguments([.. ServeProcess.FakeSglang, "--receipts", "off"]),
            second.Environment([])
        );
        string error = Assert.Single(result.ErrorLines);
        Assert.StartsWith($"error: --backend-port: something already listens on 127.0.0.1:{second.EnginePort} ", error);
        Assert.DoesNotContain("Listening on", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public Task A_missing_python3_is_named() =>
        IsRefusedAsync(
            new ServeLaunch(),
            ["--model-path", "org/llama-2-7b"],
            $"'python3' was not found. {SglangRemedy}",
            ("PATH", TestModels.NewFolder("no-programs"))
        );

    [Fact]
    public async Task A_missing_backend_command_is_named()
    {
        string command = Path.Combine(TestModels.NewFolder("no-programs"), "python9");
        await IsRefusedAsync(
            new ServeLaunch(),
            ["--model-path", "x", "--backend-command", command],
            $"--backend-command: '{command}' was not found. {SglangRemedy}"
        );
    }

    /// <summary>As an interpreter says that can't be asked before, such as that of a wrapper.</summary>
    [Fact]
    public Task A_missing_SGLang_is_named_with_what_Python_said()
    {
        const string said = "No module named 'sglang'";
        string python = Script(
            "#!/bin/sh\necho \"python3: Error while finding module specification for 'sglang.launch_server' "
                + $"(ModuleNotFoundError: {said})\" >&2\nexit 1\n"
        );
        return FailsAsync(
            new ServeLaunch(),
            ["--model-path", "x", "--backend-command", python],
            $"SGLang server exited with code 1 before it was ready. {SglangRemedy}",
            lines: said
        );
    }

    [Theory]
    [InlineData(3, "Loading failed, line 3 of 3")]
    [InlineData(500, "Loading failed, line 481 of 500")]
    public async Task An_engine_that_ends_early_is_reported_with_its_last_lines(int lines, string shown)
    {
        string output = await FailsAsync(
            new ServeLaunch(),
            ServeProcess.FakeSglang,
            "SGLang server exited with code 7 before it was ready",
            shown,
            ("FAKE_EXIT_LINES", $"{lines}"),
            ("FAKE_EXIT_CODE", "7")
        );
        Assert.Contains($"line {lines} of {lines}", output, StringComparison.Ordinal);
    }

    [Fact]
    public Task An_engine_that_refuses_its_arguments_is_reported_with_its_output() =>
        FailsAsync(
            new ServeLaunch(),
            [.. ServeProcess.FakeSglang, "--", "--no-such-flag"],
            "SGLang server exited with code 2 before it was ready",
            "launch_server.py: error: unrecognized arguments: --no-such-flag"
        );

    [Fact]
    public async Task A_model_that_the_embedded_engine_can_not_load_is_refused_before_a_launch()
    {
        string folder = TestModels.NewFolder("empty");
        await IsRefusedAsync(
            new ServeLaunch(),
            ["--backend", "embedded", "--model-path", folder],
            $"{folder}/config.json: not found. Pass --model-path the folder of a Hugging Face model"
        );
    }

    /// <summary>As while a large model loads.</summary>
    [Fact]
    public async Task A_start_that_still_writes_lines_has_twice_the_time()
    {
        string command = Script("#!/bin/sh\nwhile :; do echo loading; sleep 0.01; done\n");
        string output = await FailsAsync(
            new ServeLaunch(),
            ["--model-path", "x", "--backend-command", command, "--backend-startup-timeout", "5s"],
            "SGLang server is not ready after 10 s (no connection). Raise --backend-startup-timeout if it only needs "
                + "more time.",
            lines: "loading"
        );
        Assert.Contains(
            "SGLang server is not ready after 5 s but still writes lines; waiting up to 10 s "
                + "(--backend-startup-timeout)",
            output,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public Task A_command_that_is_not_executable_is_not_called_missing()
    {
        string command = Path.Combine(TestModels.NewFolder("bin"), "python3");
        File.WriteAllText(command, "#!/bin/sh\n");
        return IsRefusedAsync(
            new ServeLaunch(),
            ["--model-path", "x", "--backend-command", command],
            $"--backend-command: '{command}' can't be executed by this user. Give it the permission (chmod +x), or name another program "
                + "with --backend-command."
        );
    }

    [Fact]
    public Task A_script_whose_interpreter_is_missing_is_not_called_missing()
    {
        string command = Script("#!/nowhere/python3\n");
        return IsRefusedAsync(
            new ServeLaunch(),
            ["--model-path", "x", "--backend-command", command],
            $"--backend-command: '{command}' names an interpreter in its first line that is not there: "
                + "'/nowhere/python3'. Correct the line."
        );
    }

    [Fact]
    public Task An_engine_that_is_never_healthy_is_given_up() =>
        FailsAsync(
            new ServeLaunch(),
            [.. ServeProcess.FakeSglang, "--backend-startup-timeout", "10s"],
            "SGLang server is not ready after 10 s (/health answers 503). Raise --backend-startup-timeout if it "
                + "only needs more time.",
            "Uvicorn running on ",
            ("FAKE_NEVER_HEALTHY", "1")
        );

    [Fact]
    public Task An_engine_that_opens_no_port_is_given_up_even_if_it_ignores_SIGTERM() =>
        FailsAsync(
            new ServeLaunch(),
            [.. ServeProcess.FakeSglang, "--backend-startup-timeout", "1s", "--stop-timeout", "1s"],
            "SGLang server is not ready after 1 s (no connection). Raise --backend-startup-timeout if it only "
                + "needs more time.",
            "",
            ("FAKE_START_DELAY_MS", "600000"),
            ("FAKE_IGNORE_SIGTERM", "1")
        );

    [Fact]
    public async Task Without_a_log_on_the_console_the_reason_is_on_standard_error()
    {
        CommandResult result = await new ServeLaunch().RunAsync(
            [.. ServeProcess.FakeSglang, "--log-to-console", "false"],
            ("FAKE_EXIT_LINES", "1")
        );
        Assert.Equal((1, ""), (result.ExitCode, result.Output));
        Assert.Equal(
            [
                "error: SGLang server exited with code 1 before it was ready. Its last lines say why.",
                "The engine's last lines:",
            ],
            result.ErrorLines[..2]
        );
        Assert.Contains("Loading failed, line 1 of 1", result.ErrorLines[2], StringComparison.Ordinal);
    }

    [Fact]
    public async Task As_JSON_the_reason_and_the_last_lines_are_one_entry()
    {
        CommandResult result = await new ServeLaunch().RunAsync(
            [.. ServeProcess.FakeSglang, "--log-format", "json"],
            ("FAKE_EXIT_LINES", "2")
        );
        JsonNode entry = Assert.Single(
            result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonNode.Parse(line)!),
            entry => (string?)entry["level"] == "CRITICAL"
        );
        Assert.Matches(
            @"^SGLang server exited with code 1 before it was ready. .*\nThe engine's last lines:\n.* line 1 of 2\n.* line 2 of 2$",
            (string?)entry["message"]
        );
    }

    [Fact]
    public async Task Wrong_settings_start_nothing_and_are_all_reported()
    {
        CommandResult result = await ServerProgram.Built.RunAsync([
            "--backend",
            "nonsense",
            "--proxy-port",
            "abc",
            "--backend-port",
            "70000",
        ]);
        Assert.Equal((2, ""), (result.ExitCode, result.Output));
        Assert.All(result.ErrorLines, line => Assert.StartsWith("error: ", line, StringComparison.Ordinal));
        Assert.All(
            (string[])["--backend:", "--proxy-port:", "--backend-port:"],
            flag => Assert.Contains(result.ErrorLines, line => line.Contains(flag, StringComparison.Ordinal))
        );

        result = await ServerProgram.Built.RunAsync([]);
        Assert.Equal((2, ""), (result.ExitCode, result.Output));
        Assert.Contains("--model-path", Assert.Single(result.ErrorLines), StringComparison.Ordinal);
    }

    /// <summary>Nothing is begun: no port is opened, no log of receipts.</summary>
    /// <returns>The error.</returns>
    private static async Task<string> IsRefusedAsync(
        ServeLaunch launch,
        string[] arguments,
        string reason,
        params (string Name, string Value)[] environment
    )
    {
        CommandResult result = await launch.RunAsync(arguments, environment);
        string error = Assert.Single(result.ErrorLines);
        Assert.StartsWith($"error: {reason}", error, StringComparison.Ordinal);
        Assert.Contains(" | Version ", result.OutputLines[^1], StringComparison.Ordinal);
        Assert.Equal(1, result.ExitCode);
        return error;
    }

    /// <returns>What it wrote to standard output.</returns>
    private static async Task<string> FailsAsync(
        ServeLaunch launch,
        string[] arguments,
        string reason,
        string lines,
        params (string Name, string Value)[] environment
    )
    {
        CommandResult result = await launch.RunAsync(arguments, environment);
        Assert.True(result.ExitCode == 1, $"{result.ExitCode}: {result.Output}{result.Error}");
        Assert.Equal("", result.Error);
        string[] output = result.Output.Split('\n');
        int at = Array.FindIndex(
            output,
            line => line.Contains("| CRITICAL | deterministic_inference.server | ", StringComparison.Ordinal)
        );
        Assert.True(at >= 0, result.Output);
        Assert.Contains(reason, output[at], StringComparison.Ordinal);
        string told = string.Join('\n', output.Skip(at));
        Assert.Contains(lines, told, StringComparison.Ordinal);
        Assert.Equal(lines.Length > 0, told.Contains("\n    The engine's last lines:\n", StringComparison.Ordinal));
        return result.Output;
    }

    private static string Script(string text)
    {
        string path = Path.Combine(TestModels.NewFolder("bin"), "python3");
        File.WriteAllText(path, text);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        return path;
    }
}
