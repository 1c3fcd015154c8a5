using System.Diagnostics;
using DeterministicInference.Server.Receipts;
using Xunit;

namespace DeterministicInference.Server.Tests.Receipts;

/// <summary>While the disk takes nothing, receipts are refused with the reason; when it does again, so does the store, by itself.</summary>
public sealed class FullDiskTests : IDisposable
{
    private readonly StoreFolder _folder = new();

    [Fact]
    public async Task A_full_disk_is_told_and_the_store_goes_on_when_there_is_room()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && await CanMountAsync(), "skipped: needs a mount namespace of its own (unshare -rm)");
        Directory.CreateDirectory(_folder.Path);
        // 3 MiB, of which a file takes 1: what is deleted makes room.
        string script = $"mount -t tmpfs -o size=3m none {_folder.Path} && head -c 1048576 /dev/zero >{_folder.Path}/filler && exec \"$@\"";
        await using var host = new ReceiptHostProcess(_folder.Path, "unshare", "-rm", "sh", "-c", script, "sh");
        await host.FindAsync("ready");
        await AssertFailsAndRecoversAsync(host, "the disk is full", () =>
        {
            host.Tell($"delete {Path.Combine(_folder.Path, "filler")}");
            return host.FindAsync("deleted");
        });
    }

    /// <summary>Needs no rights: a limit on the size of files stands for a disk that fails to write.</summary>
    [Fact]
    public async Task A_disk_that_fails_to_write_is_told_and_the_store_goes_on_when_it_works_again()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Program.Exists("prlimit"), "skipped: needs prlimit");
        // The signal that comes with the limit would end the process.
        await using var host = new ReceiptHostProcess(_folder.Path, "sh", "-c", "trap '' XFSZ; exec \"$@\"", "sh");
        await host.FindAsync("ready");
        await LimitAsync(host, "524288");
        await AssertFailsAndRecoversAsync(host, "the disk reports an error (SQLite error 778)", () => LimitAsync(host, "unlimited"));
        await using ReceiptStore store = _folder.Open();
        foreach (string id in host.Receipts) Assert.NotNull((await store.FindAsync(id, TestContext.Current.CancellationToken)).Receipt);
        await store.CheckAsync(TestContext.Current.CancellationToken);
    }

    public void Dispose() => _folder.Dispose();

    /// <summary>Only the soft limit, which can be raised again.</summary>
    private static async Task LimitAsync(ReceiptHostProcess host, string bytes)
    {
        using Process limit = Process.Start("prlimit", ["--pid", $"{host.Id}", $"--fsize={bytes}:"]);
        await limit.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, limit.ExitCode);
    }

    private static async Task AssertFailsAndRecoversAsync(ReceiptHostProcess host, string problem, Func<Task> mend)
    {
        string last;
        do last = await host.AppendAsync();
        while (last.StartsWith("receipt ", StringComparison.Ordinal));
        Assert.Equal("failed " + problem, last);
        for (int i = 0; i < 3; i++) Assert.Equal("failed " + problem, await host.AppendAsync());
        Assert.Equal([$"log Warning Storing receipts: failing: {problem}"],
            host.Lines.Where(line => line.StartsWith("log ", StringComparison.Ordinal) && line.Contains("Storing", StringComparison.Ordinal)));

        await mend();
        // Nobody has to come for it: the store tries by itself.
        await host.FindAsync("log Information Storing receipts: working again");
        Assert.StartsWith("receipt ", await host.AppendAsync(), StringComparison.Ordinal);
        await host.CloseAsync();
        Assert.Contains("closed", host.Lines);
    }

    private static async Task<bool> CanMountAsync()
    {
        if (!Program.Exists("unshare")) return false;
        using Process trial = Process.Start(new ProcessStartInfo("unshare", ["-rm", "sh", "-c", "mount -t tmpfs none /mnt"]) { RedirectStandardError = true })!;
        await trial.WaitForExitAsync(TestContext.Current.CancellationToken);
        return trial.ExitCode == 0;
    }
}
