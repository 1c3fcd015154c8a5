using DeterministicInference.Receipts.Log;
using DeterministicInference.Receipts.Signing;
using DeterministicInference.Server.Receipts.Store;
using Microsoft.Data.Sqlite;
using Xunit;

namespace DeterministicInference.Server.Tests.Receipts.Store;

/// <summary>An inconsistent log is not continued. Each complaint names the part.</summary>
public sealed class DamagedLogTests : IDisposable
{
    private readonly StoreFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(
        "UPDATE entry SET line = (SELECT line FROM entry WHERE idx = 4) WHERE idx = 5",
        "entry 5 is not the one whose hash stands in tile/0"
    )]
    [InlineData(
        "UPDATE entry SET line = (SELECT line FROM entry WHERE idx = 4) WHERE idx = 0",
        "entry 0 does not open this log with this key"
    )]
    [InlineData(
        "DELETE FROM entry WHERE idx = 3",
        "the checkpoint covers 6 entries, the database has 5, the last of them at index 5"
    )]
    [InlineData(
        "INSERT INTO entry SELECT 6, line FROM entry WHERE idx = 5",
        "the checkpoint covers 6 entries, the database has 7, the last of them at index 6"
    )]
    [InlineData(
        "UPDATE entry SET idx = 9 WHERE idx = 3",
        "the checkpoint covers 6 entries, the database has 6, the last of them at index 9"
    )]
    [InlineData(
        "UPDATE receipt SET payload = x'7b7d' WHERE entry = 2",
        "the receipt of entry 2 is not the one that was logged"
    )]
    [InlineData("UPDATE tile SET hashes = zeroblob(192)", "the tiles do not give the tree hash of the checkpoint")]
    [InlineData("UPDATE tile SET hashes = substr(hashes, 1, 160)", "tile/0/000.p/6 holds 160 bytes instead of 192")]
    [InlineData("DELETE FROM tile", "tile/0/000.p/6 holds 0 bytes instead of 192")]
    [InlineData("DELETE FROM checkpoint", "the database has no checkpoint")]
    [InlineData("UPDATE checkpoint SET size = 5", "the stored size is not the checkpoint's")]
    [InlineData(
        "UPDATE checkpoint SET note = 'x'",
        "the stored checkpoint is malformed: A signed note is a text, an empty line and signature lines"
    )]
    public async Task A_changed_database_is_refused(string sql, string complaint)
    {
        await _folder.FillAsync(5);
        _folder.Tamper(sql);
        AssertRefused(complaint);
    }

    /// <summary>An old part is not checked at the start.</summary>
    [Theory]
    [InlineData("UPDATE tile SET hashes = zeroblob(length(hashes)) WHERE level = 0 AND idx = 0")]
    [InlineData("UPDATE entry SET line = (SELECT line FROM entry WHERE idx = 4) WHERE idx = 5")]
    [InlineData("DELETE FROM entry WHERE idx = 5")]
    [InlineData("DELETE FROM tile WHERE level = 0 AND idx = 0")]
    public async Task No_proof_that_fails_leaves_the_server(string sql)
    {
        await using ReceiptStore store = _folder.Open();
        await _folder.AppendAsync(store, 300);
        Assert.NotNull(await store.ProveAsync(5, Cancellation));
        Assert.Equal(new StoreState(true, null), store.State);
        _folder.Tamper(sql);
        var e = await Assert.ThrowsAsync<InvalidDataException>(() => store.ProveAsync(5, Cancellation));
        Assert.StartsWith("entry 5 can't be proved: ", e.Message, StringComparison.Ordinal);
        Assert.Equal(new StoreState(true, $"{e.Message}; receipts check finds what is damaged"), store.State);
        Assert.Equal([$"Proving receipts: failing: {store.Problem}"], _folder.Warnings);
    }

    /// <summary>Each check sees one state of a log that grows.</summary>
    [Fact]
    public async Task A_log_is_consistent_while_it_grows()
    {
        await using ReceiptStore store = _folder.Open();
        using var end = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        int appended = 0;
        Task growing = Task.Run(
            async () =>
            {
                for (; !end.IsCancellationRequested; appended++)
                    Assert.NotNull(await store.AppendAsync(_folder.Issue(store), Cancellation));
            },
            Cancellation
        );
        int before = 0;
        for (int i = 0; i < 20; i++)
        {
            using ReceiptArchive archive = ReceiptArchive.Open(_folder.Path);
            await archive.Receipts.CheckAsync(Cancellation);
            // It has grown since, or else the check proves nothing.
            int last = before;
            await Limits.UntilAsync(() => Volatile.Read(ref appended) > last, () => "nothing is appended");
            before = Volatile.Read(ref appended);
        }
        await end.CancelAsync();
        await growing;
    }

    [Fact]
    public async Task A_smaller_tree_is_refused_even_with_the_checkpoint_that_once_covered_it()
    {
        string former;
        await using (ReceiptStore store = _folder.Open())
        {
            await _folder.AppendAsync(store, 2);
            former = store.Checkpoint;
            await _folder.AppendAsync(store, 3);
        }
        _folder.Tamper(
            "DELETE FROM receipt WHERE entry > 2; DELETE FROM entry WHERE idx > 2; UPDATE tile SET hashes = "
                + $"substr(hashes, 1, 96); UPDATE checkpoint SET size = 3, note = '{former}'"
        );
        AssertRefused("the file checkpoint covers 6 entries, the database has 3: the database was set back");
    }

    [Fact]
    public async Task A_checkpoint_that_somebody_else_signed_is_refused()
    {
        await _folder.FillAsync(5);
        using SigningKey other = SigningKey.Create();
        SignedNote stored = SignedNote.Parse(await File.ReadAllTextAsync(_folder.CheckpointFile, Cancellation));
        _folder.Tamper($"UPDATE checkpoint SET note = '{Checkpoint.Parse(stored.Text).Sign(other)}'");
        using SigningKey own = SigningKeyFile.Read(_folder.KeyFile);
        AssertRefused(
            $"the stored checkpoint is not this log's: The checkpoint is not signed by the key {own.PublicKey.KeyId}"
        );
    }

    [Fact]
    public async Task A_database_of_an_earlier_day_is_refused()
    {
        await _folder.FillAsync(3);
        _folder.CopyTo(_folder.Beside("backup"));
        await _folder.FillAsync(2);
        File.Copy(Path.Combine(_folder.Beside("backup"), "receipts.db"), _folder.Database, overwrite: true);
        AssertRefused("the file checkpoint covers 6 entries, the database has 4: the database was set back");
    }

    [Fact]
    public async Task A_database_that_went_another_way_is_refused()
    {
        await _folder.FillAsync(3);
        _folder.CopyTo(_folder.Beside("backup"));
        await _folder.FillAsync(1);
        byte[] published = await File.ReadAllBytesAsync(_folder.CheckpointFile, Cancellation);
        foreach (string file in Directory.GetFiles(_folder.Beside("backup")))
            File.Copy(file, Path.Combine(_folder.Path, Path.GetFileName(file)), overwrite: true);
        await _folder.FillAsync(4);
        await File.WriteAllBytesAsync(_folder.CheckpointFile, published, Cancellation);
        AssertRefused("the file checkpoint and the database differ in their first 5 entries");
    }

    [Fact]
    public async Task A_file_checkpoint_that_was_changed_is_refused()
    {
        await _folder.FillAsync(3);
        string note = await File.ReadAllTextAsync(_folder.CheckpointFile, Cancellation);
        await File.WriteAllTextAsync(
            _folder.CheckpointFile,
            note.Replace("\n4\n", "\n3\n", StringComparison.Ordinal),
            Cancellation
        );
        Assert.Contains(
            "the file checkpoint is not this log's: The checkpoint is not signed by the key ",
            _folder.Refusal(),
            StringComparison.Ordinal
        );
        await File.WriteAllTextAsync(_folder.CheckpointFile, "", Cancellation);
        AssertRefused(
            "the file checkpoint is not this log's: A signed note is a text, an empty line and signature lines"
        );
    }

    [Fact]
    public async Task A_lost_write_ahead_log_is_noticed()
    {
        await using ReceiptStore store = _folder.Open();
        await _folder.AppendAsync(store, 3);
        await store.PutEnvironmentAsync(new([], []), Cancellation);
        _folder.CopyTo(_folder.Beside("copy"));
        File.Delete(Path.Combine(_folder.Beside("copy"), "receipts.db-wal"));
        File.Delete(Path.Combine(_folder.Beside("copy"), "receipts.db-shm"));
        string refused = Assert
            .Throws<ReceiptStoreException>(() =>
                ReceiptStore.Open(new ReceiptStoreSettings(_folder.Beside("copy")), _folder.Clock, _folder)
            )
            .Message;
        Assert.Contains("there is its key, but the database is empty or missing", refused, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_truncated_database_is_refused()
    {
        await _folder.FillAsync(300);
        using (FileStream file = File.OpenWrite(_folder.Database))
            file.SetLength(file.Length / 2 / 4096 * 4096);
        Assert.Contains("the database is damaged (SQLite error 11)", _folder.Refusal(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_is_no_database_is_refused()
    {
        await _folder.FillAsync(1);
        await File.WriteAllTextAsync(
            _folder.Database,
            string.Concat(Enumerable.Repeat("no database ", 1000)),
            Cancellation
        );
        AssertRefused("the database is damaged (SQLite error 26)");
    }

    [Fact]
    public async Task Missing_tables_are_refused()
    {
        await _folder.FillAsync(1);
        _folder.Tamper("DROP TABLE tile");
        AssertRefused("SQLite error 1");
    }

    [Fact]
    public async Task A_database_that_another_program_has_locked_is_refused_with_another_remedy()
    {
        await _folder.FillAsync(1);
        using SqliteConnection foreign = _folder.Connect();
        foreign.Execute("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE");
        Assert.Equal(
            $"--data-dir: the log of receipts in {_folder.Path} can't be opened: another program has locked the "
                + "database. "
                + "Repair it, give another --data-dir, or --receipts off to serve without receipts.",
            _folder.Refusal()
        );
    }

    [Fact]
    public async Task A_missing_database_is_refused()
    {
        await _folder.FillAsync(1);
        File.Delete(_folder.Database);
        AssertRefused("there is its key, but the database is empty or missing");
    }

    [Fact]
    public async Task Old_entries_tiles_and_receipts_are_checked_on_demand()
    {
        (string Sql, string Complaint)[] changes =
        [
            (
                "UPDATE entry SET line = (SELECT line FROM entry WHERE idx = 4) WHERE idx = 5",
                "entry 5 is not the one whose hash stands in tile/0"
            ),
            (
                "UPDATE receipt SET payload = x'7b7d' WHERE entry = 2",
                "the receipt of entry 2 is not the one that was logged"
            ),
            (
                "UPDATE tile SET hashes = zeroblob(8192) WHERE level = 0 AND idx = 0",
                "entry 0 is not the one whose hash stands in tile/0"
            ),
            (
                "UPDATE entry SET line = x'00' WHERE idx = 7; UPDATE tile SET hashes = CAST(substr(hashes, 1, 224) ||"
                    + " $LEAF || substr(hashes, 257) AS BLOB) WHERE level = 0 AND idx = 0",
                "the receipt of entry 7 is not the one that was logged"
            ),
            (
                "DELETE FROM receipt WHERE entry = 7; UPDATE entry SET line = x'00' WHERE idx = 7; UPDATE tile SET "
                    + "hashes = CAST(substr(hashes, 1, 224) || $LEAF || substr(hashes, 257) AS BLOB) WHERE level = 0 "
                    + "AND idx = 0",
                "tile/1/000.p/1 is not what the entries give"
            ),
        ];
        await _folder.FillAsync(300);
        _folder.CopyTo(_folder.Beside("good"));
        foreach ((string sql, string complaint) in changes)
        {
            File.Copy(Path.Combine(_folder.Beside("good"), "receipts.db"), _folder.Database, overwrite: true);
            _folder.Tamper(sql.Replace("$LEAF", $"x'{MerkleHash.Leaf([0])}'", StringComparison.Ordinal));
            await using ReceiptStore store = _folder.Open();
            Assert.Equal(
                complaint,
                (await Assert.ThrowsAsync<InvalidDataException>(() => store.CheckAsync(Cancellation))).Message
            );
        }
    }

    [Fact]
    public async Task A_log_that_another_program_changes_takes_no_more_receipts()
    {
        await using ReceiptStore store = _folder.Open();
        await _folder.AppendAsync(store, 1);
        _folder.Tamper("UPDATE checkpoint SET size = 1");
        Assert.Null(await store.AppendAsync(_folder.Issue(store), Cancellation));
        Assert.Equal("another program has changed the log; restart the server", store.Problem);
        Assert.Null(await store.AppendAsync(_folder.Issue(store), Cancellation));
        Assert.Equal(
            ["Storing receipts: failing: another program has changed the log; restart the server"],
            _folder.Warnings
        );
    }

    public void Dispose() => _folder.Dispose();

    private void AssertRefused(string complaint) =>
        Assert.Equal(
            $"--data-dir: the log of receipts in {_folder.Path} can't be continued: {complaint}. The log was "
                + "not changed. Restore the folder as it was when the last receipt was issued, or start a new log in "
                + "another --data-dir; --receipts off serves without receipts.",
            _folder.Refusal()
        );
}
