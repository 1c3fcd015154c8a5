using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Xunit;

namespace DeterministicInference.Server.Tests.Verification;

/// <summary>
/// <c>samples/go</c>, which shares no code with the server, computes answers of the embedded engine again.
/// </summary>
[System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
public sealed partial class ReexecutorTests(SharedServers shared)
{
    private const string Sampled = """{"prompt":"Once upon a time","max_tokens":20,"temperature":1.2,"seed":5}""";

    [Theory]
    [InlineData(ApiClient.Chat, """{"messages":[{"role":"user","content":"Who are you?"}],"max_tokens":20}""")]
    [InlineData(
        ApiClient.Chat,
        """{"messages":[{"role":"user","content":"Hello"}],"max_tokens":9,"stream":true,"temperature":"1.1"}"""
    )]
    [InlineData(
        ApiClient.Chat,
        """{"messages":[{"role":"user","content":"Hi"}],"max_tokens":9,"n":2,"logprobs":true,"top_logprobs":3,"seed":7}"""
    )]
    [InlineData(ApiClient.Completions, Sampled)]
    [InlineData(
        ApiClient.Completions,
        """{"prompt":["The fox","<|user|>"],"max_tokens":9,"echo":true,"logprobs":2,"seed":3,"model":"gpt"}"""
    )]
    public async Task It_reproduces_what_the_server_answered_and_refuses_what_was_changed(string path, string request)
    {
        string program = await NeedProgramAsync();
        ServeProcess server = await shared.ChatAsync();
        RecordedExchange exchange = await RecordedExchange.AskAsync(server.Api, request, path);
        string bundle = await exchange.ExportAsync("--url", server.Url);
        CommandResult result = await RunAsync(program, exchange, bundle, "--model", TestModels.Chat);
        Assert.Equal(("", 0), (result.Error, result.ExitCode));
        Assert.StartsWith(
            "REPRODUCED: the same environment gives the same answer\n",
            result.Output,
            StringComparison.Ordinal
        );
        Assert.Contains("\nrecomputed tokens: the same\n", result.Output, StringComparison.Ordinal);
        Assert.Equal(
            request.Contains("logprobs", StringComparison.Ordinal),
            result.Output.Contains("\nrecomputed logprobs: the same\n", StringComparison.Ordinal)
        );

        CommandResult changed = await RunAsync(
            program,
            exchange,
            await ChangedAsync(exchange, bundle, body => FirstCharacter().Replace(body, "${before}#", 1)),
            "--model",
            TestModels.Chat
        );
        Assert.Equal(13, changed.ExitCode);
        Assert.StartsWith("TAMPERED: output: ", changed.Output, StringComparison.Ordinal);
    }

    /// <summary>The text of the prompt comes without its ids, and so none are bound.</summary>
    [Fact]
    public async Task A_stream_with_echo_binds_no_ids_and_is_reproduced_by_its_text()
    {
        string program = await NeedProgramAsync();
        ServeProcess server = await shared.ChatAsync();
        RecordedExchange exchange = await RecordedExchange.AskAsync(
            server.Api,
            Sampled[..^1] + ""","echo":true,"stream":true,"return_token_ids":true}""",
            ApiClient.Completions
        );
        string bundle = await exchange.ExportAsync("--url", server.Url);
        CommandResult result = await RunAsync(program, exchange, bundle, "--model", TestModels.Chat);
        Assert.StartsWith("REPRODUCED: ", result.Output, StringComparison.Ordinal);
        Assert.Contains("\ntokens: not bound\nprompt: not bound\n", result.Output, StringComparison.Ordinal);
        Assert.Equal(0, result.ExitCode);
    }

    /// <summary>The server hashes the model that it is told; its engine loads another one.</summary>
    [Fact]
    public async Task An_answer_that_the_engine_would_not_give_is_contradicted_at_its_token()
    {
        string program = await NeedProgramAsync();
        string wrapper = Path.Combine(TestModels.NewFolder("wrapper"), "engine");
        await File.WriteAllTextAsync(
            wrapper,
            $"#!/bin/sh\nshift 3\nexec '{ServerProgram.Built.File}' '{ServerProgram.Built.Leading[0]}' engine "
                + $"--model-path '{ChangedWeightTests.WithChangedWeight()}' \"$@\"\n",
            TestContext.Current.CancellationToken
        );
        File.SetUnixFileMode(wrapper, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        await using ServeProcess liar = await ServeProcess.EmbeddedAsync(TestModels.Chat, "--backend-command", wrapper);
        RecordedExchange exchange = await RecordedExchange.AskAsync(
            liar.Api,
            Sampled[..^1] + ""","return_token_ids":true}""",
            ApiClient.Completions
        );
        uint[] wrong = await TokensAsync(liar.Engine),
            right = await TokensAsync((await shared.ChatAsync()).Engine);
        int first = right.AsSpan().CommonPrefixLength(wrong);
        string bundle = await exchange.ExportAsync("--url", liar.Url);
        CommandResult result = await RunAsync(program, exchange, bundle, "--model", TestModels.Chat);
        Assert.StartsWith(
            $"CONTRADICTED: the same environment differs at token {first} of choice 0: token id {wrong[first]} in the "
                + $"receipt, {right[first]} here\n",
            result.Output,
            StringComparison.Ordinal
        );
        Assert.Equal(10, result.ExitCode);

        // Without the model only the receipt is looked at, and it is in order.
        Assert.Equal(0, (await RunAsync(program, exchange, bundle)).ExitCode);
        CommandResult folder = await RunAsync(
            program,
            exchange,
            Path.GetDirectoryName(bundle)!,
            "--model",
            TestModels.Chat
        );
        Assert.Matches("(?m)^bundle.json: CONTRADICTED: ", folder.Output);
        Assert.Matches("(?m)^request.json: UNUSABLE: ", folder.Output);
        Assert.Equal(10, folder.ExitCode);
    }

    private static Task<CommandResult> RunAsync(
        string program,
        RecordedExchange exchange,
        string bundle,
        params string[] options
    ) => InstalledProgram.RunAsync(program, [.. options, "--key", exchange.KeyFile, bundle]);

    /// <summary>The bundle with another answer.</summary>
    private static async Task<string> ChangedAsync(
        RecordedExchange exchange,
        string bundle,
        Func<string, string> change
    )
    {
        JsonNode json = JsonNode.Parse(await File.ReadAllTextAsync(bundle, TestContext.Current.CancellationToken))!;
        string body = (string)json["response"]!["body"]!,
            changed = change(body);
        Assert.NotEqual(body, changed);
        json["response"]!["body"] = changed;
        return exchange.Write("changed.json", json.ToJsonString());
    }

    private static async Task<uint[]> TokensAsync(ApiClient engine) =>
        [
            .. (await engine.JsonAsync(ApiClient.Completions, Sampled[..^1] + ",\"return_token_ids\":true}"))[
                "choices"
            ]![0]!["token_ids"]!
                .AsArray()
                .Select(id => (uint)id!),
        ];

    private static async Task<string> NeedProgramAsync()
    {
        string? program = await ReexecutorProgram.FindAsync();
        Assert.SkipWhen(program is null, "skipped: needs Go");
        return program;
    }

    [GeneratedRegex("""(?<before>"(content|text)":")[^"\\]""")]
    private static partial Regex FirstCharacter();
}
