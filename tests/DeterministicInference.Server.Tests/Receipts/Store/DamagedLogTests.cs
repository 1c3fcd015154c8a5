using DeterministicInference.Receipts;
using DeterministicInference.Receipts.Environments;
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
        "UPDATE entry SET digest = (SELECT digest FROM entry WHERE idx = 4) WHERE idx = 5",
        "the receipt of entry 5 is not the one that was logged"
    )]
    [InlineData(
        "UPDATE entry SET line = CAST(line || x'20' AS BLOB) WHERE idx = 0",
        "entry 0 does not open this log with this key"
    )]
    [InlineData("DELETE FROM entry WHERE idx = 3", "the receipt of entry 3 is not the one that was logged")]
    [InlineData("DELETE FROM entry WHERE idx = 3; DELETE FROM receipt WHERE entry = 3", "entry 3 is missing")]
    [InlineData(
        "INSERT INTO entry SELECT 6, digest, line FROM entry WHERE idx = 5",
        "the checkpoint covers 6 entries, the last one in the database is at index 6"
    )]
    [InlineData(
        "DELETE FROM receipt WHERE entry = 5; DELETE FROM entry WHERE idx = 5",
        "the checkpoint covers 6 entries, the last one in the database is at index 4"
    )]
    [InlineData(
        "UPDATE receipt SET statement = x'7b7d' WHERE entry = 2",
        "the receipt of entry 2 is not the one that was logged"
    )]
    [InlineData(
        "UPDATE entry SET digest = x'00' WHERE idx = 2; DELETE FROM receipt WHERE entry = 2",
        "an entry has neither a digest nor a line"
    )]
    [InlineData(
        "UPDATE entry SET digest = zeroblob(32) WHERE idx = 2; DELETE FROM receipt WHERE entry = 2",
        "entries and tiles do not give the tree hash of the checkpoint"
    )]
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

    /// <summary>The last tile of a level above the leaves is stored, and so is a full one.</summary>
    [Theory]
    [InlineData(
        "UPDATE tile SET hashes = zeroblob(32) WHERE level = 1",
        "entries and tiles do not give the tree hash of the checkpoint"
    )]
    [InlineData("DELETE FROM tile WHERE level = 1", "tile/1/000.p/1 holds 0 bytes instead of 32")]
    [InlineData(
        "UPDATE tile SET hashes = CAST(hashes || zeroblob(32) AS BLOB) WHERE level = 1",
        "tile/1/000.p/1 holds 64 bytes instead of 32"
    )]
    public async Task A_changed_tile_is_refused(string sql, string complaint)
    {
        await _folder.FillAsync(300);
        _folder.Tamper(sql);
        AssertRefused(complaint);
    }

    /// <summary>An old part is not checked at the start.</summary>
    [Theory]
    [InlineData("UPDATE tile SET hashes = zeroblob(length(hashes)) WHERE level = 0 AND idx = 0")]
    [InlineData("UPDATE receipt SET statement = (SELECT statement FROM receipt WHERE entry = 4) WHERE entry = 5")]
    [InlineData("UPDATE receipt SET salt = (SELECT salt FROM receipt WHERE entry = 4) WHERE entry = 5")]
    [InlineData("DELETE FROM tile WHERE level = 0; DELETE FROM entry WHERE idx = 6")]
    public async Task No_receipt_that_fails_elsewhere_leaves_the_server(string sql)
    {
        await using ReceiptStore store = _folder.Open();
        string id = (await _folder.AppendAsync(store, 300))[4].ReceiptId;
        Assert.NotNull(await ProveAsync());
        Assert.Equal(new StoreState(true, null), store.State);
        _folder.Tamper(sql);
        var e = await Assert.ThrowsAsync<InvalidDataException>(ProveAsync);
        Assert.StartsWith("entry 5 can't be proved: ", e.Message, StringComparison.Ordinal);
        Assert.Equal(new StoreState(true, $"{e.Message}; receipts check finds what is damaged"), store.State);
        Assert.Equal([$"Proving receipts: failing: {store.Problem}"], _folder.Warnings);

        async Task<TlogProof> ProveAsync() =>
            await store.ProveAsync((await store.FindAsync(id, Cancellation)).Receipt!, Cancellation);
    }

    [Fact]
    public async Task A_salt_that_is_none_is_a_finding()
    {
        await using ReceiptStore store = _folder.Open();
        string id = (await _folder.AppendAsync(store, 1))[0].ReceiptId;
        _folder.Tamper("UPDATE receipt SET salt = x'00'");
        await Assert.ThrowsAsync<InvalidDataException>(() => store.FindAsync(id, Cancellation));
        Assert.Equal(
            "the salt of the receipt of entry 1 is damaged; receipts check finds what is damaged",
            store.Problem
        );
    }

    /// <summary>Each check sees one state of a log that grows.</summary>
    [Fact]
    public async Task A_log_is_consistent_while_it_grows()
    {
        await using ReceiptStore store = _folder.Open();
        await _folder.AppendAsync(store, 1);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        int appended = 0;
        Task growing = Task.Run(
            async () =>
            {
                for (; !end.IsCancellationRequested; appended++)
                    Assert.NotNull(await store.AppendAsync(_folder.Issue(), Cancellation));
            },
            Cancellation
        );
        int before = 0;
        for (int i = 0; i < 20; i++)
        {
            using ReceiptArchive archive = ReceiptArchive.Open(_folder.Path);
            await archive.CheckAsync(Cancellation);
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
            "DELETE FROM receipt WHERE entry > 2; DELETE FROM entry WHERE idx > 2; UPDATE checkpoint "
                + $"SET size = 3, note = '{former}'"
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
        File.Copy(Path.Combine(_folder.Beside("backup"), "log-1", "receipts.db"), _folder.Database, overwrite: true);
        AssertRefused("the file checkpoint covers 6 entries, the database has 4: the database was set back");
    }

    [Fact]
    public async Task A_database_that_went_another_way_is_refused()
    {
        await _folder.FillAsync(3);
        _folder.CopyTo(_folder.Beside("backup"));
        await _folder.FillAsync(1);
        byte[] published = await File.ReadAllBytesAsync(_folder.CheckpointFile, Cancellation);
        foreach (string file in Directory.GetFiles(Path.Combine(_folder.Beside("backup"), "log-1")))
            File.Copy(file, Path.Combine(_folder.LogPath, Path.GetFileName(file)), overwrite: true);
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
        File.Delete(Path.Combine(_folder.Beside("copy"), "log-1", "receipts.db-wal"));
        File.Delete(Path.Combine(_folder.Beside("copy"), "log-1", "receipts.db-shm"));
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

    /// <summary>Rows of a log of 300 entries, changed as an accident or an attacker may change them.</summary>
    [Theory]
    [InlineData(
        "UPDATE entry SET digest = (SELECT digest FROM entry WHERE idx = 4) WHERE idx = 5",
        "entry 5 is not the one whose hash stands in tile/0/000"
    )]
    [InlineData(
        "UPDATE entry SET idx = 1000 WHERE idx = 5; UPDATE entry SET idx = 5 WHERE idx = 6; UPDATE entry SET idx = 6 WHERE "
            + "idx = 1000",
        "entry 5 is not the one whose hash stands in tile/0/000"
    )]
    [InlineData("DELETE FROM entry WHERE idx = 5", "entry 5 is missing, or stray")]
    [InlineData("INSERT INTO entry SELECT -1, digest, line FROM entry WHERE idx = 5", "entry -1 is missing, or stray")]
    [InlineData(
        "UPDATE entry SET digest = zeroblob(32) WHERE idx = 7; UPDATE tile SET hashes = CAST(substr(hashes, 1, 224) "
            + "|| $LEAF || substr(hashes, 257) AS BLOB) WHERE level = 0 AND idx = 0",
        "tile/1/000.p/1 is not what the entries give"
    )]
    [InlineData(
        "UPDATE entry SET digest = NULL, line = x'00' WHERE idx = 7",
        "entry 7 is no line of a log of receipts"
    )]
    [InlineData(
        "UPDATE tile SET hashes = zeroblob(8192) WHERE level = 0",
        "entry 0 is not the one whose hash stands in tile/0/000"
    )]
    [InlineData("UPDATE tile SET hashes = x'' WHERE level = 0", "tile/0/000 is not what the entries give")]
    [InlineData("DELETE FROM tile WHERE level = 0", "tile/0/000 is not what the entries give")]
    [InlineData("INSERT INTO tile VALUES (0, 1, zeroblob(32))", "the tile at level 0, index 1 is not one of this log")]
    [InlineData("INSERT INTO tile VALUES (2, 0, zeroblob(32))", "the tile at level 2, index 0 is not one of this log")]
    [InlineData(
        "INSERT INTO tile VALUES (-1, 0, zeroblob(32))",
        "the tile at level -1, index 0 is not one of this log"
    )]
    [InlineData(
        "UPDATE receipt SET statement = x'7b7d' WHERE entry = 2",
        "the receipt of entry 2 is not the one that was logged"
    )]
    [InlineData(
        "DELETE FROM receipt WHERE entry = 2",
        "the receipt of entry 2 is missing, and no retention deleted it"
    )]
    [InlineData("DELETE FROM receipt", "the receipt of entry 1 is missing, and no retention deleted it")]
    [InlineData(
        "INSERT INTO pruned (entry, id_hash) VALUES (2, x'00')",
        "the receipt of entry 2 is said to be deleted, and is not"
    )]
    [InlineData(
        "INSERT INTO pruned (entry, id_hash) VALUES (900, x'00')",
        "the receipt of entry 900 is said to be deleted, and is not"
    )]
    [InlineData(
        "UPDATE receipt SET id = x'00' WHERE entry = 2",
        "the id of the receipt of entry 2 is not that of its statement"
    )]
    [InlineData(
        "UPDATE receipt SET issued_at = issued_at + 1 WHERE entry = 2",
        "the time of the receipt of entry 2 is not that of its statement"
    )]
    [InlineData(
        "UPDATE receipt SET salt = (SELECT salt FROM receipt WHERE entry = 4) WHERE entry = 2",
        "the salt of the receipt of entry 2 is not that of its statement"
    )]
    [InlineData(
        "UPDATE receipt SET salt = x'00' WHERE entry = 2",
        "the salt of the receipt of entry 2 is not that of its statement"
    )]
    [InlineData("DELETE FROM environment", "the document of the environment $ENV is missing, which entry 1 names")]
    [InlineData(
        "UPDATE environment SET source = 'declared'",
        "the document of the environment $ENV is that of another one"
    )]
    [InlineData(
        "UPDATE environment SET document = CAST(replace(CAST(document AS TEXT), 'embedded', 'sglang') AS BLOB)",
        "the document of the environment $ENV was changed: 'environment.id' is not the id of the facts and reasons"
    )]
    public async Task Every_row_is_checked_on_demand(string sql, string complaint)
    {
        await _folder.FillAsync(300);
        await using ReceiptStore store = _folder.Open();
        await _folder.CheckAsync();
        bool isServed = complaint.Contains("was changed", StringComparison.Ordinal);
        _folder.Tamper(
            sql.Replace("$LEAF", $"x'{LogEntry.Receipt(new Sha256Value(new byte[32])).Leaf}'", StringComparison.Ordinal)
        );
        Assert.Equal(
            complaint.Replace("$ENV", $"{_folder.Environment.Id}", StringComparison.Ordinal),
            (await Assert.ThrowsAsync<InvalidDataException>(() => _folder.CheckAsync())).Message
        );
        // Nor is such a document served.
        if (isServed)
        {
            EnvironmentLookup found = await store.FindEnvironmentAsync(
                _folder.Environment.Id,
                source: null,
                Cancellation
            );
            Assert.Null(found.Document);
            Assert.StartsWith($"{found.Damage}; receipts check", store.Problem, StringComparison.Ordinal);
        }
    }

    /// <summary>One id may have documents of several sources.</summary>
    [Fact]
    public async Task An_intact_document_of_an_environment_is_found_behind_a_damaged_one()
    {
        await _folder.FillAsync(1);
        _folder.Tamper(
            "INSERT INTO environment (rowid, id, source, document) SELECT -1, id, 'declared', x'7b7d' FROM environment"
        );
        await using ReceiptStore store = _folder.Open();
        EnvironmentLookup found = await store.FindEnvironmentAsync(_folder.Environment.Id, source: null, Cancellation);
        Assert.Equal(_folder.Environment.Id, EnvironmentDocument.Read(found.Document!).Id);
    }

    [Fact]
    public async Task An_intact_copy_of_an_environment_is_found_beside_a_damaged_one()
    {
        await _folder.FillAsync(1);
        using (ReceiptDirectory directory = ReceiptDirectory.Open(_folder.Path, _folder))
            LogRotation.Run(directory, LogSigners.None, name: null, revokes: false);
        await using ReceiptStore store = _folder.Open();
        await _folder.AppendAsync(store, 1);
        using (var connection = new SqliteConnection($"Data Source={store.LogFolder.DatabaseFile};Pooling=False"))
        {
            connection.Open();
            connection.Execute("UPDATE environment SET document = x'7b7d'");
        }
        EnvironmentLookup found = await store.FindEnvironmentAsync(_folder.Environment.Id, source: null, Cancellation);
        Assert.Equal(_folder.Environment.Id, EnvironmentDocument.Read(found.Document!).Id);
        Assert.StartsWith($"{found.Damage}; receipts check", store.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_log_that_another_program_changes_takes_no_more_receipts()
    {
        await using ReceiptStore store = _folder.Open();
        await _folder.AppendAsync(store, 1);
        _folder.Tamper("UPDATE checkpoint SET size = 1");
        Assert.Null(await store.AppendAsync(_folder.Issue(), Cancellation));
        Assert.Equal("another program has changed the log; restart the server", store.Problem);
        Assert.Null(await store.AppendAsync(_folder.Issue(), Cancellation));
        Assert.Equal(
            ["Storing receipts: failing: another program has changed the log; restart the server"],
            _folder.Warnings
        );
    }

    public void Dispose() => _folder.Dispose();

    private void AssertRefused(string complaint) =>
        Assert.Equal(
            $"--data-dir: the log of receipts in {_folder.Path} can't be continued: {complaint}. "
                + "Restore the folder as it was when the last receipt was issued, or start a new log in "
                + "another --data-dir; --receipts off serves without receipts.",
            _folder.Refusal()
        );
}
