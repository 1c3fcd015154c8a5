using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using DeterministicInference.Receipts.Log;
using DeterministicInference.Receipts.Signing;
using DeterministicInference.Receipts.Statements;
using DeterministicInference.Server.Receipts.Store;
using DeterministicInference.Server.Tests.Witness;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace DeterministicInference.Server.Tests.EndToEnd;

/// <summary>Servers and witnesses as processes, and what a client verifies of it.</summary>
public sealed class WitnessedServerTests
{
    private const string Question = """{"messages":[{"role":"user","content":"Hello"}],"max_tokens":3}""",
        Streamed = """{"messages":[{"role":"user","content":"Hello"}],"max_tokens":3,"stream":true}""";

    private readonly string _root = TestModels.NewFolder("witnessed");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Two_operators_witness_each_other_and_verify_requires_it()
    {
        (string one, NoteKey logOne) = await NewLogAsync("one");
        (string two, NoteKey logTwo) = await NewLogAsync("two");
        string logs = await FileAsync("logs.txt", $"{logOne}\n{logTwo}\n");
        await using WitnessProcess first = await WitnessProcess.StartAsync(Path.Combine(_root, "w1"), logs);
        await using WitnessProcess second = await WitnessProcess.StartAsync(Path.Combine(_root, "w2"), logs);
        string policy = await FileAsync(
            "policy.txt",
            $"log {logOne}\nlog {logTwo}\nwitness A {first.Keys[0]} {first.Url}\n"
                + $"witness B {second.Keys[1]} {second.Url}/\ngroup both all A B\nquorum both\n"
        );
        await using ServeProcess server = await StartAsync(one, policy, "--witness-mode", "wait");
        await using ServeProcess other = await StartAsync(two, policy, "--witness-mode", "wait");

        JsonObject answer = await server.Api.JsonAsync(ApiClient.Chat, Question);
        string json = await FileAsync("answer.json", answer.ToJsonString());
        string stream = await FileAsync("answer.sse", (await other.Api.PostAsync(ApiClient.Chat, Streamed)).Body);
        foreach ((string file, string body) in new[] { (json, Question), (stream, Streamed) })
        {
            string request = await FileAsync("request.json", body);
            CommandResult valid = await VerifyAsync(file, policy, "--require", "witnessed", "--request", request);
            Assert.True(valid.ExitCode == 0, valid.Output + valid.Error);
            Assert.StartsWith("VALID (not replayed)\n", valid.Output, StringComparison.Ordinal);
            Assert.Matches(@"\n✓ witnesses +ok\n", valid.Output);
            Assert.Matches(@"\n  cosigned by +A, 20\d\d-.*Z\n  cosigned by +B, 20\d\d-.*Z\n", valid.Output);
        }

        using SigningKey stranger = SigningKey.Create();
        string strict = await FileAsync(
            "strict.txt",
            $"witness A {first.Keys[0]}\nwitness C {new Cosigner("c", stranger).Key}\ngroup both all A C\nquorum both\n"
        );
        string vkey = await FileAsync("vkey.txt", $"{logOne}");
        CommandResult unmet = await VerifyAsync(json, strict, "--require", "witnessed", "--key", vkey, "--json");
        Assert.Equal(20, unmet.ExitCode);
        JsonNode report = JsonNode.Parse(unmet.Output)!;
        Assert.Equal(
            ("POLICY", 20, "the policy's quorum has not cosigned the checkpoint, only A"),
            ((string)report["verdict"]!, (int)report["exit_code"]!, (string)report["reason"]!)
        );
        Assert.Equal("A", (string)Assert.Single(report["cosignatures"]!.AsArray())!["witness"]!);
        JsonNode check = report["checks"]!.AsArray().Single(check => (string)check!["check"]! == "witnesses")!;
        Assert.Equal("not_met", (string)check["outcome"]!);
        // It is reported, and asked for by nobody.
        string asked = await FileAsync("request.json", Question);
        CommandResult reported = await VerifyAsync(json, strict, "--key", vkey, "--request", asked);
        Assert.Equal(0, reported.ExitCode);
        Assert.Matches(
            @"\n✗ witnesses +NOT MET: the policy's quorum has not cosigned the checkpoint, only A\n",
            reported.Output
        );
        // A policy of other logs.
        string foreign = await FileAsync("foreign.txt", $"log {logTwo}\nquorum none\n");
        Assert.Equal(20, (await VerifyAsync(json, foreign, "--require", "witnessed", "--key", vkey)).ExitCode);

        // A false cosignature of a known witness makes the checkpoint worthless.
        string proof = (string)answer["determinism"]!["proof"]!,
            line = SignedNote.Parse(TlogProof.Parse(proof).Checkpoint).Signatures[1].ToString();
        string changed = line[..^8] + (line[^8] == 'A' ? 'B' : 'A') + line[^7..];
        answer["determinism"]!["proof"] = proof.Replace(line, changed, StringComparison.Ordinal);
        string forged = await FileAsync("forged.json", answer.ToJsonString());
        Assert.Equal(13, (await VerifyAsync(forged, policy, "--require", "witnessed")).ExitCode);
        CommandResult unwitnessed = await ServerProgram.Built.RunAsync([
            "verify",
            forged,
            "--key",
            vkey,
            "--request",
            asked,
        ]);
        Assert.Equal(0, unwitnessed.ExitCode);

        // Monitors see what clients believe, and keep it.
        string note = (await server.Api.GetAsync("/v1/log/checkpoint")).Body;
        RequireQuorum(policy, note);
        string mirror = Path.Combine(_root, "mirror");
        CommandResult copied = await ServerProgram.Built.RunAsync([
            "receipts",
            "mirror",
            server.Url,
            mirror,
            "--key",
            vkey,
        ]);
        Assert.True(copied.ExitCode == 0, copied.Error);
        Assert.Equal(note, await File.ReadAllTextAsync(Path.Combine(mirror, "checkpoint"), Cancellation));
        JsonObject stored = (
            await server.Api.GetAsync($"/v1/receipts/{(string)answer["determinism"]!["receipt_id"]!}")
        ).Json;
        RequireQuorum(policy, TlogProof.Parse((string)stored["proof"]!).Checkpoint);
    }

    [Fact]
    public async Task A_log_that_was_set_back_or_forked_is_refused_and_the_reason_shown()
    {
        (string data, NoteKey log) = await NewLogAsync("log");
        await using WitnessProcess first = await WitnessProcess.StartAsync(Path.Combine(_root, "w1"), log.ToString());
        await using WitnessProcess second = await WitnessProcess.StartAsync(Path.Combine(_root, "w2"), log.ToString());
        string policy = await FileAsync(
            "policy.txt",
            $"witness A {first.Keys[0]} {first.Url}\nwitness B {second.Keys[0]} {second.Url}\n"
                + "group both all A B\nquorum both\n"
        );
        await using (ServeProcess server = await StartAsync(data, policy))
        {
            await server.Api.JsonAsync(ApiClient.Chat, Question);
            await server.Api.HealthAsync(health => (int?)health["witnesses"]!["witnessed_entries"] == 2);
        }
        string older = Path.Combine(_root, "older");
        Copy(data, older);
        await using (ServeProcess server = await StartAsync(data, policy))
        {
            await server.Api.JsonAsync(ApiClient.Chat, Question);
            await server.Api.HealthAsync(health => (int?)health["witnesses"]!["witnessed_entries"] == 3);
        }
        await using ServeProcess back = await StartAsync(older, policy);
        JsonObject setBack = await back.Api.HealthAsync(health => DetailOf(health, 0) is not null);
        Assert.Equal(
            "has cosigned 3 entries, and this log has 2: the log was set back, or another server continues it",
            DetailOf(setBack, 0)
        );
        Assert.Equal("degraded", (string)setBack["witnesses"]!["status"]!);
        await back.Api.JsonAsync(ApiClient.Chat, Question);
        await back.Api.JsonAsync(ApiClient.Chat, Question);
        JsonObject forked = await back.Api.HealthAsync(health =>
            DetailOf(health, 0)?.Contains("422", StringComparison.Ordinal) == true
            && DetailOf(health, 1)?.Contains("422", StringComparison.Ordinal) == true
        );
        // The checkpoint that was next after the one of the copy may have three entries, or already four.
        Assert.Matches(
            "^answers 422: (Another checkpoint of 3 entries was cosigned, with another root hash"
                + "|The proof does not show that the 3 entries that were cosigned are the first of these 4)",
            DetailOf(forked, 0)
        );
        Assert.Equal(2, (int)forked["witnesses"]!["witnessed_entries"]!);
        // What had a quorum is still what is shown.
        Assert.Equal(2, Checkpoint.Verify((await back.Api.GetAsync("/v1/log/checkpoint")).Body, log).Size);
        await first
            .Log.FindAsync(line => line.Contains("does not follow the one of 3", StringComparison.Ordinal))
            .Within();
    }

    [Fact]
    public async Task Without_a_quorum_answers_are_sent_without_a_receipt_or_not_at_all()
    {
        (string one, NoteKey logOne) = await NewLogAsync("one");
        (string two, NoteKey logTwo) = await NewLogAsync("two");
        string logs = await FileAsync("logs.txt", $"{logOne}\n{logTwo}\n"),
            folder = Path.Combine(_root, "w2");
        await using WitnessProcess first = await WitnessProcess.StartAsync(Path.Combine(_root, "w1"), logs);
        int port = FreePort.Next();
        string policy;
        ServeProcess continues,
            refuses;
        await using (WitnessProcess second = await WitnessProcess.StartAsync(folder, logs, port))
        {
            policy = await FileAsync(
                "policy.txt",
                $"witness A {first.Keys[0]} {first.Url}\nwitness B {second.Keys[0]} {second.Url}\n"
                    + "group both all A B\nquorum both\n"
            );
            string[] wait = ["--witness-mode", "wait", "--witness-timeout", "1s"];
            continues = await StartAsync(one, policy, wait);
            refuses = await StartAsync(two, policy, [.. wait, "--on-receipt-failure", "refuse"]);
            Assert.NotNull((await continues.Api.JsonAsync(ApiClient.Chat, Question))["determinism"]!["proof"]);
            Assert.NotNull((await refuses.Api.JsonAsync(ApiClient.Chat, Question))["determinism"]!["proof"]);
        }
        await using (continues)
        await using (refuses)
        {
            JsonNode receipt = (await continues.Api.JsonAsync(ApiClient.Chat, Question))["determinism"]!;
            Assert.Equal("not_witnessed", (string)receipt["error"]!);
            Reply refused = await refuses.Api.PostAsync(ApiClient.Chat, Question);
            Assert.Equal(
                (HttpStatusCode.ServiceUnavailable, "not_witnessed"),
                (refused.Status, (string)refused.Json["error"]!["code"]!)
            );
            Assert.Equal(HttpStatusCode.ServiceUnavailable, (await refuses.Api.GetAsync("/readyz")).Status);
            Assert.Equal(HttpStatusCode.OK, (await continues.Api.GetAsync("/readyz")).Status);
            JsonObject health = (await continues.Api.GetAsync("/health")).Json;
            Assert.Equal("unavailable", (string)health["witnesses"]!["status"]!);
            Assert.Equal("no quorum of witnesses has cosigned within 1 s", (string)health["witnesses"]!["detail"]!);
            Assert.Equal(
                ["ok", "behind"],
                health["witnesses"]!["witnesses"]!.AsArray().Select(w => (string)w!["status"]!)
            );

            await using WitnessProcess again = await WitnessProcess.StartAsync(folder, logs, port);
            await refuses.Api.AnswersAsync("/readyz", HttpStatusCode.OK, refuses);
            Assert.NotNull((await refuses.Api.JsonAsync(ApiClient.Chat, Question))["determinism"]!["proof"]);
            await continues.Api.HealthAsync(health => (string)health["witnesses"]!["status"]! == "ok");
            // The receipt was stored all the same, and is witnessed now.
            JsonObject late = (await continues.Api.GetAsync($"/v1/receipts/{(string)receipt["receipt_id"]!}")).Json;
            RequireQuorum(policy, TlogProof.Parse((string)late["proof"]!).Checkpoint);
            Assert.True(Receipt.FromJson(Encoding.UTF8.GetBytes(late.ToJsonString())).Statement.Length > 0);
        }
    }

    [Theory]
    [InlineData(
        "--witness-policy: '{0}' is no policy (C2SP tlog-policy): The policy has no line 'quorum NAME' (or "
            + "'quorum none').",
        ""
    )]
    [InlineData(
        "--witness-policy: '{0}' is no policy (C2SP tlog-policy): Line 1 names 'X', which no line above defines.",
        "quorum X\n"
    )]
    [InlineData(
        "--witness-policy: '{0}' has a quorum that needs witnesses without an address, so no checkpoint could have it. "
            + "Add the address (submission prefix) to the witness lines.",
        "witness X remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2\nquorum X\n"
    )]
    [InlineData(
        "--witness-policy: '{0}' gives the witness 'X' the address 'ftp://x'. Give one such as "
            + "https://witness.example/.",
        "witness X remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2 ftp://x\nquorum X\n"
    )]
    public async Task A_policy_that_can_not_be_used_is_refused_at_the_start(string message, string text)
    {
        string policy = await FileAsync("policy.txt", text);
        CommandResult result = await ServerProgram.Built.RunAsync([
            "serve",
            "--backend",
            "embedded",
            "--witness-policy",
            policy,
        ]);
        Assert.Equal(
            (2, $"error: {message.Replace("{0}", policy, StringComparison.Ordinal)}\n"),
            (result.ExitCode, result.Error)
        );
    }

    [Theory]
    [InlineData(
        "error: --witness-mode: 'wait' waits for nobody: no --witness-policy names witnesses. Give one, or "
            + "background.\n",
        "--witness-mode",
        "wait"
    )]
    [InlineData(
        "error: --witness-policy: '/nowhere' can't be read: there is no such file.\n",
        "--witness-policy",
        "/nowhere"
    )]
    [InlineData(
        "error: --witness-policy: '/nowhere' has no effect: --receipts is off. Remove one of them.\n",
        "--witness-policy",
        "/nowhere",
        "--receipts",
        "off"
    )]
    public async Task Settings_that_contradict_each_other_are_named(string error, params string[] arguments)
    {
        CommandResult result = await ServerProgram.Built.RunAsync(["serve", "--backend", "embedded", .. arguments]);
        Assert.Equal((2, error), (result.ExitCode, result.Error));
    }

    [Theory]
    [InlineData(
        "error: --require: witnessed needs --witness-policy FILE, which says by whom.",
        "--require",
        "witnessed"
    )]
    [InlineData("error: --require: 'proved' is none of signed, logged, witnessed, replayed.", "--require", "proved")]
    [InlineData(
        "error: --witness-policy: '/nowhere' can't be read: there is no such file.",
        "--witness-policy",
        "/nowhere"
    )]
    public async Task Options_of_verify_that_can_not_be_used_are_named(string error, params string[] arguments)
    {
        CommandResult result = await ServerProgram.Built.RunAsync(["verify", "answer.json", .. arguments]);
        Assert.Equal(2, result.ExitCode);
        Assert.StartsWith(error, result.Error, StringComparison.Ordinal);
    }

    private static string? DetailOf(JsonObject health, int witness) =>
        (string?)health["witnesses"]!["witnesses"]![witness]!["detail"];

    private static void RequireQuorum(string policy, string note) =>
        Assert.True(WitnessPolicy.Parse(File.ReadAllBytes(policy)).Evaluate(SignedNote.Parse(note)).HasQuorum, note);

    private static Task<CommandResult> VerifyAsync(string receipt, string policy, params string[] arguments) =>
        ServerProgram.Built.RunAsync(["verify", receipt, "--witness-policy", policy, .. arguments]);

    private static async Task<ServeProcess> StartAsync(string data, string policy, params string[] arguments)
    {
        ServeProcess server = await ServeProcess.EmbeddedAsync(
            TestModels.Chat,
            ["--data-dir", data, "--witness-policy", policy, .. arguments]
        );
        return server;
    }

    private static void Copy(string from, string to)
    {
        foreach (string file in Directory.GetFiles(from, "*", SearchOption.AllDirectories))
        {
            string copy = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }
    }

    /// <summary>A log that has begun, so that witnesses can be told its key.</summary>
    private async Task<(string Folder, NoteKey Key)> NewLogAsync(string name)
    {
        string folder = Path.Combine(_root, name);
        await using ReceiptStore store = ReceiptStore.Open(
            new ReceiptStoreSettings(folder),
            TimeProvider.System,
            NullLogger.Instance
        );
        return (folder, store.LogKey);
    }

    private async Task<string> FileAsync(string name, string text)
    {
        string path = Path.Combine(_root, name);
        await File.WriteAllTextAsync(path, text, Cancellation);
        return path;
    }
}
