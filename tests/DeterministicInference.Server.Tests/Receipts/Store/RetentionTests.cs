using DeterministicInference.Server.Receipts.Store;
using Xunit;

namespace DeterministicInference.Server.Tests.Receipts.Store;

public sealed class RetentionTests : IDisposable
{
    private static readonly TimeSpan Month = TimeSpan.FromDays(30);

    private readonly StoreFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task At_start_old_receipts_are_deleted_and_the_log_stays()
    {
        // More than are deleted in one transaction.
        IReadOnlyList<NewReceipt> old = await _folder.FillAsync(700);
        _folder.Clock.Advance(Month);
        IReadOnlyList<NewReceipt> young = await _folder.FillAsync(3);
        _folder.Clock.Advance(TimeSpan.FromSeconds(1));

        await using (ReceiptStore store = Open())
        {
            await PrunedAsync(store);
            foreach (NewReceipt receipt in (NewReceipt[])[old[0], old[^1]])
            {
                Assert.Equal(
                    new ReceiptLookup(null, IsPruned: true),
                    await store.FindAsync(receipt.ReceiptId, Cancellation)
                );
            }
            Assert.Equal(4, (await _folder.ListAsync(1000)).Count);
            Assert.NotNull((await store.FindAsync(young[0].ReceiptId, Cancellation)).Receipt);
            await _folder.CheckAsync();
            Assert.False(Holds(old[0]));
            Assert.True(Holds(young[0]));
        }
        await using ReceiptStore again = _folder.Open();
        await _folder.CheckAsync();
        Assert.True((await again.FindAsync(old[5].ReceiptId, Cancellation)).IsPruned);
    }

    [Fact]
    public async Task While_the_server_runs_they_are_deleted_every_hour()
    {
        await using ReceiptStore store = Open();
        NewReceipt receipt = (await _folder.AppendAsync(store, 1))[0];
        _folder.Clock.Advance(Month - TimeSpan.FromHours(1));
        await PrunedAsync(store);
        Assert.False((await store.FindAsync(receipt.ReceiptId, Cancellation)).IsPruned);
        _folder.Clock.Advance(TimeSpan.FromHours(2));
        await PrunedAsync(store);
        Assert.True((await store.FindAsync(receipt.ReceiptId, Cancellation)).IsPruned);
    }

    [Fact]
    public async Task What_is_deleted_is_told_and_its_space_given_back()
    {
        await _folder.FillAsync(2000);
        long before = new FileInfo(_folder.Database).Length;
        _folder.Clock.Advance(Month + TimeSpan.FromSeconds(1));
        await using (ReceiptStore store = Open())
        {
            await Limits.UntilAsync(() => _folder.Notes.Count == 3, () => string.Join('\n', _folder.Notes));
            await _folder.AppendAsync(store, 1);
            await _folder.CheckAsync();
        }
        Assert.Equal(
            "2000 receipts were deleted with their salts: those before 2026-11-22T10:11:13Z. Their entries stay in the "
                + "log",
            _folder.Notes.Last()
        );
        Assert.True(new FileInfo(_folder.Database).Length < before / 4);
    }

    /// <summary>A clock that is wrong must not delete what nobody meant.</summary>
    [Fact]
    public async Task A_clock_that_is_years_ahead_deletes_nothing()
    {
        NewReceipt receipt = (await _folder.FillAsync(1))[0];
        _folder.Clock.Advance(TimeSpan.FromDays(3 * 366));
        await using (ReceiptStore store = Open())
        {
            await PrunedAsync(store);
            Assert.NotNull((await store.FindAsync(receipt.ReceiptId, Cancellation)).Receipt);
        }
        Assert.Equal(
            [
                "No receipt is deleted: the clock says 2029-11-24T10:11:12Z, more than a year after 2026-11-22T10:11:12Z. "
                    + "Set it right, or restart the server twice if it is",
            ],
            _folder.Warnings
        );
        // By now receipts of this time have been issued.
        await using ReceiptStore again = Open();
        await PrunedAsync(again);
        Assert.True((await again.FindAsync(receipt.ReceiptId, Cancellation)).IsPruned);
    }

    [Fact]
    public async Task A_clock_that_jumps_ahead_while_the_server_runs_deletes_nothing()
    {
        await using ReceiptStore store = Open();
        NewReceipt receipt = (await _folder.AppendAsync(store, 1))[0];
        await PrunedAsync(store);
        _folder.Clock.Adjustment = TimeSpan.FromDays(1000);
        _folder.Clock.Advance(TimeSpan.FromHours(2));
        await PrunedAsync(store);
        Assert.NotNull((await store.FindAsync(receipt.ReceiptId, Cancellation)).Receipt);
        Assert.StartsWith(
            "No receipt is deleted: ",
            Assert.Single(_folder.Warnings.Distinct()),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Without_retention_nothing_is_deleted()
    {
        NewReceipt receipt = (await _folder.FillAsync(1))[0];
        _folder.Clock.Advance(TimeSpan.FromDays(10_000));
        await using ReceiptStore store = _folder.Open();
        await PrunedAsync(store);
        Assert.NotNull((await store.FindAsync(receipt.ReceiptId, Cancellation)).Receipt);
    }

    public void Dispose() => _folder.Dispose();

    private ReceiptStore Open() => _folder.Open(settings => settings with { Retention = Month });

    /// <summary>
    /// The writer deletes between commits: before the last of these it has come to it, however often it had to.
    /// </summary>
    private async Task PrunedAsync(ReceiptStore store)
    {
        for (int i = 0; i < 10; i++)
            await store.PutEnvironmentAsync(new([], []), Cancellation);
        await _folder.AppendAsync(store, 1);
    }

    /// <summary>Whether the salt stands in any file.</summary>
    private bool Holds(NewReceipt receipt)
    {
        byte[] salt = receipt.Salt.Bytes.ToArray();
        return Directory
            .GetFiles(_folder.LogPath, "receipts.db*")
            .Any(file =>
            {
                using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
                var bytes = new byte[stream.Length];
                stream.ReadExactly(bytes);
                return bytes.AsSpan().IndexOf(salt) >= 0;
            });
    }
}
