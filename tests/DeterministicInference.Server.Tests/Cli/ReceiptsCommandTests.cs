using System.Text.Json.Nodes;
using DeterministicInference.Receipts.Log;
using DeterministicInference.Receipts.Signing;
using DeterministicInference.Server.Receipts.Store;
using DeterministicInference.Server.Tests.Receipts.Store;
using DeterministicInference.Server.Tests.Verification;
using Xunit;

namespace DeterministicInference.Server.Tests.Cli;

/// <summary>
/// <c>receipts list</c>, <c>show</c> and <c>check</c> read the folder of a server, whether it runs or not.
/// </summary>
public sealed class ReceiptsCommandTests : IDisposable
{
    private const string Remedy =
        "Restore the folder as it was when the last receipt was issued, or start a new log in another --data-dir.";

    private readonly StoreFolder _folder = new();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Receipts_are_listed_newest_first(bool isRunning)
    {
        ReceiptStore store = _folder.Open();
        IReadOnlyList<NewReceipt> receipts = await _folder.AppendAsync(store, 3);
        if (!isRunning)
            await store.DisposeAsync();

        string[] lines = (await SucceedsAsync("list")).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(4, lines.Length);
        Assert.Matches("^RECEIPT +ISSUED +INDEX +DELIVERY +COMPLETE +CLASS +MODEL +ANSWER$", lines[0]);
        Assert.Matches(
            "^[0-9a-f]{32}  2026-11-22T10:11:12Z +3  sse       yes       deterministic  [^ ]+ +chatcmpl-[0-9a-f]{32}$",
            lines[1]
        );
        Assert.Equal(
            receipts.Select(receipt => receipt.ReceiptId).Order(),
            lines[1..].Select(line => line[..32]).Order()
        );

        JsonObject newest = JsonNode.Parse(await SucceedsAsync("list", "--limit", "1", "--json"))!.AsObject();
        Assert.Equal(
            (lines[1][..32], 3, true, "sse"),
            (
                (string)newest["receipt_id"]!,
                (int)newest["index"]!,
                (bool)newest["complete"]!,
                (string)newest["delivery"]!
            )
        );
        if (isRunning)
            await store.DisposeAsync();
    }

    [Fact]
    public async Task A_receipt_is_shown_as_verify_takes_it()
    {
        string key;
        IReadOnlyList<NewReceipt> receipts;
        await using (ReceiptStore store = _folder.Open())
        {
            receipts = await _folder.AppendAsync(store, 3);
            key = store.LogKey.Key.ToPem();
        }
        string shown = await SucceedsAsync("show", receipts[1].ReceiptId),
            file = _folder.Beside("receipt.json"),
            keyFile = _folder.Beside("key.pem");
        Assert.Equal(shown, await SucceedsAsync("show", "chatcmpl-" + receipts[1].ReceiptId));
        // What it states is there to read too: the same members, each on a line.
        string statement = await SucceedsAsync("show", receipts[1].ReceiptId, "--statement");
        Assert.True(
            JsonNode.DeepEquals(JsonNode.Parse((string)JsonNode.Parse(shown)!["statement"]!), JsonNode.Parse(statement))
        );
        Assert.Contains($"\n    \"receipt_id\": \"{receipts[1].ReceiptId}\",\n", statement, StringComparison.Ordinal);
        await File.WriteAllTextAsync(file, shown, TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(keyFile, key, TestContext.Current.CancellationToken);
        (await RecordedExchange.VerifyAsync(file, "--key", keyFile)).Is(18, "SIGNED", "").Has("inclusion", "ok");
    }

    /// <summary>A checkpoint that witnesses have cosigned proves more than a newer one that they have not.</summary>
    [Fact]
    public async Task A_receipt_is_shown_under_the_checkpoint_that_is_cosigned()
    {
        using SigningKey witness = SigningKey.Create();
        string cosigned;
        NewReceipt covered,
            newer;
        await using (ReceiptStore store = _folder.Open())
        {
            covered = (await _folder.AppendAsync(store, 1))[0];
            SignedNote note = SignedNote.Parse(store.Checkpoint);
            cosigned = note.With(new Cosigner("w1", witness).Sign(note, 1_790_000_000)).ToString();
            newer = (await _folder.AppendAsync(store, 1))[0];
        }
        string file = Path.Combine(_folder.LogPath, "checkpoint.cosigned");
        await File.WriteAllTextAsync(file, cosigned, TestContext.Current.CancellationToken);
        Assert.Equal(cosigned, await CheckpointAsync(covered));
        Assert.DoesNotContain("— w1 ", await CheckpointAsync(newer), StringComparison.Ordinal);
        await SucceedsAsync("check");
        // Of a log whose key was revoked only the last one counts.
        using (ReceiptDirectory directory = ReceiptDirectory.Open(_folder.Path, _folder))
            LogRotation.Run(directory, LogSigners.None, name: null, revokes: true);
        Assert.DoesNotContain("— w1 ", await CheckpointAsync(covered), StringComparison.Ordinal);
        // The log's last line says so too.
        File.Delete(Path.Combine(_folder.LogPath, "revocation"));
        Assert.DoesNotContain("— w1 ", await CheckpointAsync(covered), StringComparison.Ordinal);

        async Task<string> CheckpointAsync(NewReceipt receipt) =>
            TlogProof
                .Parse((string)JsonNode.Parse(await SucceedsAsync("show", receipt.ReceiptId))!["proof"]!)
                .Checkpoint;
    }

    [Fact]
    public async Task A_cosigned_checkpoint_that_is_not_the_logs_is_found()
    {
        await _folder.FillAsync(3);
        string file = Path.Combine(_folder.LogPath, "checkpoint.cosigned");
        using SigningKey other = SigningKey.Create(),
            own = SigningKey.FromPem(
                await File.ReadAllTextAsync(_folder.KeyFile, TestContext.Current.CancellationToken)
            );
        string origin;
        await using (ReceiptStore store = _folder.Open())
            origin = store.LogKey.Name;
        foreach (
            (SigningKey key, long size, string problem) in new[]
            {
                (own, 2L, "the file checkpoint.cosigned and the database differ in their first 2 entries"),
                (own, 9L, "the file checkpoint.cosigned covers 9 entries, the database has 4"),
                (other, 2L, "the file checkpoint.cosigned is not this log's"),
            }
        )
        {
            string note = new Checkpoint(origin, size, MerkleHash.Empty).Sign(key).ToString();
            await File.WriteAllTextAsync(file, note, TestContext.Current.CancellationToken);
            Assert.Contains(problem, await FailsAsync("check"), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_statement_is_signed_for_tools_that_want_an_envelope()
    {
        VerificationKey key;
        NewReceipt receipt;
        await using (ReceiptStore store = _folder.Open())
        {
            receipt = (await _folder.AppendAsync(store, 1))[0];
            key = store.LogKey.Key;
        }
        var envelope = DsseEnvelope.FromJson(
            System.Text.Encoding.UTF8.GetBytes(await SucceedsAsync("show", receipt.ReceiptId, "--dsse"))
        );
        Assert.True(envelope.IsSignedBy(key));
        Assert.Equal(
            (DsseEnvelope.InTotoPayloadType, System.Text.Encoding.UTF8.GetString(receipt.Statement)),
            (envelope.PayloadType, System.Text.Encoding.UTF8.GetString(envelope.Payload.Span))
        );
        File.Delete(_folder.KeyFile);
        Assert.Contains(
            $"the key {_folder.KeyFile} is missing",
            await FailsAsync("show", receipt.ReceiptId, "--dsse"),
            StringComparison.Ordinal
        );
    }

    /// <summary>What is beside the database is checked too.</summary>
    [Fact]
    public async Task The_key_and_the_published_checkpoint_are_checked()
    {
        await _folder.FillAsync(5);
        string good = _folder.Beside("good");
        _folder.CopyTo(good);
        string note = await File.ReadAllTextAsync(_folder.CheckpointFile, TestContext.Current.CancellationToken);
        using SigningKey other = SigningKey.Create();
        string trusted = _folder.Beside("trusted.pem");
        await File.WriteAllTextAsync(trusted, other.PublicKey.ToPem(), TestContext.Current.CancellationToken);
        Assert.EndsWith(
            ", not the one of --key.",
            await FailsAsync("check", "--key", trusted),
            StringComparison.Ordinal
        );
        (string Complaint, Action Change)[] changes =
        [
            ($"the key {_folder.KeyFile} is missing", () => File.Delete(_folder.KeyFile)),
            (
                $"the key {_folder.KeyFile} is not the one of the log",
                () => File.WriteAllText(_folder.KeyFile, other.ToPem())
            ),
            (
                "the file checkpoint is not this log's: A signed note is",
                () => File.WriteAllText(_folder.CheckpointFile, "")
            ),
            (
                "the file checkpoint is not this log's: The checkpoint is not signed by the key ",
                () =>
                    File.WriteAllText(
                        _folder.CheckpointFile,
                        Checkpoint.Parse(SignedNote.Parse(note).Text).Sign(other).ToString()
                    )
            ),
        ];
        foreach ((string complaint, Action change) in changes)
        {
            change();
            Assert.StartsWith(
                $"error: the log is inconsistent: {complaint}",
                await FailsAsync("check"),
                StringComparison.Ordinal
            );
            foreach (string file in Directory.GetFiles(Path.Combine(good, "log-1")))
                File.Copy(file, Path.Combine(_folder.LogPath, Path.GetFileName(file)), overwrite: true);
        }
        await File.WriteAllTextAsync(_folder.KeyFile, "garbage", TestContext.Current.CancellationToken);
        Assert.StartsWith(
            $"error: --data-dir: the key {_folder.KeyFile} can't be used: The text is not an unencrypted PKCS#8 private "
                + "key",
            await FailsAsync("check"),
            StringComparison.Ordinal
        );
        File.Copy(Path.Combine(good, "log-1", "signing-key.pem"), _folder.KeyFile, overwrite: true);
        // Set back: only the database.
        await _folder.FillAsync(3);
        File.Copy(Path.Combine(good, "log-1", "receipts.db"), _folder.Database, overwrite: true);
        Assert.Contains(
            "the file checkpoint covers 9 entries, the database has 6: the database was set back",
            await FailsAsync("check"),
            StringComparison.Ordinal
        );
        if (OperatingSystem.IsWindows())
            return;
        File.SetUnixFileMode(_folder.KeyFile, ReceiptDirectory.OwnerOnly | UnixFileMode.OtherRead);
        Assert.Contains("chmod 600", await FailsAsync("check"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_log_is_checked()
    {
        await _folder.FillAsync(5);
        Assert.StartsWith(
            "The log deterministic-inference.local/",
            await SucceedsAsync("check"),
            StringComparison.Ordinal
        );
        _folder.Tamper("UPDATE receipt SET statement = CAST(statement || x'20' AS BLOB) WHERE entry = 2");
        Assert.Equal(
            $"error: the log is inconsistent: the receipt of entry 2 is not the one that was logged. Restore {_folder.Path} as it was when the last receipt was issued, or start a new log in another --data-dir.",
            await FailsAsync("check")
        );
        _folder.Tamper("UPDATE receipt SET statement = x'7b7d' WHERE entry = 2");
        Assert.Equal(
            $"error: a receipt in the store is damaged: 'statement._type' is missing. Restore {_folder.Path} as it was when the last receipt was issued.",
            await FailsAsync("list")
        );
    }

    [Fact]
    public async Task A_missing_folder_or_receipt_is_named()
    {
        Assert.Equal(
            $"error: --data-dir: there are no receipts in {_folder.Path}. Give the --data-dir of the server that "
                + "issued them.",
            await FailsAsync("list")
        );
        await _folder.FillAsync(1);
        Assert.Equal(
            "error: no receipt has this id; receipts list shows those that there are.",
            await FailsAsync("show", new string('0', 32))
        );
        _folder.Tamper("PRAGMA user_version = 9");
        Assert.Equal(
            $"error: --data-dir: {_folder.Database} has version 9, this program reads version 3. Use the version of this "
                + "program that issued the receipts.",
            await FailsAsync("list")
        );
        _folder.Tamper("PRAGMA user_version = 3; DROP TABLE receipt");
        Assert.Equal(
            $"error: --data-dir: the receipts in {_folder.Path} can't be read: SQLite error 1. {Remedy}",
            await FailsAsync("list")
        );
        await File.WriteAllTextAsync(_folder.Database, new string('x', 4096), TestContext.Current.CancellationToken);
        Assert.Equal(
            $"error: --data-dir: the receipts in {_folder.Path} can't be read: the database is damaged (SQLite error "
                + $"26). {Remedy}",
            await FailsAsync("list")
        );
    }

    public void Dispose() => _folder.Dispose();

    private async Task<string> SucceedsAsync(params string[] arguments)
    {
        CommandResult result = await ServerProgram.Built.RunAsync([
            "receipts",
            .. arguments,
            "--data-dir",
            _folder.Path,
        ]);
        Assert.Equal(("", 0), (result.Error, result.ExitCode));
        return result.Output;
    }

    private async Task<string> FailsAsync(params string[] arguments)
    {
        CommandResult result = await ServerProgram.Built.RunAsync([
            "receipts",
            .. arguments,
            "--data-dir",
            _folder.Path,
        ]);
        Assert.Equal((1, ""), (result.ExitCode, result.Output));
        return Assert.Single(result.ErrorLines);
    }
}
