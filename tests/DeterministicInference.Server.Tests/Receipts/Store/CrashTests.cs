using DeterministicInference.Receipts.Log;
using DeterministicInference.Server.Receipts.Store;
using Xunit;

namespace DeterministicInference.Server.Tests.Receipts.Store;

/// <summary>A server that is killed at any moment loses no receipt that it has issued.</summary>
public sealed class CrashTests : IDisposable
{
    private const int Appenders = 8;

    private readonly StoreFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task After_kill_9_every_receipt_that_was_given_out_is_there_and_the_log_holds_together()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "skipped: needs kill -9");
        List<string> givenOut = [],
            checkpoints = [];
        long size = 0;
        int awaited = 0;
        for (int round = 0; round < LongRun.Times(usually: 12, atLength: 200); round++)
        {
            // From "while it opens the store" to "after some dozens", in an order without pattern.
            int after = round * 29 % 53;
            awaited += after;
            await using (var host = new ReceiptHostProcess(_folder.Path))
            {
                await host.FindAsync("opening");
                host.Tell($"run {Appenders}");
                if (after > 0)
                    await host.StoredAsync(after);
                await host.KillAsync();
                Assert.DoesNotContain(host.Lines, line => line.StartsWith("refused", StringComparison.Ordinal));
                givenOut.AddRange(host.Receipts);
                checkpoints.AddRange(host.Checkpoints);
            }
            await using ReceiptStore store = _folder.Open();
            await _folder.CheckAsync();
            _folder.RequireConsistent(checkpoints);
            long grown = Checkpoint.Verify(store.Checkpoint, store.LogKey).Size;
            Assert.InRange(givenOut.Count, 0, grown - 1);
            Assert.InRange(grown, size, long.MaxValue);
            size = grown;
            foreach (string id in givenOut.TakeLast(after + Appenders))
                Assert.NotNull((await store.FindAsync(id, Cancellation)).Receipt);
        }
        await using ReceiptStore last = _folder.Open();
        foreach (string id in givenOut)
            Assert.NotNull((await last.FindAsync(id, Cancellation)).Receipt);
        Assert.InRange(givenOut.Count, awaited, int.MaxValue);
    }

    [Fact]
    public async Task A_server_starts_without_repair_after_one_that_was_killed()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "skipped: needs kill -9");
        List<string> givenOut = [];
        for (int round = 0; round < 5; round++)
        {
            await using var host = new ReceiptHostProcess(_folder.Path);
            host.Tell($"run {Appenders}");
            await host.StoredAsync(20);
            await host.KillAsync();
            givenOut.AddRange(host.Receipts);
        }
        await using ReceiptStore store = _folder.Open();
        foreach (string id in givenOut)
            Assert.NotNull((await store.FindAsync(id, Cancellation)).Receipt);
        await _folder.CheckAsync();
        Assert.Empty(_folder.Warnings);
    }

    [Fact]
    public async Task The_write_ahead_log_is_synced_before_a_receipt_is_given_out()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && InstalledProgram.Exists("strace"), "skipped: needs strace");
        const int Count = 20;
        string trace = _folder.Beside("trace");
        await using (
            var host = new ReceiptHostProcess(
                _folder.Path,
                "strace",
                "-f",
                "-y",
                "-s",
                "64",
                "-e",
                "trace=write,pwrite64,fsync,fdatasync",
                "-o",
                trace
            )
        )
        {
            await host.FindAsync("ready");
            for (int i = 0; i < Count; i++)
                Assert.StartsWith("receipt ", await host.AppendAsync(), StringComparison.Ordinal);
            await host.CloseAsync();
        }
        Assert.Equal(
            Count,
            SyncOrder.ReceiptsAfterSync(await File.ReadAllLinesAsync(trace, Cancellation), _folder.Database + "-wal")
        );
    }

    public void Dispose() => _folder.Dispose();
}
