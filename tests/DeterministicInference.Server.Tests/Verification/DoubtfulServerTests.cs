using System.Text.Json.Nodes;
using DeterministicInference.Receipts;
using DeterministicInference.Receipts.Environments;
using DeterministicInference.Receipts.Log;
using DeterministicInference.Receipts.Signing;
using Xunit;

namespace DeterministicInference.Server.Tests.Verification;

/// <summary>
/// What the server of <c>--against</c> says of keys, logs and receipts is not signed, or by a key that nobody trusts:
/// wrong data there accuses no receipt, and hides no revocation.
/// </summary>
public sealed class DoubtfulServerTests : IAsyncLifetime
{
    private const string KeyPath = "/v1/receipts/key",
        LogsPath = "/v1/logs";

    private IssuingServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await IssuingServer.StartAsync();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Theory]
    [InlineData(500, "")]
    [InlineData(503, "{}")]
    [InlineData(401, "{}")]
    [InlineData(429, "{}")]
    [InlineData(200, "<html>Sign in</html>")]
    [InlineData(200, "{}")]
    [InlineData(200, "[]")]
    [InlineData(200, """{"data":null}""")]
    [InlineData(200, """{"data":{}}""")]
    public async Task A_list_of_logs_that_does_not_come_is_unreachable(int status, string body)
    {
        RecordedExchange exchange = await RecordedExchange.AskAsync(_server);
        _server.Instead[LogsPath] = (status, body);
        (await exchange.VerifyAsync("--against", _server.Url)).Is(15, "UNREACHABLE", "gave no usable answer");
    }

    /// <summary>A thief can give the key any name: what is revoked is the key.</summary>
    [Theory]
    [InlineData("log.example", true)]
    [InlineData("ops.example/abc", true)]
    [InlineData("log.example", false)]
    [InlineData("ops.example/abc", false)]
    public async Task A_revoked_key_counts_under_no_name(string origin, bool isRevoked)
    {
        RecordedExchange exchange = await RecordedExchange.AskAsync(_server);
        string pem = exchange.Write("key-only.pem", _server.Key.PublicKey.ToPem());
        using SigningKey next = SigningKey.Create(),
            other = SigningKey.Create();
        SigningKey key = isRevoked ? _server.Key : other;
        var log = new NoteKey(origin, key.PublicKey);
        var revocation = new LogRevocation(
            log,
            900,
            Sha256Value.Of("another root"u8),
            new NoteKey("log.example/next", next.PublicKey)
        );
        _server.Instead[LogsPath] = (
            200,
            new JsonObject
            {
                ["data"] = new JsonArray(
                    new JsonObject { ["vkey"] = "garbage", ["revocation"] = "garbage" },
                    new JsonObject { ["vkey"] = log.ToString(), ["revocation"] = $"{revocation.Sign(key, next)}" }
                ),
            }.ToJsonString()
        );
        string[] arguments = ["--request", exchange.RequestFile, "--key", pem, "--against", _server.Url];
        Verified verified = await RecordedExchange.VerifyAsync(exchange.AnswerFile, arguments);
        if (isRevoked)
            verified.Is(12, "INCONCLUSIVE", "the key was revoked: only the log's last checkpoint counts");
        else
            verified.Is(0, "REPRODUCED", "");
    }

    /// <summary>Whether a key was revoked is not known by whoever can't read its revocation.</summary>
    [Theory]
    [InlineData("\"\"")]
    [InlineData("\"garbage\"")]
    [InlineData("\"truncated\"")]
    [InlineData("7")]
    [InlineData("true")]
    [InlineData("{}")]
    [InlineData("[\"garbage\"]")]
    public async Task A_revocation_that_cannot_be_read_is_unreachable(string revocation)
    {
        RecordedExchange exchange = await RecordedExchange.AskAsync(_server);
        string note = Revocation();
        if (revocation == "\"truncated\"")
            revocation = JsonValue.Create(note[..^4])!.ToJsonString();
        ListLogs(Log(_server.LogKey, JsonNode.Parse(revocation)));
        (await exchange.VerifyAsync("--against", _server.Url)).Is(15, "UNREACHABLE", "revocation of the log's key");
        // Before one that can be read it hides nothing, however often it stands there.
        ListLogs([
            .. Enumerable.Range(0, 20).Select(i => Log(_server.LogKey, $"garbage {i}")),
            Log(_server.LogKey, note),
        ]);
        (await exchange.VerifyAsync("--against", _server.Url)).Is(15, "UNREACHABLE", "revocations of the log's key");
        // Those of other keys don't matter.
        using SigningKey other = SigningKey.Create();
        ListLogs(Log(new NoteKey("log.example", other.PublicKey), "garbage"), Log(_server.LogKey, null));
        (await exchange.VerifyAsync("--against", _server.Url)).Is(0, "REPRODUCED", "").Has("revocation", "ok");
    }

    /// <summary>A server that has another log of this name does not know of this one's key.</summary>
    [Fact]
    public async Task A_list_without_the_key_says_nothing_of_revocations()
    {
        RecordedExchange exchange = await RecordedExchange.AskAsync(_server);
        using SigningKey other = SigningKey.Create();
        ListLogs(Log(new NoteKey("log.example", other.PublicKey), null));
        (await exchange.VerifyAsync("--against", _server.Url)).Is(0, "REPRODUCED", "").Has("revocation", "not checked");
    }

    /// <summary>Of several keys of one name the one counts that has signed.</summary>
    [Fact]
    public async Task A_key_is_found_among_others_of_its_name()
    {
        RecordedExchange exchange = await RecordedExchange.AskAsync(_server);
        using SigningKey other = SigningKey.Create();
        var another = new NoteKey("log.example", other.PublicKey);
        _server.Instead[KeyPath] = (200, $$"""{"vkey":"{{another}}"}""");
        ListLogs(Log(another, null), Log(_server.LogKey, null));
        (
            await RecordedExchange.VerifyAsync(
                exchange.AnswerFile,
                ["--request", exchange.RequestFile, "--against", _server.Url]
            )
        ).Is(17, "UNTRUSTED", "the same environment gives the same answer");
        await exchange.ExportAsync("--url", _server.Url);
        // One that can't be read is passed over while another fits.
        _server.Instead[KeyPath] = (200, """{"vkey":"log.example+garbage"}""");
        ListLogs(new JsonObject { ["vkey"] = "log.example+zz+qq" }, Log(another, null), Log(_server.LogKey, null));
        (
            await RecordedExchange.VerifyAsync(
                exchange.AnswerFile,
                ["--request", exchange.RequestFile, "--against", _server.Url]
            )
        ).Is(17, "UNTRUSTED", "the same environment gives the same answer");
        string bundle = await exchange.ExportAsync("--url", _server.Url);
        // A bundle keeps its own where the server tells none that fits, and its request and answer.
        _server.Instead[KeyPath] = (200, $$"""{"vkey":"{{another}}"}""");
        ListLogs(Log(another, null));
        CommandResult again = await ServerProgram.Built.RunAsync([
            "receipts",
            "export",
            "--answer",
            bundle,
            "--url",
            _server.Url,
            "-o",
            exchange.Write("again.json", ""),
        ]);
        Assert.Equal((0, ""), (again.ExitCode, again.Error));
        Assert.EndsWith($"receipt {exchange.ReceiptId}\n", again.Output, StringComparison.Ordinal);
    }

    /// <summary>The document of an environment explains a difference; the verdict stands without it.</summary>
    [Fact]
    public async Task An_environment_that_the_server_cannot_give_costs_no_verdict()
    {
        RecordedExchange exchange = await RecordedExchange.AskAsync(_server);
        string original = $"/v1/environment/{_server.Environment.Id}";
        _server.Environment = IssuingServer.EnvironmentOf("another");
        foreach (string path in new[] { original, $"/v1/environment/{_server.Environment.Id}" })
            _server.Instead[path] = (500, """{"error":{"message":"The log of receipts is damaged."}}""");
        (await exchange.VerifyAsync("--against", _server.Url)).Is(11, "CORROBORATED", "");
        await exchange.ExportAsync("--url", _server.Url);
    }

    /// <summary>Whatever the server says of keys: that an answer broke off is said.</summary>
    [Theory]
    [InlineData("dead")]
    [InlineData("garbage")]
    [InlineData("another")]
    public async Task That_an_answer_broke_off_is_said_without_a_key_too(string key)
    {
        (RecordedExchange broken, string receipt) = await AskBrokenAsync();
        using SigningKey other = SigningKey.Create();
        if (key == "dead")
            _server.Status = 503;
        else
        {
            string vkey = key == "garbage" ? "log.example+garbage" : $"{new NoteKey("log.example", other.PublicKey)}";
            _server.Instead[KeyPath] = (200, $$"""{"vkey":"{{vkey}}"}""");
        }
        (
            await RecordedExchange.VerifyAsync(
                receipt,
                ["--request", broken.RequestFile, "--response", broken.AnswerFile, "--against", _server.Url]
            )
        ).Is(17, "UNTRUSTED", "he answer broke off");
    }

    /// <summary>A key that nobody trusts shows nothing by not fitting, and a broken one is the server's.</summary>
    [Theory]
    [InlineData("another", 17, "UNTRUSTED", "no key that the server tells has signed")]
    [InlineData("garbage", 15, "UNREACHABLE", "the verifier key that it tells can't be read")]
    [InlineData("none", 17, "UNTRUSTED", "there is no key")]
    public async Task A_key_that_the_server_tells_accuses_nothing(string what, int exit, string verdict, string why)
    {
        RecordedExchange exchange = await RecordedExchange.AskAsync(_server);
        using SigningKey other = SigningKey.Create();
        string key = what == "another" ? new NoteKey("log.example", other.PublicKey).ToString() : "log.example+garbage";
        _server.Instead[KeyPath] = what == "none" ? (404, "{}") : (200, $$"""{"vkey":"{{key}}"}""");
        string[] arguments = ["--request", exchange.RequestFile, "--against", _server.Url];
        (await RecordedExchange.VerifyAsync(exchange.AnswerFile, arguments)).Is(exit, verdict, why);
        // What the answer itself shows needs no key.
        string changed = exchange.WithAnswer(text => text.Replace(" Paris", " Rome", StringComparison.Ordinal));
        (await RecordedExchange.VerifyAsync(changed, arguments)).Is(13, "TAMPERED", "");
    }

    [Theory]
    [InlineData("<html>Sign in</html>")]
    [InlineData("{}")]
    [InlineData("another")]
    public async Task What_the_server_has_under_an_id_accuses_nothing(string body)
    {
        _server.Receipts = AnswerReceiptMode.Reference;
        RecordedExchange exchange = await RecordedExchange.AskAsync(_server),
            another = await RecordedExchange.AskAsync(_server);
        string path = $"/v1/receipts/{exchange.ReceiptId}";
        _server.Instead[path] =
            body == "another"
                ? (200, (await _server.Api.GetAsync($"/v1/receipts/{another.ReceiptId}")).Body)
                : (200, body);
        (await exchange.VerifyAsync("--against", _server.Url)).Is(15, "UNREACHABLE", "gave no usable answer");
    }

    /// <summary>What is altered there is the server's, whichever part it is.</summary>
    [Theory]
    [InlineData("proof")]
    [InlineData("statement")]
    [InlineData("salt")]
    [InlineData("short salt")]
    [InlineData("derived salts")]
    [InlineData("trail")]
    [InlineData("environment")]
    public async Task A_receipt_that_the_server_alters_accuses_nothing(string what)
    {
        _server.Receipts = AnswerReceiptMode.Reference;
        RecordedExchange exchange = await RecordedExchange.AskAsync(_server),
            another = await RecordedExchange.AskAsync(_server);
        JsonObject receipt = await KeptAsync(exchange),
            foreign = await KeptAsync(another);
        string[] against = ["--against", _server.Url];
        (await exchange.VerifyAsync(against)).Is(0, "REPRODUCED", "");
        string changed = exchange.WithAnswer(text => text.Replace(" Paris", " Rome", StringComparison.Ordinal));
        await VerifyChangedAsync(13, "TAMPERED");
        switch (what)
        {
            case "proof":
                receipt["proof"] = (string?)foreign["proof"];
                break;
            case "statement":
                receipt["statement"] = $"{receipt["statement"]} ";
                break;
            case "salt":
                receipt["salt"] = (string?)foreign["salt"];
                break;
            case "short salt":
                receipt["salt"] = Convert.ToBase64String(new byte[16]);
                break;
            case "derived salts":
                receipt.Remove("salt");
                receipt["salts"] = new JsonObject { ["output"] = (string?)foreign["salt"] };
                break;
            case "trail":
                receipt["trail"] = Convert.ToBase64String(new byte[32]);
                break;
            default:
                receipt["environment"] = JsonNode.Parse(
                    EnvironmentDocument.Write(IssuingServer.EnvironmentOf("another"))
                );
                break;
        }
        _server.Instead[$"/v1/receipts/{exchange.ReceiptId}"] = (200, receipt.ToJsonString());
        (await exchange.VerifyAsync(against)).Is(15, "UNREACHABLE", "gave no usable answer");
        await VerifyChangedAsync(15, "UNREACHABLE");
        // Nor does the export say that it is the answer's fault.
        Assert.Contains(
            "gave no usable answer",
            await exchange.ExportFailsAsync("--url", _server.Url),
            StringComparison.Ordinal
        );

        async Task VerifyChangedAsync(int exit, string verdict) =>
            (
                await RecordedExchange.VerifyAsync(
                    changed,
                    ["--request", exchange.RequestFile, "--key", exchange.KeyFile, .. against]
                )
            ).Is(exit, verdict, "");
    }

    /// <summary>An answer that broke off is incomplete, whoever is asked about it.</summary>
    [Fact]
    public async Task A_server_that_is_down_hides_no_verdict_that_needs_none()
    {
        RecordedExchange exchange = await RecordedExchange.AskAsync(_server);
        string changed = exchange.WithAnswer(text => text.Replace(" Paris", " Rome", StringComparison.Ordinal));
        (RecordedExchange broken, string receipt) = await AskBrokenAsync();
        _server.Status = 503;
        string[] against = ["--against", _server.Url];
        (await RecordedExchange.VerifyAsync(changed, ["--request", exchange.RequestFile, .. against])).Is(
            13,
            "TAMPERED",
            ""
        );
        (
            await RecordedExchange.VerifyAsync(
                receipt,
                ["--request", broken.RequestFile, "--key", broken.KeyFile, "--response", broken.AnswerFile, .. against]
            )
        ).Is(14, "INCOMPLETE", "");
    }

    private static JsonObject Log(NoteKey key, JsonNode? revocation) =>
        new() { ["vkey"] = key.ToString(), ["revocation"] = revocation };

    private void ListLogs(params JsonNode[] logs) =>
        _server.Instead[LogsPath] = (200, new JsonObject { ["data"] = new JsonArray(logs) }.ToJsonString());

    /// <summary>Of the server's key.</summary>
    private string Revocation()
    {
        using SigningKey next = SigningKey.Create();
        return new LogRevocation(
            _server.LogKey,
            900,
            Sha256Value.Of("another root"u8),
            new NoteKey("log.example/next", next.PublicKey)
        )
            .Sign(_server.Key, next)
            .ToString();
    }

    private async Task<JsonObject> KeptAsync(RecordedExchange exchange) =>
        JsonNode.Parse((await _server.Api.GetAsync($"/v1/receipts/{exchange.ReceiptId}")).Body)!.AsObject();

    /// <summary>An answer that broke off, and the file of its receipt.</summary>
    private async Task<(RecordedExchange Exchange, string Receipt)> AskBrokenAsync()
    {
        _server.Script = _ => ScriptedAnswer.Paris with { BreaksAfter = 2 };
        RecordedExchange broken = await RecordedExchange.AskAsync(
            _server,
            """{"model":"tiny","messages":[{"role":"user","content":"Hi"}],"seed":7,"stream":true}"""
        );
        Reply kept = await _server.Api.GetAsync($"/v1/receipts/{broken.ReceiptId}");
        return (broken, broken.Write("receipt.json", kept.Body));
    }
}
