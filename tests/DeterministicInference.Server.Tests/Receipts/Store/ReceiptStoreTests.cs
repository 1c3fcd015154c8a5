using DeterministicInference.Receipts;
using DeterministicInference.Receipts.Environments;
using DeterministicInference.Receipts.Log;
using DeterministicInference.Server.Receipts.Store;
using Microsoft.Data.Sqlite;
using SQLitePCL;
using Xunit;

namespace DeterministicInference.Server.Tests.Receipts.Store;

public sealed class ReceiptStoreTests : IDisposable
{
    private readonly StoreFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_stored_receipt_is_found_by_its_id_and_proved_under_the_signed_checkpoint()
    {
        await using ReceiptStore store = _folder.Open(settings => settings with { Origin = "log.example/a" });
        IReadOnlyList<NewReceipt> receipts = await _folder.AppendAsync(store, 300);
        foreach (NewReceipt receipt in receipts.Take(3).Append(receipts[^1]))
        {
            StoredReceipt stored = (await store.FindAsync(receipt.ReceiptId, Cancellation)).Receipt!;
            Assert.Equal(new ReceiptLookup(null), await store.FindAsync(receipt.ResponseId!, Cancellation));
            Assert.Equal(receipt.Statement, stored.Statement.ToArray());
            Assert.Equal(receipt.Salt.ToBase64(), stored.Salt.ToBase64());
            Assert.Equal(
                (receipt.ReceiptId, receipt.ResponseId, receipt.IssuedAt),
                (stored.ReceiptId, stored.ResponseId, stored.IssuedAt)
            );
            TlogProof proof = await store.ProveAsync(stored, Cancellation);
            Checkpoint checkpoint = TlogProof
                .Parse(proof.ToString())
                .Verify(LogEntry.Receipt(stored.Statement.Span).Leaf, NoteKey.Parse(store.LogKey.ToString()));
            Assert.Equal((store.LogKey.Name, 301), (checkpoint.Origin, checkpoint.Size));
            Assert.True(LogOrigin.HasName(checkpoint.Origin, "log.example/a"));
        }
        Assert.Equal(
            new ReceiptLookup(null, IsPruned: false),
            await store.FindAsync("00112233445566778899aabbccddeeff", Cancellation)
        );
        Assert.Equal(301, Checkpoint.Verify(store.Checkpoint, store.LogKey).Size);
        await _folder.CheckAsync();
    }

    /// <summary>It is the proof that a reader gives, whatever else is in the commit.</summary>
    [Fact]
    public async Task A_receipt_comes_with_its_proof()
    {
        await using ReceiptStore store = _folder.Open();
        foreach (int count in (int[])[1, 3, 254, 300])
        {
            NewReceipt[] receipts = [.. Enumerable.Range(0, count).Select(_ => _folder.Issue())];
            TlogProof?[] proofs = await Task.WhenAll(
                receipts.Select(receipt => store.AppendAsync(receipt, Cancellation))
            );
            Assert.Equal(count, proofs.Select(proof => proof!.Index).Distinct().Count());
            foreach ((NewReceipt receipt, TlogProof? proof) in receipts.Zip(proofs))
                TlogProof.Parse(proof!.ToString()).Verify(receipt.Leaf, store.LogKey);
        }
        NewReceipt last = _folder.Issue();
        TlogProof sealing = (await store.AppendAsync(last, Cancellation))!;
        StoredReceipt stored = (await store.FindAsync(last.ReceiptId, Cancellation)).Receipt!;
        Assert.Equal($"{await store.ProveAsync(stored, Cancellation)}", $"{sealing}");
    }

    [Fact]
    public async Task The_newest_are_listed_first()
    {
        await using ReceiptStore store = _folder.Open();
        await _folder.AppendAsync(store, 5);
        Assert.Equal([5, 4, 3], (await _folder.ListAsync(3)).Select(receipt => receipt.Index));
        Assert.Equal(5, (await _folder.ListAsync(100)).Count);
    }

    [Fact]
    public async Task Receipts_that_come_while_the_disk_is_busy_share_a_commit()
    {
        await using ReceiptStore store = _folder.Open();
        await _folder.AppendAsync(store, 1);
        long before = store.Commits;
        Task<IReadOnlyList<NewReceipt>> appends;
        using (SqliteConnection foreign = _folder.Connect())
        {
            foreign.Execute("BEGIN IMMEDIATE");
            appends = _folder.AppendAsync(store, 500);
            foreign.Execute("ROLLBACK");
        }
        Assert.Equal(500, (await appends.Within()).Select(receipt => receipt.ReceiptId).Distinct().Count());
        // What the writer had taken when it met the lock, and all the rest.
        Assert.InRange(store.Commits - before, 1, 2);
        Assert.Equal(502, Checkpoint.Verify(store.Checkpoint, store.LogKey).Size);
        await _folder.CheckAsync();
    }

    [Fact]
    public async Task A_restart_keeps_everything_and_continues()
    {
        IReadOnlyList<NewReceipt> first = await _folder.FillAsync(200),
            second = await _folder.FillAsync(200);
        await using ReceiptStore store = _folder.Open();
        foreach (NewReceipt receipt in first.Concat(second))
            Assert.NotNull((await store.FindAsync(receipt.ReceiptId, Cancellation)).Receipt);
        Assert.Equal(401, Checkpoint.Verify(store.Checkpoint, store.LogKey).Size);
        Assert.True(LogOrigin.HasName(store.LogKey.Name, LogOrigin.DefaultName));
        await _folder.CheckAsync();
    }

    [Fact]
    public async Task The_file_checkpoint_is_the_last_one_after_the_end()
    {
        string last;
        await using (ReceiptStore store = _folder.Open())
        {
            await _folder.AppendAsync(store, 3);
            last = store.Checkpoint;
        }
        Assert.Equal(last, await File.ReadAllTextAsync(_folder.CheckpointFile, Cancellation));
        Assert.Equal(
            ["checkpoint", "receipts.db", "signing-key.pem"],
            Directory.GetFiles(_folder.LogPath).Select(Path.GetFileName).Order(StringComparer.Ordinal)
        );
    }

    [Fact]
    public async Task Only_the_owner_may_read_anything()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "skipped: file modes are of Unix");
        await using ReceiptStore store = _folder.Open();
        await _folder.AppendAsync(store, 1);
        // Once this is stored, the checkpoint file of what came before is no longer being replaced.
        await store.PutEnvironmentAsync(new([], []), Cancellation);
        if (OperatingSystem.IsWindows())
            return;
        Assert.Equal(ReceiptDirectory.OwnerOnly | UnixFileMode.UserExecute, File.GetUnixFileMode(_folder.Path));
        Assert.Equal(ReceiptDirectory.OwnerOnly | UnixFileMode.UserExecute, File.GetUnixFileMode(_folder.LogPath));
        string[] files = Directory.GetFiles(_folder.Path, "*", SearchOption.AllDirectories);
        Assert.Contains(_folder.Database + "-wal", files);
        foreach (string file in files)
            Assert.Equal(ReceiptDirectory.OwnerOnly, File.GetUnixFileMode(file));
    }

    [Fact]
    public async Task An_environment_is_kept()
    {
        var environment = new InferenceEnvironment(
            [new("engine.name", new EnvironmentFact("embedded", FactSource.Measured))],
            []
        );
        await using (ReceiptStore store = _folder.Open())
        {
            Assert.True(await store.PutEnvironmentAsync(environment, Cancellation));
            Assert.True(await store.PutEnvironmentAsync(environment, Cancellation));
            Assert.Null((await store.FindEnvironmentAsync(OtherId(), null, Cancellation)).Document);
        }
        await using ReceiptStore again = _folder.Open();
        byte[] document = (
            await again.FindEnvironmentAsync(environment.Id, FactSource.Measured, Cancellation)
        ).Document!;
        Assert.Equal(environment.Id, EnvironmentDocument.Read(document).Id);
    }

    /// <summary>Statements name id and weakest source: each finds its document, whatever came later.</summary>
    [Fact]
    public async Task The_document_of_an_environment_is_not_replaced()
    {
        InferenceEnvironment measured = Of(FactSource.Measured),
            reported = Of(FactSource.EngineReported);
        Assert.Equal(measured.Id, reported.Id);
        await using ReceiptStore store = _folder.Open();
        foreach (InferenceEnvironment environment in (InferenceEnvironment[])[measured, reported, measured])
            Assert.True(await store.PutEnvironmentAsync(environment, Cancellation));
        Assert.Equal(EnvironmentDocument.Write(measured), await FindAsync(FactSource.Measured));
        Assert.Equal(EnvironmentDocument.Write(reported), await FindAsync(FactSource.EngineReported));
        Assert.Equal(EnvironmentDocument.Write(measured), await FindAsync(null));
        Assert.Null(await FindAsync(FactSource.Declared));

        async Task<byte[]?> FindAsync(FactSource? source) =>
            (await store.FindEnvironmentAsync(measured.Id, source, Cancellation)).Document;

        static InferenceEnvironment Of(FactSource source) =>
            new([new("engine.name", new EnvironmentFact("embedded", source))], []);
    }

    [Fact]
    public async Task A_receipt_of_an_id_that_exists_is_not_stored_and_does_not_disturb_the_others()
    {
        await using ReceiptStore store = _folder.Open();
        NewReceipt receipt = (await _folder.AppendAsync(store, 1))[0];
        Task<TlogProof?> again = store.AppendAsync(receipt, Cancellation);
        Task<IReadOnlyList<NewReceipt>> others = _folder.AppendAsync(store, 10);
        Assert.Null(await again);
        await others;
        Assert.Equal(12, Checkpoint.Verify(store.Checkpoint, store.LogKey).Size);
        await _folder.CheckAsync();
    }

    [Fact]
    public async Task Nothing_is_stored_after_the_end()
    {
        ReceiptStore store = _folder.Open();
        NewReceipt receipt = _folder.Issue();
        await store.DisposeAsync();
        Assert.Null(await store.AppendAsync(receipt, Cancellation));
    }

    [Fact]
    public async Task What_is_queued_at_the_end_is_stored()
    {
        ReceiptStore store = _folder.Open();
        Task<IReadOnlyList<NewReceipt>> appends = _folder.AppendAsync(store, 100);
        await store.DisposeAsync();
        IReadOnlyList<NewReceipt> receipts = await appends.Within();
        await using ReceiptStore again = _folder.Open();
        foreach (NewReceipt receipt in receipts)
            Assert.NotNull((await again.FindAsync(receipt.ReceiptId, Cancellation)).Receipt);
    }

    public void Dispose() => _folder.Dispose();

    private static Sha256Value OtherId() => Sha256Value.Of("none"u8);

    /// <summary>A start reads the edge of the log: as many pages of a small one as of a large one.</summary>
    [Fact]
    public async Task A_start_reads_no_more_of_a_large_log()
    {
        await _folder.FillAsync(2000);
        int small = PagesOfAStart();
        await using (ReceiptStore store = _folder.Open())
        {
            for (int i = 0; i < 12; i++)
                await _folder.AppendAsync(store, 2000);
        }
        int all = (int)(new FileInfo(_folder.Database).Length / 4096);
        Assert.InRange(PagesOfAStart(), 1, small + 20);
        Assert.InRange(all, 20 * small, int.MaxValue);
    }

    private int PagesOfAStart()
    {
        using SqliteConnection connection = ReceiptDatabase.OpenReader(_folder.Database);
        using LogArchive archive = LogArchive.Open(LogFolder.Of(_folder.Path, 1));
        new LogCheck(connection, archive.Key).CheckEdge();
        connection.HasOwners();
        Assert.Equal(
            raw.SQLITE_OK,
            raw.sqlite3_db_status(connection.Handle, raw.SQLITE_DBSTATUS_CACHE_MISS, out int pages, out _, 0)
        );
        return pages;
    }
}
