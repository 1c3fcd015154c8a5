using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using DeterministicInference.Server.Guard;
using DeterministicInference.Server.Native;
using Xunit;

namespace DeterministicInference.Server.Tests.Supervision;

/// <summary>What operators and clients read about an engine that loads, fails or ends.</summary>
public sealed class EngineEndTests
{
    private const string Cause = "ValueError: logits have 3 rows where 4 are needed",
        Pathful =
            """
                [2026-11-28 20:01:11] Scheduler hit an exception: Traceback (most recent call last):
                  File "/site/sglang/srt/managers/scheduler.py", line 4546, in run_scheduler_process
                OSError: no file '/home/ai/models/x/model.safetensors' in sglang/srt/loader.py:12
                [2026-11-28 20:01:11] SIGQUIT received. signum=None, frame=None. It usually means one child failed.
                """;

    [Fact]
    public async Task An_engine_that_says_that_it_is_ending_gets_no_request_until_a_probe_passes_later()
    {
        await using ServeProcess server = await ServeProcess.SglangAsync([]);
        await server.ReadyAsync("SGLang server");
        // A probe that takes long must not delay the news.
        await server.Engine.PostAsync("/__fake/health-delay/600000", "");
        await server.Engine.PostAsync("/__fake/print", EngineLines.SglangCrash);
        string line = await server.LineAsync("| SGLang server says that it is ending, so requests get 503: ");
        Assert.Contains("| ERROR    |", line, StringComparison.Ordinal);
        Reply health = await server.Api.AnswersAsync("/health", HttpStatusCode.ServiceUnavailable, server);
        Assert.Equal("unhealthy", (string?)health.Json["status"]);
        await Limits.UntilAsync(
            async () => Detail(await server.Api.GetAsync("/health")) == $"it is ending: {Cause}",
            () => "the cause is not shown"
        );
        Reply refused = await server.Api.PostAsync(ApiClient.Completions, """{"prompt":"x"}""");
        JsonNode error = OpenAIErrors.Read(refused, HttpStatusCode.ServiceUnavailable, "server_error");
        Assert.Equal($"The engine is unhealthy: it is ending: {Cause}", (string?)error["message"]);
        Assert.Equal("5", Assert.Single(refused.Headers.GetValues("Retry-After")));
        Assert.DoesNotContain(server.Log.Lines, line => line.Contains("does not answer", StringComparison.Ordinal));
        // It was wrong about itself.
        await server.Engine.PostAsync("/__fake/health-delay/0", "");
        await server.ReadyAsync("SGLang server", times: 2);
        await server.Api.JsonAsync(ApiClient.Completions, """{"prompt":"served again"}""");
        // And may say it once more.
        await server.Engine.PostAsync("/__fake/print", EngineLines.SglangCrash);
        await server.LineAsync("| SGLang server says that it is ending, so requests get 503: ", times: 2);
    }

    [Fact]
    public async Task An_engine_that_ends_itself_is_restarted_with_the_cause()
    {
        await using ServeProcess server = await ServeProcess.SglangAsync([
            "--restart-delay",
            "100s",
            "--restart-delay-max",
            "100s",
        ]);
        await server.ReadyAsync("SGLang server");
        await server.Engine.PostAsync("/__fake/print", EngineLines.SglangCrash);
        await Assert.ThrowsAsync<HttpRequestException>(() => server.Engine.PostAsync("/__fake/die", ""));
        string line = await server.LineAsync(" Restart 1 (at most 5) in ");
        Assert.Contains(
            $"| SGLang server ended itself unexpectedly: {Cause}. Restart 1 (at most 5) in ",
            line,
            StringComparison.Ordinal
        );
        Assert.DoesNotContain("its last line", line, StringComparison.Ordinal);
        Reply health = await server.Api.GetAsync("/health");
        Assert.Matches(
            $"^SGLang server ended itself unexpectedly: {Cause}\\. Start 1 follows in [0-9]+ s\\.$",
            Detail(health)
        );
    }

    /// <summary>The log has the paths.</summary>
    [Fact]
    public async Task Clients_read_no_path_of_the_cause()
    {
        await using ServeProcess server = await ServeProcess.SglangAsync([
            "--max-restarts",
            "0",
            "--on-failed",
            "stay",
        ]);
        await server.ReadyAsync("SGLang server");
        await server.Engine.PostAsync("/__fake/print", Pathful);
        await Assert.ThrowsAsync<HttpRequestException>(() => server.Engine.PostAsync("/__fake/exit/3", ""));
        await server.LineAsync("| Staying (--on-failed stay)");
        string line = await server.LineAsync("| CRITICAL | deterministic_inference.server | ");
        Assert.Contains(
            "'/home/ai/models/x/model.safetensors' in sglang/srt/loader.py:12.",
            line,
            StringComparison.Ordinal
        );
        const string shown =
            "SGLang server exited with code 3 unexpectedly: OSError: no file '…' in …. It is not restarted";
        Assert.StartsWith(shown, Detail(await server.Api.GetAsync("/health")), StringComparison.Ordinal);
        Reply refused = await server.Api.PostAsync(ApiClient.Completions, """{"prompt":"x"}""");
        Assert.StartsWith(
            $"The engine is failed: {shown}",
            (string?)OpenAIErrors.Read(refused, HttpStatusCode.ServiceUnavailable, "server_error")["message"],
            StringComparison.Ordinal
        );
    }

    /// <summary>The next engine may be another one: it was neither started nor measured by this server.</summary>
    [Fact]
    public async Task A_script_that_starts_engine_after_engine_is_ended_with_its_first_one()
    {
        string script = Path.Combine(TestModels.NewFolder("script"), "again");
        await File.WriteAllTextAsync(
            script,
            $"#!/bin/sh\nwhile true; do \"{FakeBackendProcess.Command}\" \"$@\"; done\n",
            TestContext.Current.CancellationToken
        );
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(script, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        await using ServeProcess server = await ServeProcess.StartAsync(
            ServerProgram.Built,
            [
                "--backend",
                "sglang",
                "--backend-command",
                script,
                "--model-path",
                "/models/llama-2-7b",
                "--hang-after",
                "5s",
                "--restart-delay",
                "50ms",
            ]
        );
        await server.ReadyAsync("SGLang server");
        ProcessEntry engine = Assert.Single(
            server.Family.Members,
            member =>
                Encoding
                    .UTF8.GetString(ProcFile.ReadAll($"/proc/{member.Pid}/cmdline"))
                    .StartsWith(FakeBackendProcess.Command + '\0', StringComparison.Ordinal)
        );
        server.Family.Signal(engine.Identity, Libc.SigKill);
        await server.LineAsync(
            "SGLang server has ended behind the program of --backend-command, which still runs. Restart 1 "
        );
        await server.ReadyAsync("SGLang server", times: 2);
    }

    [Fact]
    public async Task A_start_that_fails_ends_with_the_cause_and_then_the_last_lines()
    {
        string file = Lines(EngineLines.VllmStart);
        CommandResult result = await new ServeLaunch { GivesPort = false }.RunAsync(
            [
                "--backend",
                "vllm",
                "--backend-command",
                FakeBackendProcess.Command,
                "--model-path",
                "m",
                "--receipts",
                "off",
            ],
            ("FAKE_LINES_FILE", file),
            ("FAKE_EXIT_LINES", "0")
        );
        Assert.Equal(1, result.ExitCode);
        string[] output = result.Output.Split('\n');
        int at = Array.FindIndex(output, line => line.Contains("| CRITICAL |", StringComparison.Ordinal));
        Assert.EndsWith(
            "| vLLM server exited with code 1 before it was ready: TypeError: 'function' object is not subscriptable.",
            output[at],
            StringComparison.Ordinal
        );
        Assert.Equal("    The engine's last lines:", output[at + 1]);
        Assert.Contains("RuntimeError: Engine core initialization failed", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task While_an_engine_loads_health_tells_what_it_does()
    {
        string file = Lines(
            "[2026-11-28 19:54:05] Load weight begin of /models/x. avail mem=11.12 GB\n[2026-11-28 19:54:05] Prefill batch"
        );
        await using ServeProcess server = await ServeProcess.SglangAsync(
            [],
            ("FAKE_LINES_FILE", file),
            ("FAKE_START_DELAY_MS", "600000")
        );
        await server.LineAsync("| [2026-11-28 19:54:05] Load weight begin of /models/x. ");
        await Limits.UntilAsync(
            async () =>
                Regex.IsMatch(
                    Detail(await server.Api.GetAsync("/health")),
                    "^no connection, [0-9]+ s; loading: Load weight begin of … avail mem=11.12 GB$"
                ),
            () => "no such detail"
        );
    }

    [Fact]
    public async Task A_script_that_leaves_its_engine_in_the_background_is_told_from_one_that_ends()
    {
        string script = Path.Combine(TestModels.NewFolder("bin"), "start.sh");
        await File.WriteAllTextAsync(
            script,
            $"#!/bin/sh\n'{FakeBackendProcess.Command}' \"$@\" &\nexit 0\n",
            TestContext.Current.CancellationToken
        );
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(script, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        CommandResult result = await new ServeLaunch().RunAsync([
            .. ServeProcess.FakeSglang,
            "--backend-command",
            script,
        ]);
        Assert.Equal(1, result.ExitCode);
        Assert.Matches(
            @"\| CRITICAL \| deterministic_inference\.server \| SGLang server exited with code 0 and left processes in the "
                + @"background \(pid \d+\) before it was ready\. They were ended\. Start the engine in the foreground: as "
                + @"the script's last command, with exec and without &\.",
            result.Output
        );
    }

    [Fact]
    public async Task The_real_llama_server_says_why_it_can_not_load_a_model()
    {
        RealLlamaServer real = RealLlamaServer.Require();
        string model = Path.Combine(TestModels.NewFolder("model"), "bad.gguf");
        await File.WriteAllTextAsync(model, GgufBytes.Text(), TestContext.Current.CancellationToken);
        CommandResult result = await new ServeLaunch { GivesPort = false }.RunAsync([
            .. (real with { Model = model }).Arguments,
            "--receipts",
            "off",
        ]);
        Assert.Equal(1, result.ExitCode);
        Assert.Matches(
            @"\| CRITICAL \| deterministic_inference\.server \| llama\.cpp server exited with code 1 before it was ready: "
                + "llama_model_load: error loading model: unknown model architecture",
            result.Output
        );
        Assert.Contains(
            "| ERROR    | deterministic_inference.backends.llamacpp.engine | ",
            result.Output,
            StringComparison.Ordinal
        );
    }

    private static string Lines(string text)
    {
        string file = Path.Combine(TestModels.NewFolder("lines"), "lines");
        File.WriteAllText(file, text + "\n");
        return file;
    }

    private static string Detail(Reply health) => (string?)health.Json["backend"]!["detail"] ?? "";
}
