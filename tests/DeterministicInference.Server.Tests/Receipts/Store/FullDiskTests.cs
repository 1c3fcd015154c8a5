using DeterministicInference.Server.Receipts.Store;
using Xunit;

namespace DeterministicInference.Server.Tests.Receipts.Store;

/// <summary>
/// While the disk is full, receipts are refused with the reason; the store recovers by itself once there is room.
/// </summary>
public sealed class FullDiskTests : IDisposable
{
    private readonly StoreFolder _folder = new();

    [Fact]
    public async Task A_full_disk_is_reported_and_the_store_continues_when_there_is_room()
    {
        await SmallDisk.RequireAsync();
        Directory.CreateDirectory(_folder.Path);
        var disk = new SmallDisk(_folder.Path, 3 << 20);
        await using var host = new ReceiptHostProcess(_folder.Path, disk.Prefix);
        await host.FindAsync("ready");
        // Receipts take the rest.
        disk.Fill(host.Id, 1 << 20);
        await AssertFailsAndRecoversAsync(host, "the disk is full", () => disk.Free(host.Id));
    }

    /// <summary>Needs no privileges: a file size limit simulates a disk that fails to write.</summary>
    [Fact]
    public async Task A_disk_that_fails_to_write_is_reported_and_the_store_continues_when_it_works_again()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "skipped: needs Linux");
        await using var host = new ReceiptHostProcess(_folder.Path);
        await host.FindAsync("ready");
        FileSizeLimit.Set(host.Id, 512 << 10);
        const string Problem =
            "a file can't be written: the disk has an error, or a limit on the size of files is reached";
        await AssertFailsAndRecoversAsync(host, Problem, () => FileSizeLimit.Lift(host.Id));
        await using ReceiptStore store = _folder.Open();
        foreach (string id in host.Receipts)
            Assert.NotNull((await store.FindAsync(id, TestContext.Current.CancellationToken)).Receipt);
        await _folder.CheckAsync();
    }

    /// <summary>A store writes the checkpoint file last, on a thread without waiting callers.</summary>
    [Fact]
    public async Task A_store_on_a_disk_that_takes_nothing_closes_in_good_order()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "skipped: needs Linux");
        await using var host = new ReceiptHostProcess(_folder.Path);
        await host.FindAsync("ready");
        Assert.StartsWith("receipt ", await host.AppendAsync(), StringComparison.Ordinal);
        FileSizeLimit.Set(host.Id, 1);
        await host.CloseAsync();
        Assert.Equal("closed", host.Lines[^1]);
        Assert.Contains("log Warning Writing the checkpoint file: failing: the folder can't be written", host.Lines);
        await using ReceiptStore store = _folder.Open();
        string id = Assert.Single(host.Receipts);
        Assert.NotNull((await store.FindAsync(id, TestContext.Current.CancellationToken)).Receipt);
    }

    [Fact]
    public async Task A_checkpoint_file_that_can_not_be_written_is_reported_and_retried()
    {
        // A folder blocks the name of the new file.
        string obstacle = _folder.CheckpointFile + ".new";
        Directory.CreateDirectory(obstacle);
        await using var host = new ReceiptHostProcess(_folder.Path);
        await host.FindAsync("log Warning Writing the checkpoint file: failing: the folder can't be written");
        await host.FindAsync("ready");
        Assert.False(File.Exists(_folder.CheckpointFile));
        Directory.Delete(obstacle);
        // No further receipt triggers the retry.
        await host.FindAsync("log Information Writing the checkpoint file: working again");
        string note = await File.ReadAllTextAsync(_folder.CheckpointFile, TestContext.Current.CancellationToken);
        await host.CloseAsync();
        await using ReceiptStore store = _folder.Open();
        Assert.Equal(store.Checkpoint, note);
    }

    public void Dispose() => _folder.Dispose();

    private static async Task AssertFailsAndRecoversAsync(ReceiptHostProcess host, string problem, Action mend)
    {
        string last = "";
        // None takes less than a kilobyte of the few megabytes.
        for (int i = 0; i == 0 || last.StartsWith("receipt ", StringComparison.Ordinal); i++)
        {
            Assert.True(i < 4096, "The disk is not full.");
            last = await host.AppendAsync();
        }
        Assert.Equal("failed " + problem, last);
        for (int i = 0; i < 3; i++)
            Assert.Equal("failed " + problem, await host.AppendAsync());
        Assert.Equal(
            [$"log Warning Storing receipts: failing: {problem}"],
            host.Lines.Where(line =>
                line.StartsWith("log ", StringComparison.Ordinal) && line.Contains("Storing", StringComparison.Ordinal)
            )
        );

        mend();
        // The store retries by itself, without a new receipt.
        await host.FindAsync("log Information Storing receipts: working again");
        Assert.StartsWith("receipt ", await host.AppendAsync(), StringComparison.Ordinal);
        await host.CloseAsync();
        Assert.Contains("closed", host.Lines);
    }
}
