using System.Text.Json.Nodes;
using DeterministicInference.Receipts.Signing;
using DeterministicInference.Server.Verification;
using Xunit;

namespace DeterministicInference.Server.Tests.Verification;

/// <summary>What <c>verify --trust</c> and <c>--require</c> ask for, and folders of receipts.</summary>
public sealed class TrustTests : IAsyncLifetime
{
    private IssuingServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await IssuingServer.StartAsync();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task A_trust_file_names_keys_and_how_long_they_are_good()
    {
        RecordedExchange exchange = await RecordedExchange.AskAsync(_server);
        using SigningKey other = SigningKey.Create();
        string key = _server.LogKey.ToString(),
            pem = _server.Key.PublicKey.ToPem();
        await IsAsync(0, "VALID", Key(key));
        await IsAsync(0, "VALID", Key(other.PublicKey.ToPem(), ("origin", "log.other")), Key(pem));
        await IsAsync(0, "VALID", Key(pem, ("origin", "log.example"), ("last_size", 2)));
        await IsAsync(19, "OTHER KEY", Key(pem, ("origin", "log.other")));
        await IsAsync(19, "OTHER KEY", Key(other.PublicKey.ToPem()));
        await IsAsync(20, "POLICY", Key(key, ("last_size", 1)));
        await IsAsync(20, "POLICY", Key(key, ("last_time", "2027-01-01T00:00:00Z")));
        await IsAsync(17, "UNTRUSTED");

        async Task IsAsync(int exitCode, string verdict, params JsonObject[] keys) =>
            (await VerifyAsync(exchange, Trust(exchange, keys))).Is(exitCode, verdict, "");
    }

    [Fact]
    public async Task What_is_required_and_not_there_is_POLICY()
    {
        RecordedExchange exchange = await RecordedExchange.AskAsync(_server);
        string trust = Trust(exchange, [Key(_server.LogKey.ToString())], "replayed");
        (await VerifyAsync(exchange, trust)).Is(20, "POLICY", "a replay is required, and none was made");
        (await VerifyAsync(exchange, trust, "--against", _server.Url)).Is(0, "REPRODUCED", "");
        _server.Environment = IssuingServer.EnvironmentOf("0.5.13");
        (await VerifyAsync(exchange, trust, "--against", _server.Url)).Is(
            20,
            "POLICY",
            "a replay in the same environment is required: another environment gives the same answer"
        );
        (await exchange.VerifyAsync("--require", "logged", "--require", "replayed")).Is(20, "POLICY", "");
        (await exchange.VerifyAsync("--require", "logged")).Is(0, "VALID", "");
        InputException refusal = await Assert.ThrowsAsync<InputException>(() =>
            VerifyAsync(exchange, Trust(exchange, [Key(_server.LogKey.ToString())], "witnessed"))
        );
        Assert.Contains("requires 'witnessed' and has no 'witness_policy'", refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[]", "the file is not an object")]
    [InlineData("""{"form":"dis-trust/2"}""", "'form' is not 'dis-trust/1'")]
    [InlineData("""{"form":"dis-trust/1","requires":"logged"}""", "the file has the unknown member 'requires'")]
    [InlineData("""{"form":"dis-trust/1","require":"proved"}""", "'proved' is none of signed, logged, witnessed,")]
    [InlineData("""{"form":"dis-trust/1","keys":{}}""", "'keys' is not an array")]
    [InlineData("""{"form":"dis-trust/1","keys":[{}]}""", "a key lacks 'key'")]
    [InlineData("""{"form":"dis-trust/1","keys":[{"key":"x"}]}""", "a 'key' can't be read: line 1 is neither")]
    [InlineData("""{"form":"dis-trust/1","keys":[{"key":"x","last_sise":1}]}""", "the unknown member 'last_sise'")]
    [InlineData("""{"form":"dis-trust/1","keys":[{"key":"x","last_size":-1}]}""", "'last_size' is not a number")]
    [InlineData("""{"form":"dis-trust/1","keys":[{"key":"x","last_time":"soon"}]}""", "'last_time' is not a time")]
    [InlineData("""{"form":"dis-trust/1","witness_policy":"quorum x"}""", "is no trust file")]
    public async Task A_trust_file_that_can_not_be_read_is_named_with_its_member(string text, string error)
    {
        RecordedExchange exchange = await RecordedExchange.AskAsync(_server);
        string file = exchange.Write("trust.json", text);
        InputException refusal = await Assert.ThrowsAsync<InputException>(() => VerifyAsync(exchange, file));
        Assert.StartsWith($"--trust: {file}", refusal.Message, StringComparison.Ordinal);
        Assert.Contains(error, refusal.Message, StringComparison.Ordinal);
    }

    /// <summary>For "this request, with these changes" the changes are shown.</summary>
    [Fact]
    public async Task What_the_server_set_is_shown_and_what_is_never_compared()
    {
        RecordedExchange exchange = await RecordedExchange.AskAsync(_server);
        Verified verified = await exchange.VerifyAsync();
        verified.Has("server set", "model: \"gpt\" → \"tiny\"").Has("server set", "seed: nothing was sent → 42");
        Assert.Equal(
            """[{"name":"model","sent":"\u0022gpt\u0022","set":"\u0022tiny\u0022"},{"name":"seed","sent":null,"set":"42"}]""",
            verified.Json["pins"]!.ToJsonString()
        );
        string answer = exchange.WithAnswer(text =>
            text.Replace("{\"id\"", "{\"citations\":[\"x\"],\"id\"", StringComparison.Ordinal)
        );
        (await RecordedExchange.VerifyAsync(answer, "--request", exchange.RequestFile, "--key", exchange.KeyFile))
            .Is(0, "VALID", "")
            .Has("never compared", "citations");
    }

    [Fact]
    public async Task Of_a_folder_each_file_has_a_line_and_the_worst_verdict_counts()
    {
        RecordedExchange exchange = await RecordedExchange.AskAsync(_server);
        string folder = TestModels.NewFolder("bundles"),
            bundle = File.ReadAllText(await exchange.ExportAsync("--url", _server.Url));
        File.WriteAllText(Path.Combine(folder, "a.json"), bundle);
        File.WriteAllText(Path.Combine(folder, "b.json"), bundle);
        CommandResult good = await RunAsync();
        Assert.Equal(
            (0, "a.json: VALID: not replayed\nb.json: VALID: not replayed\n\n2 files: 2 VALID\n"),
            (good.ExitCode, good.Output)
        );
        File.WriteAllText(Path.Combine(folder, "c.json"), bundle.Replace("Paris", "Lyon", StringComparison.Ordinal));
        File.WriteAllText(Path.Combine(folder, "d.txt"), "no receipt");
        Directory.CreateDirectory(Path.Combine(folder, "e\nf.json: VALID"));
        CommandResult bad = await RunAsync();
        Assert.Equal(13, bad.ExitCode);
        Assert.Contains("\ne\\u000af.json: VALID: UNUSABLE: ", bad.Output, StringComparison.Ordinal);
        Assert.Contains("\nc.json: TAMPERED: ", bad.Output, StringComparison.Ordinal);
        Assert.EndsWith("\n\n5 files: 2 VALID, 1 TAMPERED, 2 UNUSABLE\n", bad.Output, StringComparison.Ordinal);

        Task<CommandResult> RunAsync() => ServerProgram.Built.RunAsync(["verify", folder, "--key", exchange.KeyFile]);
    }

    private static Task<Verified> VerifyAsync(RecordedExchange exchange, string trust, params string[] more) =>
        RecordedExchange.VerifyAsync(
            exchange.AnswerFile,
            ["--request", exchange.RequestFile, "--trust", trust, .. more]
        );

    private static JsonObject Key(string key, params (string Name, JsonNode Value)[] more)
    {
        var json = new JsonObject { ["key"] = key };
        foreach ((string name, JsonNode value) in more)
            json[name] = value;
        return json;
    }

    private static string Trust(RecordedExchange exchange, JsonObject[] keys, string? requirement = null)
    {
        var trust = new JsonObject { ["form"] = "dis-trust/1", ["keys"] = new JsonArray([.. keys]) };
        if (requirement is not null)
            trust["require"] = requirement;
        return exchange.Write("trust.json", trust.ToJsonString());
    }
}
