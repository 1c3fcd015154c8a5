using DeterministicInference.Receipts.Log;
using DeterministicInference.Server.Receipts.Store;
using Microsoft.Data.Sqlite;
using Xunit;

namespace DeterministicInference.Server.Tests.Receipts.Store;

/// <summary>The lock of another program simulates a slow disk.</summary>
public sealed class SlowDiskTests : IDisposable
{
    private readonly StoreFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_commit_that_takes_too_long_counts_as_failed_and_the_store_recovers()
    {
        await using ReceiptStore store = _folder.Open(settings =>
            settings with
            {
                CommitLimit = TimeSpan.FromMilliseconds(200),
            }
        );
        await Limits.UntilAsync(
            () => store.PutEnvironmentAsync(_folder.Environment, Cancellation),
            () => $"{store.Problem}"
        );
        NewReceipt late = _folder.Issue();
        using (SqliteConnection foreign = _folder.Connect())
        {
            foreign.Execute("BEGIN IMMEDIATE");
            Assert.Null(await store.AppendAsync(late, Cancellation).Within());
            Assert.Equal("the disk has taken longer than 0.2 s", store.Problem);
            // Queued behind a commit that does not end, and abandoned: it must not be written later.
            NewReceipt behind = _folder.Issue();
            Assert.Null(await store.AppendAsync(behind, Cancellation).Within());
            foreign.Execute("ROLLBACK");
            late = behind;
        }
        // By itself: where answers are refused meanwhile, no other receipt comes.
        await Limits.UntilAsync(() => store.State == new StoreState(true, null), () => $"{store.Problem}");
        // The limit is short for the test's sake, and a busy machine may miss it again.
        await Limits.UntilAsync(
            async () => await store.AppendAsync(_folder.Issue(), Cancellation) is not null,
            () => $"{store.Problem}"
        );
        Assert.Null((await store.FindAsync(late.ReceiptId, Cancellation)).Receipt);
        Assert.Equal(["Storing receipts: failing: the disk has taken longer than 0.2 s"], _folder.Warnings.Distinct());
        await _folder.CheckAsync();
    }

    [Fact]
    public async Task A_full_queue_refuses_at_once()
    {
        await using ReceiptStore store = _folder.Open(settings => settings with { QueueCapacity = 2 });
        List<Task<TlogProof?>> appends = [];
        using (SqliteConnection foreign = _folder.Connect())
        {
            foreign.Execute("BEGIN IMMEDIATE");
            // The writer holds what it has taken; two more may be queued.
            while (store.Problem is null)
                appends.Add(store.AppendAsync(_folder.Issue(), Cancellation));
            Assert.Equal("2 receipts are waiting for the disk", store.Problem);
            Assert.Null(await appends[^1].Within());
            foreign.Execute("ROLLBACK");
        }
        TlogProof?[] proofs = await Task.WhenAll(appends).Within();
        Assert.Equal(
            Checkpoint.Verify(store.Checkpoint, store.LogKey).Size - 1,
            proofs.Count(proof => proof is not null)
        );
        await store.PutEnvironmentAsync(new([], []), Cancellation);
        Assert.Null(store.Problem);
    }

    [Fact]
    public async Task A_waiter_can_leave()
    {
        await using ReceiptStore store = _folder.Open();
        using var leave = new CancellationTokenSource();
        using SqliteConnection foreign = _folder.Connect();
        foreign.Execute("BEGIN IMMEDIATE");
        Task<TlogProof?> append = store.AppendAsync(_folder.Issue(), leave.Token);
        await leave.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => append.Within());
        foreign.Execute("ROLLBACK");
        await _folder.AppendAsync(store, 1);
    }

    public void Dispose() => _folder.Dispose();
}
