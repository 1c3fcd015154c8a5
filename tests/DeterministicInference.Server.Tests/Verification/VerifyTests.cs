using System.Text.Json.Nodes;
using DeterministicInference.Receipts;
using DeterministicInference.Receipts.Log;
using DeterministicInference.Receipts.Signing;
using DeterministicInference.Server.Verification;
using Xunit;

namespace DeterministicInference.Server.Tests.Verification;

/// <summary><c>verify</c> without a replay, and <c>receipts export</c>.</summary>
public sealed class VerifyTests : IAsyncLifetime
{
    private const string Stream = """{"messages":[{"role":"user","content":"Hi"}],"stream":true}""";

    private IssuingServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await IssuingServer.StartAsync();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Theory]
    [InlineData(RecordedExchange.Question)]
    [InlineData(Stream)]
    public async Task An_answer_with_its_receipt_is_valid_and_never_reproduced(string body)
    {
        RecordedExchange exchange = await RecordedExchange.AskAsync(_server, body);
        Verified verified = await exchange.VerifyAsync();
        verified
            .Is(0, "VALID", "not replayed")
            .Has("signature", "ok")
            .Has("request", "ok")
            .Has("output", "ok")
            .Has("trail", "ok")
            .Has("receipt", exchange.ReceiptId);
        Assert.Equal("VALID (not replayed)", verified.FirstLine);
        Assert.Equal(("", null), (verified.Text.Split('\n')[1], verified.Json["remedy"]));
        Assert.Equal((true, null), ((bool)verified.Json["key"]!["pinned"]!, verified.Json["replay"]));
        Assert.Equal("not_checked", verified.Check("environment"));
    }

    [Fact]
    public async Task A_receipt_alone_can_be_checked_with_the_files_given()
    {
        RecordedExchange exchange = await RecordedExchange.AskAsync(
            _server,
            """{"messages":[],"return_token_ids":true}"""
        );
        string receipt = exchange.Write("receipt.json", exchange.Receipt.ToJsonString());
        (await RecordedExchange.VerifyAsync(receipt, "--key", exchange.KeyFile))
            .Is(18, "SIGNED", "neither request nor answer was given to compare")
            .Has("output", "not checked: no answer was given");
        Verified whole = await RecordedExchange.VerifyAsync(
            receipt,
            "--key",
            exchange.KeyFile,
            "--request",
            exchange.RequestFile,
            "--response",
            exchange.AnswerFile
        );
        Assert.Equal(
            ("passed", "passed", "passed", "passed"),
            (whole.Check("request"), whole.Check("output"), whole.Check("tokens"), whole.Check("prompt"))
        );
    }

    [Fact]
    public async Task A_bundle_has_all_that_is_needed()
    {
        RecordedExchange exchange = await RecordedExchange.AskAsync(_server);
        string bundle = await exchange.ExportAsync("--url", _server.Url);
        Verified verified = await RecordedExchange.VerifyAsync(bundle);
        verified.Is(17, "UNTRUSTED", "").Has("environment", "ok").Has("inclusion", "ok").Has("request", "ok");
        Assert.EndsWith(
            $"; key not pinned: {_server.Key.PublicKey.KeyId}",
            verified.FirstLine,
            StringComparison.Ordinal
        );
        Assert.False((bool)verified.Json["key"]!["pinned"]!);
        Assert.Equal(
            ("Give the operator's public key with --key.", "Give the operator's public key with --key."),
            (verified.Text.Split('\n')[1], (string?)verified.Json["remedy"])
        );
        Assert.DoesNotContain("--key", (string)verified.Json["reason"]!, StringComparison.Ordinal);
        // To compute it again does not show who has signed.
        (await RecordedExchange.VerifyAsync(bundle, "--against", _server.Url)).Is(
            17,
            "UNTRUSTED",
            "no key was given that is trusted. The replay: REPRODUCED, the same environment gives the same answer"
        );
        (await RecordedExchange.VerifyAsync(bundle, "--against", _server.Url, "--key", exchange.KeyFile)).Is(
            0,
            "REPRODUCED",
            ""
        );
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(bundle));
    }

    /// <summary>A reader shows the answer in such a file, and the check would compare what else it is.</summary>
    [Theory]
    [InlineData("form", "\"x\"")]
    [InlineData("form", "null")]
    [InlineData("statement", "\"x\"")]
    [InlineData("receipt", "{}")]
    public async Task An_answer_that_is_something_else_too_is_refused(string name, string value)
    {
        RecordedExchange exchange = await RecordedExchange.AskAsync(_server);
        string answer = exchange.WithAnswer(text => $"{{\"{name}\":{value}," + text[1..]);
        Assert.EndsWith(
            $"is two things at once (it has '{name}' and 'choices'): an answer has 'choices', a bundle 'form', a "
                + "receipt 'statement'.",
            await FailsAsync(answer, "--request", exchange.RequestFile, "--key", exchange.KeyFile),
            StringComparison.Ordinal
        );
    }

    /// <summary>Some clients take it for a part of the first line, and lose the first event.</summary>
    [Fact]
    public async Task A_stream_that_begins_with_the_mark_of_the_byte_order_is_refused()
    {
        RecordedExchange exchange = await RecordedExchange.AskAsync(_server, Stream);
        Assert.EndsWith(
            "is a stream that begins with a byte order mark, which no server sends. Keep it without.",
            await FailsAsync(exchange.WithAnswer(text => "\uFEFF" + text)),
            StringComparison.Ordinal
        );
    }

    /// <summary>Editors begin a text with this mark.</summary>
    [Fact]
    public async Task The_mark_of_the_byte_order_is_none_of_an_answer()
    {
        RecordedExchange exchange = await RecordedExchange.AskAsync(_server);
        string answer = exchange.WithAnswer(text => "\uFEFF" + text);
        (await RecordedExchange.VerifyAsync(answer, "--request", exchange.RequestFile, "--key", exchange.KeyFile)).Is(
            0,
            "VALID",
            ""
        );
    }

    [Fact]
    public async Task The_object_of_a_receipt_may_begin_with_the_mark_and_one_that_is_too_deep_is_a_verdict()
    {
        RecordedExchange exchange = await RecordedExchange.AskAsync(_server);
        string json = exchange.Receipt.ToJsonString(),
            deep = $"{{\"x\":{string.Concat(Enumerable.Repeat("[", 100))}{new string(']', 100)},{json[1..]}";
        string[] key = ["--key", exchange.KeyFile];
        (await RecordedExchange.VerifyAsync(exchange.Write("marked", "\uFEFF" + json), key)).Is(18, "SIGNED", "");
        foreach (string text in (string[])[deep, "\uFEFF" + deep])
        {
            (await RecordedExchange.VerifyAsync(exchange.Write("deep", text), key)).Is(
                13,
                "TAMPERED",
                "is not JSON of at most 64 levels"
            );
        }
    }

    [Fact]
    public async Task Half_of_a_pair_in_a_name_is_a_verdict()
    {
        RecordedExchange exchange = await RecordedExchange.AskAsync(_server);
        string answer = exchange.WithAnswer(text =>
            text.Replace("\"determinism\":{", "\"determinism\":{\"x\":{\"\\ud800\":1},", StringComparison.Ordinal)
        );
        (await RecordedExchange.VerifyAsync(answer, "--key", exchange.KeyFile)).Is(13, "TAMPERED", "is not JSON");
    }

    [Fact]
    public async Task Without_a_server_a_bundle_has_what_the_client_kept()
    {
        RecordedExchange exchange = await RecordedExchange.AskAsync(_server, Stream);
        JsonObject bundle = JsonNode
            .Parse(await File.ReadAllTextAsync(await exchange.ExportAsync(), TestContext.Current.CancellationToken))!
            .AsObject();
        Assert.Equal(["form", "request", "response", "receipt"], bundle.Select(member => member.Key));
        Assert.Equal(
            (Stream, exchange.Answer),
            ((string)bundle["request"]!["body"]!, (string)bundle["response"]!["body"]!)
        );
    }

    [Fact]
    public async Task Parts_that_do_not_belong_together_are_not_exported()
    {
        RecordedExchange exchange = await RecordedExchange.AskAsync(_server);
        string answer = exchange.WithAnswer(text => text.Replace("Paris", "Lyon", StringComparison.Ordinal)),
            bundle = Path.Combine(Path.GetDirectoryName(answer)!, "no.json");
        CommandResult result = await ServerProgram.Built.RunAsync([
            "receipts",
            "export",
            "--answer",
            answer,
            "--request",
            exchange.RequestFile,
            "--output",
            bundle,
            "--url",
            _server.Url,
        ]);
        Assert.Equal(
            (
                2,
                $"error: {answer}: its parts don't belong together: the output is not the one that was sealed. Give the answer and its own request, and with --url the server that issued the receipt."
            ),
            (result.ExitCode, result.Error.Trim())
        );
        Assert.False(File.Exists(bundle));
    }

    [Theory]
    [InlineData("nowhere/b.json", "there is no folder '{0}/nowhere'. Create it, or give another file.")]
    [InlineData(".", "it is a folder. Give a file.")]
    public async Task A_bundle_that_can_not_be_written_is_named(string name, string problem)
    {
        RecordedExchange exchange = await RecordedExchange.AskAsync(_server);
        string folder = Path.GetDirectoryName(exchange.AnswerFile)!,
            output = $"{folder}/{name}";
        CommandResult result = await ServerProgram.Built.RunAsync([
            "receipts",
            "export",
            "--answer",
            exchange.AnswerFile,
            "-o",
            output,
        ]);
        Assert.Equal(
            (
                1,
                $"error: --output: {output} can't be written: "
                    + problem.Replace("{0}", folder, StringComparison.Ordinal)
            ),
            (result.ExitCode, result.Error.Trim())
        );
    }

    [Theory]
    [InlineData("the output", "Paris", "Lyon")]
    [InlineData("the answer", "\"index\":0", "\"index\":0,\"index\":0")]
    [InlineData("the receipt's id", "\"receipt_id\":\"", "\"receipt_id\":\"0")]
    [InlineData("'determinism.salt'", "\"salt\":\"", "\"salt\":\"*")]
    [InlineData("the log does not contain the statement", "\\\"complete\\\":true", "\\\"complete\\\":false")]
    [InlineData("the log's checkpoint is not signed", "\\nlog.example\\n2\\n", "\\nlog.example\\n3\\n")]
    public async Task A_changed_answer_is_tampered_and_the_part_is_named(string named, string part, string by)
    {
        RecordedExchange exchange = await RecordedExchange.AskAsync(_server);
        string changed = exchange.WithAnswer(text => text.Replace(part, by, StringComparison.Ordinal));
        (
            await RecordedExchange.VerifyAsync(
                changed,
                "--key",
                exchange.KeyFile,
                "--request",
                exchange.RequestFile,
                "--against",
                _server.Url
            )
        ).Is(13, "TAMPERED", named);
        Assert.Single(_server.Requests);
    }

    [Fact]
    public async Task Another_request_environment_or_proof_is_tampered_and_another_key_named()
    {
        RecordedExchange exchange = await RecordedExchange.AskAsync(_server);
        string request = exchange.Write(
            "other.json",
            RecordedExchange.Question.Replace("France", "Italy", StringComparison.Ordinal)
        );
        (await RecordedExchange.VerifyAsync(exchange.AnswerFile, "--key", exchange.KeyFile, "--request", request))
            .Is(13, "TAMPERED", "the request is not the one that was sealed")
            .Has("request", "FAILED");

        await using IssuingServer other = await IssuingServer.StartAsync();
        string key = exchange.Write("other.pem", other.Key.PublicKey.ToPem());
        (await RecordedExchange.VerifyAsync(exchange.AnswerFile, "--key", key)).Is(
            19,
            "OTHER KEY",
            $"the checkpoint names the key log.example+{_server.LogKey.Id:x8}"
        );

        JsonObject bundle = JsonNode
            .Parse(
                await File.ReadAllTextAsync(
                    await exchange.ExportAsync("--url", _server.Url),
                    TestContext.Current.CancellationToken
                )
            )!
            .AsObject();
        string proof = (string)bundle["receipt"]!["proof"]!;
        bundle["receipt"]!["proof"] = proof.Replace("index 1", "index 0", StringComparison.Ordinal);
        (
            await RecordedExchange.VerifyAsync(
                exchange.Write("b1.json", bundle.ToJsonString()),
                "--key",
                exchange.KeyFile
            )
        )
            .Is(13, "TAMPERED", "the log does not contain the statement")
            .Has("inclusion", "FAILED");
        bundle["receipt"]!["proof"] = proof;
        bundle["environment"]!["facts"]!["engine.version"]!["value"] = "0.6";
        (
            await RecordedExchange.VerifyAsync(
                exchange.Write("b2.json", bundle.ToJsonString()),
                "--key",
                exchange.KeyFile
            )
        ).Is(13, "TAMPERED", "'environment.id' is not the id of the facts");
    }

    [Fact]
    public async Task Without_salt_or_key_nothing_is_shown()
    {
        RecordedExchange exchange = await RecordedExchange.AskAsync(_server);
        JsonObject receipt = exchange.Receipt;
        ReceiptSalts all = ReceiptSalts.Of(new Salt(Convert.FromBase64String((string)receipt["salt"]!)));
        receipt.Remove("salt");
        receipt.Remove("trail");
        string closed = exchange.Write("closed.json", receipt.ToJsonString());
        (
            await RecordedExchange.VerifyAsync(
                closed,
                "--key",
                exchange.KeyFile,
                "--request",
                exchange.RequestFile,
                "--against",
                _server.Url
            )
        ).Is(12, "INCONCLUSIVE", "without its salt");
        JsonObject answer = JsonNode.Parse(exchange.Answer)!.AsObject();
        answer["determinism"]!.AsObject().Remove("salt");
        (await RecordedExchange.VerifyAsync(exchange.Write("answer", answer.ToJsonString()), "--key", exchange.KeyFile))
            .Is(12, "INCONCLUSIVE", "without its salt")
            .Has("output", "not checked: the receipt came without its salt, so it cannot be opened");
        // Salts that open nothing of what was given, and one that opens the answer and not the request.
        foreach (
            string[] labels in (string[][])
                [
                    [],
                    ["tokens", "prompt"],
                    ["output", "tokens"],
                ]
        )
        {
            var salts = new JsonObject();
            foreach (string label in labels)
            {
                Salt salt = all[ReceiptSalts.LabelOf(label)!.Value]!;
                salts[label] = Convert.ToBase64String(salt.Bytes);
            }
            answer["determinism"]!["salts"] = salts;
            string other = exchange.Write("other", """{"messages":[{"role":"user","content":"another"}]}""");
            (
                await RecordedExchange.VerifyAsync(
                    exchange.Write("answer", answer.ToJsonString()),
                    "--key",
                    exchange.KeyFile,
                    "--request",
                    other,
                    "--against",
                    _server.Url
                )
            ).Is(12, "INCONCLUSIVE", "without its salt");
        }
        (await RecordedExchange.VerifyAsync(exchange.AnswerFile, "--request", exchange.RequestFile)).Is(
            17,
            "UNTRUSTED",
            "no key to check the log with"
        );
        _server.TellsKey = false;
        (
            await RecordedExchange.VerifyAsync(
                exchange.AnswerFile,
                "--request",
                exchange.RequestFile,
                "--against",
                _server.Url
            )
        ).Is(17, "UNTRUSTED", "no key");
        Assert.Single(_server.Requests);
    }

    [Theory]
    [InlineData("""{"messages":[{"role":"user","content":"Our secret"}],"return_token_ids":true}""")]
    [InlineData("""{"messages":[{"role":"user","content":"Our secret"}],"return_token_ids":true,"stream":true}""")]
    public async Task A_bundle_without_the_request_opens_the_answer_alone(string body)
    {
        RecordedExchange exchange = await RecordedExchange.AskAsync(_server, body);
        string bundle = exchange.Write("shared.json", "");
        string[] arguments =
        [
            "receipts",
            "export",
            "--answer",
            exchange.AnswerFile,
            "--url",
            _server.Url,
            "--without-request",
            "-o",
            bundle,
        ];
        CommandResult export = await ServerProgram.Built.RunAsync(arguments);
        Assert.Equal(
            (0, $"{bundle}: receipt {exchange.ReceiptId} (without request)\n"),
            (export.ExitCode, export.Output)
        );
        Verified verified = await RecordedExchange.VerifyAsync(bundle, "--key", exchange.KeyFile);
        verified.Is(18, "SIGNED", "the answer is the sealed one, and no request was given to compare");
        Assert.Equal(
            ("passed", "passed", "not_checked"),
            (verified.Check("output"), verified.Check("tokens"), verified.Check("request"))
        );
        string text = await File.ReadAllTextAsync(bundle, TestContext.Current.CancellationToken);
        foreach (string secret in (string[])["prompt_token_ids", "determinism", "dis-receipt", "\"salt\":"])
            Assert.DoesNotContain(secret, text, StringComparison.Ordinal);
        string salt = exchange.Answer.Split("\"salt\":\"")[1][..44];
        Assert.DoesNotContain(salt, text, StringComparison.Ordinal);
        // The request shows nothing with it: no guess of it can be tested.
        (await RecordedExchange.VerifyAsync(bundle, "--key", exchange.KeyFile, "--request", exchange.RequestFile)).Is(
            12,
            "INCONCLUSIVE",
            "without its salt"
        );
        CommandResult both = await ServerProgram.Built.RunAsync([.. arguments, "--request", exchange.RequestFile]);
        Assert.Equal((2, "error: --without-request: leave --request out, or this.\n"), (both.ExitCode, both.Error));
    }

    /// <summary>Whoever follows a log over its rotations has several keys.</summary>
    [Fact]
    public async Task Of_several_keys_the_one_counts_that_the_checkpoint_names()
    {
        RecordedExchange exchange = await RecordedExchange.AskAsync(_server);
        using SigningKey other = SigningKey.Create();
        string vkey = new NoteKey("log.example", other.PublicKey).ToString(),
            elsewhere = new NoteKey("log.example/b", _server.Key.PublicKey).ToString(),
            pem = other.PublicKey.ToPem(),
            told = (await _server.Api.GetAsync("/v1/receipts/key")).Body;
        string wrong = exchange.Write("wrong", pem),
            lines = exchange.Write("lines", $"{vkey}\n\n {_server.LogKey}\r\n{elsewhere}\n"),
            blocks = exchange.Write("blocks", $"{pem}\n\n{_server.Key.PublicKey.ToPem()}\n"),
            json = exchange.Write("json", told);
        foreach (
            string[] keys in (string[][])
                [
                    [lines],
                    [blocks],
                    [json],
                    [wrong, json],
                    [lines, wrong],
                ]
        )
            (await VerifyAsync(keys)).Is(0, "VALID", "");
        foreach (
            string[] keys in (string[][])
                [
                    [wrong],
                    [exchange.Write("x", vkey)],
                    [exchange.Write("y", elsewhere)],
                ]
        )
            (await VerifyAsync(keys)).Is(19, "OTHER KEY", "");
        foreach (
            (string text, string error) in ((string, string)[])
                [
                    ("", "there is no key in it."),
                    (
                        $"{vkey}\nx",
                        "line 2 is neither a verifier key (ORIGIN+ID+BASE64) nor an Ed25519 public key in PEM"
                    ),
                ]
        )
        {
            string bad = exchange.Write("bad", text);
            InputException refused = await Assert.ThrowsAsync<InputException>(() => VerifyAsync(bad));
            Assert.StartsWith($"--key: {bad}: {error}", refused.Message, StringComparison.Ordinal);
        }

        Task<Verified> VerifyAsync(params string[] keys) =>
            RecordedExchange.VerifyAsync(
                exchange.AnswerFile,
                ["--request", exchange.RequestFile, .. keys.SelectMany(key => new[] { "--key", key })]
            );
    }

    [Fact]
    public async Task A_file_may_be_a_pipe()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "skipped: needs Linux");
        RecordedExchange exchange = await RecordedExchange.AskAsync(_server);
        string pipe = exchange.Write("pipe", "");
        File.Delete(pipe);
        Assert.Equal(0, (await InstalledProgram.RunAsync("mkfifo", pipe)).ExitCode);
        // It waits for the reader.
        Task writing = Task.Run(() => File.WriteAllText(pipe, exchange.Answer), TestContext.Current.CancellationToken);
        (await RecordedExchange.VerifyAsync(pipe, "--request", exchange.RequestFile, "--key", exchange.KeyFile)).Is(
            0,
            "VALID",
            ""
        );
        await writing.Within();
    }

    [Fact]
    public async Task Other_forms_are_of_an_unknown_version()
    {
        RecordedExchange exchange = await RecordedExchange.AskAsync(_server);
        string bundle = exchange.Write("newer.json", """{"form":"dis-bundle/3"}""");
        (await RecordedExchange.VerifyAsync(bundle)).Is(21, "UNKNOWN VERSION", "made by another version");
        JsonObject receipt = exchange.Receipt;
        const string Statement = """{"_type":"https://in-toto.io/Statement/v2"}""";
        receipt["statement"] = Statement;
        receipt["proof"] = _server.Seal(System.Text.Encoding.UTF8.GetBytes(Statement));
        (await RecordedExchange.VerifyAsync(exchange.Write("statement.json", receipt.ToJsonString()))).Is(
            21,
            "UNKNOWN VERSION",
            "made by another version"
        );
        // The first version signed each receipt.
        foreach (
            string older in (string[])
                [
                    """{"receipt_id":"x","receipt":{"payloadType":"t","payload":"","signatures":[]},"salt":""}""",
                    """{"choices":[],"determinism":{"receipt_id":"x","receipt":{"payloadType":"t"}}}""",
                    """{"form":"dis-bundle/1","receipt":{}}""",
                ]
        )
            (await RecordedExchange.VerifyAsync(exchange.Write("older.json", older))).Is(
                21,
                "UNKNOWN VERSION",
                "made by"
            );
    }

    [Fact]
    public async Task Files_that_can_not_be_used_are_named()
    {
        _server.Receipts = AnswerReceiptMode.Reference;
        RecordedExchange byId = await RecordedExchange.AskAsync(_server);
        Assert.Equal(
            $"{byId.AnswerFile}: has only the receipt's id. Fetch the receipt (GET /v1/receipts/{byId.ReceiptId}), "
                + "or name its server.",
            await FailsAsync(byId.AnswerFile)
        );
        (await byId.VerifyAsync("--against", _server.Url)).Is(0, "REPRODUCED", "");

        RecordedExchange exchange = byId;
        string nothing = Path.Combine(Path.GetDirectoryName(exchange.AnswerFile)!, "nothing");
        Assert.Equal($"{nothing}: can't be read: there is no such file.", await FailsAsync(nothing));
        Assert.Equal(
            $"--request: {nothing}: can't be read: there is no such file.",
            await FailsAsync(exchange.AnswerFile, "--request", nothing)
        );
        string deep = string.Concat(Enumerable.Repeat("{\"x\":", 200)) + "0" + new string('}', 200);
        foreach (string text in (string[])["{\"x\":", deep])
        {
            Assert.EndsWith(
                ": is not JSON of at most 129 levels.",
                await FailsAsync(exchange.Write("a", text)),
                StringComparison.Ordinal
            );
        }
        Assert.EndsWith(
            "is neither JSON nor a recorded stream with a receipt (a line ': dis-receipt …' before [DONE]). If it came with the header X-Receipt-Id, GET /v1/receipts/ID has the receipt; give the answer beside it.",
            await FailsAsync(exchange.Write("b", "data: {}\n\ndata: [DONE]\n\n")),
            StringComparison.Ordinal
        );
        Assert.EndsWith(
            "is neither a bundle, nor a receipt, nor an answer with one.",
            await FailsAsync(exchange.Write("c", "{}")),
            StringComparison.Ordinal
        );
        Assert.EndsWith(
            "the answer has no receipt (a member 'determinism'). If it came with the header X-Receipt-Id, GET /v1/receipts/ID has the receipt; give the answer beside it.",
            await FailsAsync(exchange.Write("d", """{"choices":[]}""")),
            StringComparison.Ordinal
        );
        Assert.EndsWith(
            "no receipt was issued for this answer: log_unavailable.",
            await FailsAsync(exchange.Write("e", """{"receipt_id":"x","error":"log_unavailable"}""")),
            StringComparison.Ordinal
        );
        Assert.EndsWith(
            ": the JSON has no verifier key ('vkey').",
            await FailsAsync(exchange.AnswerFile, "--key", exchange.RequestFile),
            StringComparison.Ordinal
        );
        _server.Receipts = AnswerReceiptMode.Inline;
        exchange = await RecordedExchange.AskAsync(_server);
        Assert.StartsWith(
            "the request is needed",
            await FailsAsync(exchange.AnswerFile, "--key", exchange.KeyFile, "--against", _server.Url),
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData(
        "verify",
        "error: verify: RECEIPT is missing. Give verify RECEIPT: a bundle, a receipt (the 'determinism' object), a whole JSON answer, a recorded stream, or a folder of such files."
    )]
    [InlineData("verify r --runs 2", "error: --runs: '2' is not a whole number from 3 to 100.")]
    [InlineData("verify r --delivery mail", "error: --delivery: 'mail' is not json or sse.")]
    [InlineData(
        "verify r --against http://user:sk-1@h",
        "error: --against: has a user name or password, which are not sent. Give --api-key instead."
    )]
    [InlineData(
        "verify r --against localhost:80",
        "error: --against: 'localhost:80' is not an address such as http://127.0.0.1:8080."
    )]
    [InlineData("verify r --timeout 0", "error: --timeout: '0' must be greater than 0.")]
    [InlineData("verify r --timeout 2d", "error: --timeout: '2d' is too long. Give at most 24h.")]
    [InlineData(
        "verify r --timeout soon",
        "error: --timeout: 'soon' is not a duration. Give seconds, or a number with a unit: 250ms, 30s, 5m, 1h."
    )]
    [InlineData("receipts export --answer a", "error: --output: is missing. Give --output FILE.")]
    public async Task A_wrong_command_line_is_exit_code_2(string arguments, string error)
    {
        CommandResult result = await ServerProgram.Built.RunAsync(arguments.Split(' '));
        Assert.Equal(2, result.ExitCode);
        Assert.Equal([error], result.ErrorLines);
    }

    private static async Task<string> FailsAsync(params string[] arguments)
    {
        CommandResult result = await ServerProgram.Built.RunAsync(["verify", .. arguments]);
        Assert.Equal((2, ""), (result.ExitCode, result.Output));
        string line = Assert.Single(result.ErrorLines);
        Assert.StartsWith("error: ", line, StringComparison.Ordinal);
        return line["error: ".Length..];
    }
}
