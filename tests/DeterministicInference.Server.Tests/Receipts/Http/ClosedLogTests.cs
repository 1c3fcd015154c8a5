using System.Net;
using System.Text.Json.Nodes;
using DeterministicInference.Receipts.Log;
using DeterministicInference.Server.Tests.Documentation;
using DeterministicInference.Server.Tests.Receipts.Issuing;
using DeterministicInference.Server.Tests.Receipts.Store;
using DeterministicInference.Server.Tests.Serve;
using DeterministicInference.Server.Tests.Verification;
using Xunit;

namespace DeterministicInference.Server.Tests.Receipts.Http;

/// <summary>What a client and a follower see of a log that its operator has ended.</summary>
public sealed class ClosedLogTests : IDisposable
{
    private const string Question = """{"prompt":"a","max_tokens":2}""";

    private readonly StoreFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_rotated_log_is_still_served_proved_and_followed()
    {
        string init = await CommandAsync("init", "--log-origin", "acme.example");
        string vkey = init.Split('\n')[1];
        Assert.Matches(@"^acme\.example/[0-9a-f]{12}\+[0-9a-f]{8}\+", vkey);
        Assert.Contains(vkey, await CommandAsync("init"), StringComparison.Ordinal);
        string key = Write("key", vkey + "\n"),
            mirror = _folder.Beside("mirror"),
            request = Write("request", Question);
        ReceivedAnswer answer;
        await using (ServeProcess server = await ServeAsync())
        {
            answer = await ReceivedAnswer.AskAsync(server.Api, ApiClient.Completions, Question);
            Assert.Equal(0, (await FollowAsync(server, mirror, key)).ExitCode);
            JsonNode only = Assert.Single((await server.Api.GetAsync("/v1/logs")).Json["data"]!.AsArray())!;
            Assert.Equal(
                (vkey, "/v1/logs/1", false, 2, null, null),
                (
                    (string)only["vkey"]!,
                    (string)only["path"]!,
                    (bool)only["closed"]!,
                    (int)only["entries"]!,
                    (string?)only["next"],
                    (string?)only["revocation"]
                )
            );
            CommandResult inUse = await RunAsync("rotate");
            Assert.Equal(
                (
                    1,
                    $"error: --data-dir: {_folder.Path} is in use by another server. Stop it first: a log is begun and "
                        + "ended while nothing writes to it."
                ),
                (inUse.ExitCode, Assert.Single(inUse.ErrorLines))
            );
        }
        string received = Write("received", answer.Body);

        string rotated = await CommandAsync("rotate", "--revoke");
        string next = rotated.TrimEnd('\n').Split('\n')[^1];
        Assert.Matches(@"^acme\.example/[0-9a-f]{12}\+[0-9a-f]{8}\+", next);
        string revocation = _folder.In("log-1/revocation");
        Assert.Contains(revocation, rotated, StringComparison.Ordinal);
        string check = await CommandAsync("check", "--key", key);
        Assert.Equal(2, check.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);

        await using ServeProcess again = await ServeAsync();
        JsonArray logs = (await again.Api.GetAsync("/v1/logs")).Json["data"]!.AsArray();
        Assert.Equal([(vkey, true), (next, false)], logs.Select(log => ((string)log!["vkey"]!, (bool)log["closed"]!)));
        Assert.Equal(next, (string?)logs[0]!["next"]);
        Assert.Equal(await File.ReadAllTextAsync(revocation, Cancellation), (string?)logs[0]!["revocation"]);
        Assert.Equal(next, (string)(await again.Api.GetAsync("/v1/receipts/key")).Json["vkey"]!);
        foreach (string path in (string[])["/v1/logs/0/checkpoint", "/v1/logs/3/checkpoint", "/v1/logs/x/tile/0/000"])
        {
            JsonNode error = OpenAIErrors.Read(await again.Api.GetAsync(path), HttpStatusCode.NotFound);
            Assert.Equal((path, "log_not_found"), (path, (string?)error["code"]));
        }

        // Who follows the log is told how it ended, and the next is followed with its own key.
        CommandResult ended = await FollowAsync(again, mirror, key);
        Assert.Equal(0, ended.ExitCode);
        Assert.Contains("Z 3 entries, 1 of them new\n", ended.Output, StringComparison.Ordinal);
        Assert.Contains(
            $"The log has ended, and its key is revoked. The next one, ",
            ended.Output,
            StringComparison.Ordinal
        );
        Assert.EndsWith($"has the key {next}\n", ended.Output, StringComparison.Ordinal);
        CommandResult follower = await FollowAsync(again, _folder.Beside("mirror2"), Write("next", next + "\n"));
        Assert.EndsWith("Z 2 entries, 2 of them new\n", follower.Output, StringComparison.Ordinal);

        if (OwnerProcess.Find("node") is not null)
        {
            (int exit, string told) = await InNodeAsync(again.Url, key, "state");
            Assert.Equal(
                (
                    0,
                    $"the log has 3 entries, and begins with the 0 that were seen before\nit has ended, and the next one has the key {next}\n"
                ),
                (exit, told)
            );
            Assert.Equal(
                (0, "the log has 2 entries, and begins with the 0 that were seen before\n"),
                await InNodeAsync(again.Url, _folder.Beside("next"), "state2")
            );
        }

        // The answer's own proof is under an earlier checkpoint, which whoever has the key could have signed.
        (await RecordedExchange.VerifyAsync(received, "--request", request, "--key", key)).Is(0, "VALID", "");
        string[] looked = ["--request", request, "--key", key, "--revoked", revocation];
        (await RecordedExchange.VerifyAsync(received, looked)).Is(
            12,
            "INCONCLUSIVE",
            "the key was revoked: only the log's last checkpoint counts, of 3 entries. The receipt, fetched again from its server, is proved by it"
        );
        (await RecordedExchange.VerifyAsync(received, "--key", key, "--against", again.Url)).Is(
            12,
            "INCONCLUSIVE",
            "the key was revoked: only the log's last checkpoint counts, of 3 entries. The receipt, fetched again from its server, is proved by it"
        );
        Reply stored = await again.Api.GetAsync($"/v1/receipts/{answer.ReceiptId}");
        string fetched = Write("fetched", stored.Body);
        (await RecordedExchange.VerifyAsync(fetched, [.. looked, "--response", received]))
            .Is(0, "VALID", "")
            .Has("revocation", "ok");
        // Without a key of the user, the server's key of that log is taken, and not its present one.
        CommandResult unpinned = await ServerProgram.Built.RunAsync([
            "verify",
            fetched,
            "--request",
            request,
            "--response",
            received,
            "--against",
            again.Url,
        ]);
        Assert.StartsWith("UNTRUSTED: ", unpinned.Output, StringComparison.Ordinal);
        Assert.Contains(
            "The replay: REPRODUCED, the same environment gives the same answer",
            unpinned.Output.Split('\n')[0],
            StringComparison.Ordinal
        );
        Assert.Contains(NoteKey.Parse(vkey).Key.KeyId.ToString(), unpinned.Output, StringComparison.Ordinal);
        CommandResult none = await ServerProgram.Built.RunAsync(["verify", received, "--revoked", request]);
        Assert.Equal(2, none.ExitCode);

        // Another server's key shows nothing about it, and what was changed is found without any server.
        using var elsewhere = new StoreFolder();
        await using (
            ServeProcess other = await ServeProcess.EmbeddedAsync(TestModels.Chat, "--data-dir", elsewhere.Path)
        )
        {
            (await RecordedExchange.VerifyAsync(received, "--request", request, "--against", other.Url)).Is(
                17,
                "UNTRUSTED",
                "there is no key to check the log with"
            );
        }
        string[] gone = ["--request", received, "--key", key, "--against", "http://127.0.0.1:9"];
        Assert.Equal(13, (await RecordedExchange.VerifyAsync(received, gone)).ExitCode);
        Assert.StartsWith($"error: --revoked: {request}: is no revocation ", none.Error, StringComparison.Ordinal);
    }

    private async Task<(int ExitCode, string Output)> InNodeAsync(string url, string key, string state)
    {
        CommandResult result = await InstalledProgram.RunAsync(
            OwnerProcess.Find("node")!,
            [Path.Combine(RepositoryFiles.Root, "samples", "node", "follow.mjs"), url, key, _folder.Beside(state)]
        );
        return (result.ExitCode, result.Output + result.Error);
    }

    /// <summary>The default is the same folder from wherever a command is run.</summary>
    [Fact]
    public async Task A_relative_state_folder_is_ignored()
    {
        string home = Directory.CreateDirectory(_folder.Beside("home")).FullName;
        foreach (string state in (string[])["", "relative/state"])
        {
            CommandResult result = await ServerProgram.Built.RunAsync(
                ["receipts", "init"],
                ("HOME", home),
                ("XDG_STATE_HOME", state)
            );
            Assert.Equal(("", 0), (result.Error, result.ExitCode));
            Assert.Contains(
                $" {home}/.local/state/deterministic-inference/receipts.",
                result.Output,
                StringComparison.Ordinal
            );
        }
        Assert.False(Directory.Exists("relative"));
    }

    [Fact]
    public async Task A_command_revokes_the_key_of_a_log_that_has_ended()
    {
        string vkey = (await CommandAsync("init")).Split('\n')[1];
        await CommandAsync("rotate");
        Assert.Equal(
            $"Its key is revoked. Give {_folder.In("log-1/revocation")} to those who verify its receipts: only its "
                + "last checkpoint counts now.\n",
            await CommandAsync("revoke", vkey)
        );
        await CommandAsync("check");
    }

    [Fact]
    public async Task Nothing_is_created_where_there_is_no_log()
    {
        CommandResult result = await RunAsync("rotate");
        Assert.Equal(
            (
                1,
                $"error: --data-dir: there are no receipts in {_folder.Path}. Give the --data-dir of the server that issued them."
            ),
            (result.ExitCode, Assert.Single(result.ErrorLines))
        );
        Assert.False(Directory.Exists(_folder.Path));
        CommandResult bad = await RunAsync("init", "--log-origin", "a b");
        Assert.Equal(2, bad.ExitCode);
        Assert.Contains("--log-origin: 'a b' is not a valid log name.", bad.Error, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    private string Write(string name, string text)
    {
        string path = _folder.Beside(name);
        File.WriteAllText(path, text);
        return path;
    }

    private Task<ServeProcess> ServeAsync() => ServeProcess.EmbeddedAsync(TestModels.Chat, "--data-dir", _folder.Path);

    private static Task<CommandResult> FollowAsync(ServeProcess server, string folder, string key) =>
        ServerProgram.Built.RunAsync(["receipts", "monitor", server.Url, folder, "--key", key, "--interval", "off"]);

    private async Task<string> CommandAsync(params string[] arguments)
    {
        CommandResult result = await RunAsync(arguments);
        Assert.Equal(("", 0), (result.Error, result.ExitCode));
        return result.Output;
    }

    private Task<CommandResult> RunAsync(params string[] arguments) =>
        ServerProgram.Built.RunAsync(["receipts", .. arguments, "--data-dir", _folder.Path]);
}
