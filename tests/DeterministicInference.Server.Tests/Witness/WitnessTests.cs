using System.Net;
using System.Text;
using DeterministicInference.Receipts.Log;
using Xunit;

namespace DeterministicInference.Server.Tests.Witness;

/// <summary>The <c>witness</c> command, as C2SP tlog-witness describes the protocol.</summary>
[System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
public sealed class WitnessTests : IDisposable
{
    private readonly TestLog _log = new();
    private readonly string _folder = Path.Combine(TestModels.NewFolder("witness"), "data");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string HashOfLog =>
        Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(Encoding.UTF8.GetBytes(_log.Key.Name)));

    [Fact]
    public async Task A_log_that_grows_is_cosigned_step_by_step_and_the_state_survives()
    {
        _log.Grow(700);
        int port = FreePort.Next();
        await using (WitnessProcess witness = await StartAsync(port))
        {
            await witness.CosignsAsync(_log, 0, 0);
            foreach ((long from, long to) in new[] { (0L, 1L), (1, 1), (1, 2), (2, 255), (255, 256), (256, 600) })
                await witness.CosignsAsync(_log, from, to);
        }
        await using WitnessProcess again = await StartAsync(port);
        await ConflictsAsync(again, 0, 700, 600);
        await again.CosignsAsync(_log, 600, 700);
    }

    [Fact]
    public async Task A_client_that_lost_the_answer_asks_again()
    {
        _log.Grow(20);
        int port = FreePort.Next();
        await using (WitnessProcess witness = await StartAsync(port))
        {
            await witness.CosignsAsync(_log, 0, 10);
            await witness.CosignsAsync(_log, 10, 20);
            witness.Kill();
            await witness.WaitForExitAsync();
        }
        await using WitnessProcess again = await StartAsync(port);
        await ConflictsAsync(again, 10, 20, 20);
        await again.CosignsAsync(_log, 20, 20);
    }

    [Fact]
    public async Task A_second_history_is_refused_with_the_sizes()
    {
        _log.Grow(30);
        await using WitnessProcess witness = await StartAsync();
        await witness.CosignsAsync(_log, 0, 20);
        using TestLog fork = _log.Fork(from: 15);
        Reply grown = await witness.AddAsync(fork, 20, 30);
        Assert.Equal(
            (
                HttpStatusCode.UnprocessableEntity,
                "The proof does not show that the 20 entries that were cosigned are the first of these 30.\n"
            ),
            (grown.Status, grown.Body)
        );
        Reply same = await witness.AddAsync(fork, 20, 20);
        Assert.Equal(
            (
                HttpStatusCode.UnprocessableEntity,
                "Another checkpoint of 20 entries was cosigned, with another root hash.\n"
            ),
            (same.Status, same.Body)
        );
        await witness
            .Log.FindAsync(line => line.Contains("30 entries does not follow the one of 20", StringComparison.Ordinal))
            .Within();
        // Nothing has changed by that.
        await witness.CosignsAsync(_log, 20, 30);
    }

    [Fact]
    public async Task A_log_that_was_set_back_gets_the_size()
    {
        _log.Grow(30);
        await using WitnessProcess witness = await StartAsync();
        await witness.CosignsAsync(_log, 0, 30);
        await ConflictsAsync(witness, 10, 20, 30);
        await ConflictsAsync(witness, 0, 20, 30);
        await witness
            .Log.FindAsync(line => line.Contains("20 entries came after one of 30", StringComparison.Ordinal))
            .Within();
    }

    /// <summary>Of requests that race, one is cosigned at each size, and the others get the size.</summary>
    [Fact]
    public async Task Requests_that_race_are_one_after_the_other()
    {
        _log.Grow(9);
        await using WitnessProcess witness = await StartAsync();
        await witness.CosignsAsync(_log, 0, 1);
        Reply[] replies = await Task.WhenAll(Enumerable.Range(2, 8).Select(size => witness.AddAsync(_log, 1, size)));
        Assert.Single(replies, reply => reply.Status == HttpStatusCode.OK);
        Assert.Equal(7, replies.Count(reply => reply.Status == HttpStatusCode.Conflict));
    }

    [Fact]
    public async Task Each_refusal_has_its_status()
    {
        _log.Grow(8);
        await using WitnessProcess witness = await StartAsync();
        await witness.CosignsAsync(_log, 0, 4);
        string checkpoint = _log.Checkpoint(8).ToString(),
            proof = string.Concat(_log.Consistency(4, 8).Select(hash => Convert.ToBase64String(hash.ToArray()) + "\n"));
        using var other = new TestLog();
        using var unknown = new TestLog("log.example/b");
        other.Grow(8);
        unknown.Grow(8);
        string signature = other.Checkpoint(8).Signatures[0].ToString();
        foreach (
            (int status, string body) in new (int, string)[]
            {
                (400, ""),
                (400, checkpoint),
                (400, $"old 4\n{proof}{checkpoint}"),
                (400, $"old 04\n{proof}\n{checkpoint}"),
                (400, $"old -4\n{proof}\n{checkpoint}"),
                (400, $"old  4\n{proof}\n{checkpoint}"),
                (400, $"Old 4\n{proof}\n{checkpoint}"),
                (400, $"old 4\nAAAA\n\n{checkpoint}"),
                (400, $"old 4\r\n{proof}\n{checkpoint}"),
                (400, $"old 4\n{string.Concat(Enumerable.Repeat(proof, 64))}\n{checkpoint}"),
                (400, $"old 4\n{proof}\n{checkpoint.TrimEnd('\n')}"),
                (400, $"old 4\n{proof}\n{checkpoint.Replace("\n8\n", "\n08\n", StringComparison.Ordinal)}"),
                (400, $"old 9\n\n{checkpoint}"),
                (404, $"old 0\n\n{unknown.Checkpoint(8)}"),
                (403, $"old 4\n{proof}\n{other.Checkpoint(8)}"),
                (403, $"old 4\n{proof}\n{checkpoint.Replace("\n8\n", "\n7\n", StringComparison.Ordinal)}"),
                (409, $"old 3\n{proof}\n{checkpoint}"),
                (422, $"old 4\n\n{checkpoint}"),
                (422, $"old 4\n{proof}{proof}\n{checkpoint}"),
                (422, $"old 4\n{proof}\n{_log.Checkpoint(4)}"),
            }
        )
        {
            Reply reply = await witness.AddAsync(body);
            Assert.True((int)reply.Status == status, $"{(int)reply.Status} instead of {status}: {body}\n{reply.Body}");
        }
        // With the name and the id of the log's key, and not by it.
        NoteSignature own = _log.Checkpoint(8).Signatures[0];
        var falsely = new NoteSignature(own.Name, own.KeyId, new byte[64]);
        Assert.Equal(
            HttpStatusCode.Forbidden,
            (await witness.AddAsync($"old 4\n{proof}\n{checkpoint}{falsely}\n")).Status
        );
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, (await witness.AddAsync(new byte[300_000])).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await witness.AddAsync([.. "old 4\n\n"u8, 0xFF])).Status);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, (await witness.Api.GetAsync("/add-checkpoint")).Status);
        // An unknown signature beside the log's is no obstacle.
        Assert.Equal(HttpStatusCode.OK, (await witness.AddAsync($"old 4\n{proof}\n{checkpoint}{signature}\n")).Status);
    }

    [Fact]
    public async Task An_empty_tree_has_the_root_of_nothing_and_needs_no_proof()
    {
        await using WitnessProcess witness = await StartAsync();
        string empty = _log.Checkpoint(0).ToString();
        _log.Grow(3);
        Assert.Equal(
            HttpStatusCode.UnprocessableEntity,
            (await witness.AddAsync($"old 0\n{Convert.ToBase64String(new byte[32])}\n\n{_log.Checkpoint(3)}")).Status
        );
        Assert.Equal(HttpStatusCode.OK, (await witness.AddAsync($"old 0\n\n{empty}")).Status);
        await witness.CosignsAsync(_log, 0, 3);
    }

    [Fact]
    public async Task What_was_cosigned_last_is_served_to_monitors()
    {
        _log.Grow(5);
        await using WitnessProcess witness = await StartAsync();
        string path = $"/{HashOfLog}/checkpoint";
        Assert.Equal(HttpStatusCode.NotFound, (await witness.Api.GetAsync(path)).Status);
        Assert.Equal(
            HttpStatusCode.NotFound,
            (await witness.Api.GetAsync($"/{new string('0', 64)}/checkpoint")).Status
        );
        await witness.CosignsAsync(_log, 0, 3);
        await witness.CosignsAsync(_log, 3, 5);
        Reply reply = await witness.Api.GetAsync(path);
        SignedNote note = SignedNote.Parse(reply.Body);
        Assert.Equal(5, Checkpoint.Verify(reply.Body, _log.Key).Size);
        Assert.All(witness.Keys, key => Assert.NotNull(key.CosignedAt(note)));
        Assert.Equal(3, note.Signatures.Count);
        Assert.Equal("alive\n", (await witness.Api.GetAsync("/livez")).Body);
    }

    [Theory]
    [InlineData("POST", "/v1/chat/completions")]
    [InlineData("GET", "/")]
    public async Task What_it_does_not_have_is_answered_with_what_it_has(string method, string path)
    {
        await using WitnessProcess witness = await StartAsync();
        Reply reply = await witness.Api.SendAsync(new HttpRequestMessage(new HttpMethod(method), path));
        Assert.Equal(
            (
                HttpStatusCode.NotFound,
                "A witness has POST /add-checkpoint, and GET /HASH/checkpoint, /vkey and /livez.\n"
            ),
            (reply.Status, reply.Body)
        );
    }

    [Fact]
    public async Task The_folder_is_private_and_held_and_the_keys_and_name_stay()
    {
        string[] keys;
        await using (WitnessProcess witness = await StartAsync(port: null, "--name", "witness.example/w1"))
        {
            keys = [.. witness.Keys.Select(key => key.ToString())];
            Assert.All(witness.Keys, key => Assert.Equal("witness.example/w1", key.Name));
            Assert.Equal([CosignatureType.Ed25519, CosignatureType.MLDsa44], witness.Keys.Select(key => key.Type));
            Assert.All(
                keys,
                key =>
                    Assert.Contains(
                        witness.Log.Lines,
                        line => line.EndsWith($"Verifier key {key}", StringComparison.Ordinal)
                    )
            );
            Assert.Equal(
                UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute,
                File.GetUnixFileMode(_folder)
            );
            Assert.All(
                Directory.GetFiles(_folder),
                file => Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file))
            );
            CommandResult second = await RunAsync("--listen", "127.0.0.1:0");
            Assert.Equal(1, second.ExitCode);
            Assert.StartsWith(
                $"error: --data-dir: {_folder} is in use by another witness.",
                second.Error,
                StringComparison.Ordinal
            );
        }
        await using (WitnessProcess again = await StartAsync())
            Assert.Equal(keys, again.Keys.Select(key => key.ToString()));
        CommandResult renamed = await RunAsync("--name", "witness.example/w2");
        Assert.Equal(1, renamed.ExitCode);
        Assert.Contains("a witness keeps its name", renamed.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("signing-key-ed25519.pem")]
    [InlineData("signing-key-ml-dsa-44.pem")]
    [InlineData("vkey")]
    [InlineData("logs")]
    public async Task A_folder_that_lost_a_part_is_refused(string part)
    {
        _log.Grow(3);
        await using (WitnessProcess witness = await StartAsync())
            await witness.CosignsAsync(_log, 0, 3);
        if (part == "logs")
            await File.WriteAllTextAsync(Directory.GetFiles(Path.Combine(_folder, part)).Single(), "", Cancellation);
        else
            File.Delete(Path.Combine(_folder, part));
        CommandResult result = await RunAsync();
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("estore", result.Error, StringComparison.Ordinal);
        Assert.Single(result.ErrorLines);
    }

    [Fact]
    public async Task Keys_that_others_can_read_are_refused()
    {
        await using (await StartAsync()) { }
        File.SetUnixFileMode(
            Path.Combine(_folder, "signing-key-ml-dsa-44.pem"),
            UnixFileMode.UserRead | UnixFileMode.GroupRead
        );
        CommandResult result = await RunAsync();
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("chmod 600", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Logs_come_from_files_too()
    {
        using var other = new TestLog("log.example/b");
        string file = Path.Combine(TestModels.NewFolder("logs"), "logs.txt");
        await File.WriteAllTextAsync(file, $"# operators\n{_log.Key}\n\n  {other.Key}\n", Cancellation);
        _log.Grow(2);
        other.Grow(2);
        await using WitnessProcess witness = await WitnessProcess.StartAsync(_folder, file);
        await witness.CosignsAsync(_log, 0, 2);
        await witness.CosignsAsync(other, 0, 2);
    }

    [Theory]
    [InlineData("--listen: 'localhost' is not HOST:PORT.", "--listen", "localhost")]
    [InlineData("--listen: 'example.com:1' is not HOST:PORT.", "--listen", "example.com:1")]
    [InlineData("--listen: '127.0.0.1:70000' is not HOST:PORT.", "--listen", "127.0.0.1:70000")]
    [InlineData("--listen: '::1' is not HOST:PORT.", "--listen", "::1")]
    [InlineData("--name: 'a b' is not visible ASCII without spaces and '+'.", "--name", "a b")]
    [InlineData("--log: 'a+b': A verifier key has the form NAME+ID+BASE64.", "--log", "a+b")]
    [InlineData("/nowhere: can't be read: there is no such file.", "--log", "/nowhere")]
    public async Task A_wrong_option_is_named(string message, params string[] arguments)
    {
        CommandResult result = await RunAsync(arguments);
        Assert.Equal(2, result.ExitCode);
        Assert.StartsWith($"error: {message}", result.Error, StringComparison.Ordinal);
    }

    public void Dispose() => _log.Dispose();

    private Task<WitnessProcess> StartAsync(int? port = null, params string[] arguments) =>
        WitnessProcess.StartAsync(_folder, _log.Key.ToString(), port, arguments);

    private Task<CommandResult> RunAsync(params string[] arguments) =>
        ServerProgram.Built.RunAsync(["witness", "--data-dir", _folder, "--log", $"{_log.Key}", .. arguments]);

    private async Task ConflictsAsync(WitnessProcess witness, long from, long to, long size)
    {
        Reply reply = await witness.AddAsync(_log, from, to);
        Assert.Equal(
            (HttpStatusCode.Conflict, $"{size}\n", "text/x.tlog.size"),
            (reply.Status, reply.Body, $"{reply.ContentHeaders.ContentType}")
        );
    }
}
