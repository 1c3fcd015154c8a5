using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using DeterministicInference.Receipts.Log;
using DeterministicInference.Receipts.Signing;
using DeterministicInference.Server.Tests.Documentation;
using DeterministicInference.Server.Tests.Serve;
using Xunit;

namespace DeterministicInference.Server.Tests.Verification;

/// <summary>
/// The programs of <c>samples/</c> that have to do with receipts. The one in Node reads the formats by itself.
/// </summary>
public sealed class SampleTests : IAsyncLifetime
{
    /// <summary>Spellings that a parser of JSON would lose, and orders that it would change.</summary>
    private const string Odd = """
        { "model":"gpt", "messages":[{"role":"user","content":"caf\u00e9 \ud83d\ude00 \/ \u000b\n\"\\"}], "stream_options":{"include_usage":true}, "user":"u1", "top_p":1.0,
          "max_tokens":null, "logit_bias":{"20":1,"3":-1.50e0,"x":9007199254740993}, "zz\u0041":[ ], "\uE000":{}, "\ud83d\ude00":[1,[2,{"b":1,"a":[]}]]
        """;

    private IssuingServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await IssuingServer.StartAsync();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Theory]
    [InlineData(Odd + "}", ApiClient.Chat)]
    [InlineData(Odd + ""","stream":true,"return_token_ids":true}""", ApiClient.Chat)]
    [InlineData(Odd + ""","return_token_ids":true}""", ApiClient.Completions)]
    public async Task The_Node_sample_verifies_a_bundle_by_itself(string body, string path)
    {
        _server.Script = _ =>
            ScriptedAnswer.Paris with
            {
                Tokens = [(5, "Grüße \ud83d\ude00"), (6, "\u2028\uFFFDx"), (7, "\uFFFD\uFFFD")],
            };
        RecordedExchange exchange = await RecordedExchange.AskAsync(_server, body, path);
        string bundle = await exchange.ExportAsync("--url", _server.Url);
        bool hasIds = body.Contains("return_token_ids", StringComparison.Ordinal);

        CommandResult valid = await NodeAsync("verify.mjs", bundle, exchange.KeyFile);
        Assert.Equal(("", 0), (valid.Error, valid.ExitCode));
        Assert.StartsWith(
            "VALID (not replayed)\nchecked: signature, inclusion, statement, receipt id, request, output, ",
            valid.Output,
            StringComparison.Ordinal
        );
        Assert.Contains(
            hasIds ? ", token chain, " : "token chain (the answer does not report all ids)",
            valid.Output,
            StringComparison.Ordinal
        );
        Assert.Contains(", trail, environment\n", valid.Output, StringComparison.Ordinal);
        Assert.Contains(
            "not checked: revocation of the key (GET /v1/logs has it), witnesses (they cosign the log's checkpoints)",
            valid.Output,
            StringComparison.Ordinal
        );

        JsonObject json = JsonNode
            .Parse(await File.ReadAllTextAsync(bundle, TestContext.Current.CancellationToken))!
            .AsObject();
        await RequireFailureAsync(
            "request",
            json["request"]!,
            "body",
            text => text.Replace("1.0", "1.5", StringComparison.Ordinal)
        );
        await RequireFailureAsync(
            "output",
            json["response"]!,
            "body",
            text => text.Replace("Gr", "gr", StringComparison.Ordinal)
        );
        if (hasIds)
            await RequireFailureAsync(
                "token chain",
                json["response"]!,
                "body",
                text => Regex.Replace(text, "(\"token_ids\":\\[[^\\]]*)6", "${1}8")
            );
        await RequireAsync(
            "bundle.environment.id is not that of its facts and reasons",
            json["environment"]!["facts"]!["engine.version"]!,
            "value",
            text => text + "1"
        );

        // What another reader could understand in another way, and what is not there.
        await RequireAsync(
            "the request is not the one that was sealed: a request has two members of one name",
            json["request"]!,
            "body",
            text => """{"model":"other",""" + text[(text.IndexOf('{', StringComparison.Ordinal) + 1)..]
        );
        if (body.Contains("\"stream\":true", StringComparison.Ordinal))
        {
            await RequireAsync(
                "the recording of the answer broke off before its end",
                json["response"]!,
                "body",
                text => text.Replace("data: [DONE]", "", StringComparison.Ordinal),
                "INCONCLUSIVE"
            );
        }
        await RequireAsync("bundle.request.path is none of", json["request"]!, "path", text => text + "/");
        await RequireAsync("salt is not base64 of 32 bytes", json["receipt"]!, "salt", text => text[4..]);
        await RequireAsync(
            "bundle.environment.class is not the one that its reasons give",
            json["environment"]!,
            "class",
            text => text == "deterministic" ? "best-effort" : "deterministic"
        );

        async Task RequireAsync(
            string finding,
            JsonNode parent,
            string name,
            Func<string, string> change,
            string verdict = "TAMPERED"
        )
        {
            string original = (string)parent[name]!;
            parent[name] = change(original);
            CommandResult result = await NodeAsync(
                "verify.mjs",
                exchange.Write("changed.json", json.ToJsonString()),
                exchange.KeyFile
            );
            Assert.Equal(verdict == "TAMPERED" ? 13 : 12, result.ExitCode);
            Assert.StartsWith($"{verdict}: ", result.Output, StringComparison.Ordinal);
            Assert.Contains(finding, result.Output.Split('\n')[0], StringComparison.Ordinal);
            parent[name] = original;
        }

        Task RequireFailureAsync(string part, JsonNode parent, string name, Func<string, string> change) =>
            RequireAsync($"the {part} is not the one that was sealed", parent, name, change);
    }

    /// <summary>The id has the reasons sorted, and the document has them as they came.</summary>
    [Fact]
    public async Task The_Node_sample_takes_an_environment_with_several_reasons()
    {
        _server.Environment = IssuingServer.EnvironmentOf("1", "z", "a", "\uE000", "\ud83d\ude00", "b", "a\nb");
        RecordedExchange exchange = await RecordedExchange.AskAsync(_server);
        string bundle = await exchange.ExportAsync("--url", _server.Url);
        CommandResult result = await NodeAsync("verify.mjs", bundle, exchange.KeyFile);
        Assert.Equal(0, result.ExitCode);
        Assert.Contains(", environment\n", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_Node_sample_trusts_only_the_key_it_was_given()
    {
        RecordedExchange exchange = await RecordedExchange.AskAsync(_server);
        string bundle = await exchange.ExportAsync("--url", _server.Url);
        Assert.StartsWith(
            "UNTRUSTED: anyone can make a receipt, and no key was given that is trusted\n",
            (await NodeAsync("verify.mjs", bundle)).Output,
            StringComparison.Ordinal
        );
        await using IssuingServer other = await IssuingServer.StartAsync();
        CommandResult result = await NodeAsync(
            "verify.mjs",
            bundle,
            exchange.Write("other.txt", other.LogKey.ToString())
        );
        Assert.Equal(19, result.ExitCode);
        Assert.StartsWith(
            $"OTHER KEY: the checkpoint names the key {string.Join('+', $"{_server.LogKey}".Split('+')[..2])}, and",
            result.Output,
            StringComparison.Ordinal
        );
    }

    /// <summary>Nothing of a file of keys is passed over, and no file is larger than it may be.</summary>
    [Fact]
    public async Task The_Node_sample_takes_several_keys_and_nothing_else()
    {
        RecordedExchange exchange = await RecordedExchange.AskAsync(_server);
        string bundle = await exchange.ExportAsync("--url", _server.Url),
            pem = _server.Key.PublicKey.ToPem(),
            vkey = _server.LogKey.ToString();
        using SigningKey other = SigningKey.Create();
        string elsewhere = other.PublicKey.ToPem();
        foreach (
            (int exitCode, string verdict, string keys) in ((int, string, string)[])
                [
                    (0, "VALID", pem),
                    (0, "VALID", $"{elsewhere}\n{pem}\n"),
                    (0, "VALID", $"{elsewhere}\r\n\r\n{vkey}\r\n"),
                    (0, "VALID", $"{new NoteKey("log.elsewhere", other.PublicKey)}\n{vkey}\n"),
                    (19, "OTHER KEY: ", elsewhere),
                    (19, "OTHER KEY: ", $"{new NoteKey("log.elsewhere", _server.Key.PublicKey)}"),
                ]
        )
        {
            CommandResult result = await NodeAsync("verify.mjs", bundle, exchange.Write("keys", keys));
            Assert.Equal((exitCode, ""), (result.ExitCode, result.Error));
            Assert.StartsWith(verdict, result.Output, StringComparison.Ordinal);
        }
        foreach (
            (string keys, string error) in ((string, string)[])
                [
                    ($"{vkey}\nx", "line 2 of the keys: "),
                    ($"{pem}\n{vkey[..^1]}\n{pem}", "line 4 of the keys: "),
                    ($"{pem[..60]}\n{pem}", "line 1 of the keys: "),
                    ("\n", "there is no key"),
                    (new string('x', (1 << 20) + 1), "is larger than 1 MiB"),
                ]
        )
        {
            CommandResult result = await NodeAsync("verify.mjs", bundle, exchange.Write("keys", keys));
            Assert.Equal((2, ""), (result.ExitCode, result.Output));
            Assert.Contains(error, Assert.Single(result.ErrorLines), StringComparison.Ordinal);
        }
        CommandResult asked = await NodeAsync(
            "receipt.mjs",
            _server.Url,
            "What is the capital of \"France\"?",
            exchange.Write("keys", $"{elsewhere}\n{pem}\n"),
            exchange.Write("asked.json", "")
        );
        Assert.StartsWith("answer: The capital is Paris.\nreceipt ", asked.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_Node_sample_opens_no_pipe_of_a_folder()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "skipped: needs Linux");
        string folder = TestModels.NewFolder("node");
        Assert.Equal(0, (await InstalledProgram.RunAsync("mkfifo", Path.Combine(folder, "pipe"))).ExitCode);
        File.CreateSymbolicLink(Path.Combine(folder, "gone"), "nothing");
        CommandResult result = await NodeAsync("verify.mjs", folder, KeyFile());
        Assert.Equal(2, result.ExitCode);
        Assert.StartsWith("gone: UNUSABLE: ", result.Output, StringComparison.Ordinal);
        Assert.EndsWith("\npipe: UNUSABLE: it is no regular file\n", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_Node_sample_asks_and_makes_a_bundle_that_verify_takes()
    {
        string bundle = Path.Combine(TestModels.NewFolder("sample"), "bundle.json");
        CommandResult result = await NodeAsync(
            "receipt.mjs",
            _server.Url,
            "What is the capital of \"France\"?",
            KeyFile(),
            bundle
        );
        Assert.True(result.ExitCode == 0, result.Output + result.Error);
        Assert.StartsWith("answer: The capital is Paris.\nreceipt ", result.Output, StringComparison.Ordinal);
        Assert.Contains(", request, output, ", result.Output, StringComparison.Ordinal);
        Assert.Contains(", token chain, prompt, trail verified\n", result.Output, StringComparison.Ordinal);
        Assert.EndsWith("environment (its document was not given)\n", result.Output, StringComparison.Ordinal);
        string key = Path.Combine(Path.GetDirectoryName(bundle)!, "key.txt");
        await File.WriteAllTextAsync(key, _server.LogKey.ToString(), TestContext.Current.CancellationToken);
        Verified verified = await RecordedExchange.VerifyAsync(bundle, "--against", _server.Url, "--key", key);
        verified.Is(0, "REPRODUCED", "");
        Assert.Equal(
            ("passed", "passed", "passed"),
            (verified.Check("tokens"), verified.Check("output"), verified.Check("prompt"))
        );
    }

    [Fact]
    public async Task The_C_sharp_sample_asks_and_verifies()
    {
        CommandResult result = await CSharpAsync(KeyFile());
        Assert.True(result.ExitCode == 0, result.Output + result.Error);
        Assert.Contains("VALID (not replayed)\n", result.Output, StringComparison.Ordinal);
        Assert.Contains("Output      Passed", result.Output, StringComparison.Ordinal);
        Assert.EndsWith("\nanswer: The capital is Paris.\n", result.Output, StringComparison.Ordinal);
        CommandResult unpinned = await CSharpAsync();
        Assert.Equal(17, unpinned.ExitCode);
        Assert.DoesNotContain("The capital", unpinned.Output, StringComparison.Ordinal);
    }

    private string KeyFile()
    {
        string file = Path.Combine(TestModels.NewFolder("sample"), "key.txt");
        File.WriteAllText(file, _server.LogKey.ToString());
        return file;
    }

    private Task<CommandResult> CSharpAsync(params string[] keyFile) =>
        InstalledProgram.RunAsync(
            ServerProgram.Built.File,
            [
                Path.Combine(AppContext.BaseDirectory, "ReceiptSample.dll"),
                _server.Url,
                "What is the capital of \"France\"?",
                .. keyFile,
            ]
        );

    private static Task<CommandResult> NodeAsync(string sample, params string[] arguments)
    {
        Assert.SkipWhen(OwnerProcess.Find("node") is null, "skipped: needs Node");
        return InstalledProgram.RunAsync(
            OwnerProcess.Find("node")!,
            [Path.Combine(RepositoryFiles.Root, "samples", "node", sample), .. arguments]
        );
    }
}
