using DeterministicInference.Server.Receipts.Store;
using Xunit;

namespace DeterministicInference.Server.Tests.Receipts.Store;

/// <summary>
/// A server that is killed at each of its writes: strace ends it at the N-th call of a kind, before the call is made
/// (https://man7.org/linux/man-pages/man1/strace.1.html, "inject"; each thread has a count of its own). So the call N - 1
/// has been made and the call N has not, for each N.
/// </summary>
public sealed class WriteFaultTests : IDisposable
{
    /// <summary>More calls of a kind than a run makes in one thread.</summary>
    private const int Limit = 200;

    private readonly List<StoreFolder> _folders = [];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>The calls that change files, and how many of a kind are passed over between two kills.</summary>
    private static (string Call, int Stride)[] Calls =>
        [
            ("pwrite64", LongRun.Times(usually: 11, atLength: 1)),
            ("fsync", LongRun.Times(usually: 4, atLength: 1)),
            ("rename", LongRun.Times(usually: 2, atLength: 1)),
            ("unlink", LongRun.Times(usually: 3, atLength: 1)),
            ("ftruncate", 1),
            ("mkdir", 1),
        ];

    /// <summary>In a new folder the first start is killed, in an old one the thread that stores receipts.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Whichever_write_is_the_last_one_the_store_opens_and_has_what_was_given_out(bool isOld)
    {
        SkipWithoutStrace();
        HashSet<int> given = [];
        await ForEachAsync(async killed =>
        {
            StoreFolder folder = NewFolder();
            if (isOld)
                await folder.FillAsync(2);
            string[] receipts,
                checkpoints;
            bool hasEnded;
            await using (var host = new ReceiptHostProcess(folder.Path, killed))
            {
                for (int i = 0; i < 3; i++)
                    host.Tell("append");
                await host.CloseAsync();
                (receipts, checkpoints) = ([.. host.Receipts], [.. host.Checkpoints]);
                hasEnded = host.Lines.Contains("closed");
            }
            await RequireWholeAsync(folder, receipts, checkpoints);
            given.Add(receipts.Length);
            return hasEnded;
        });
        Assert.Contains(0, given);
        Assert.Contains(3, given);
        // Between two receipts.
        if (isOld)
            Assert.True(given.Contains(1) || given.Contains(2));
    }

    [Fact]
    public async Task Whichever_write_of_a_rotation_is_the_last_one_there_is_one_log_to_continue()
    {
        SkipWithoutStrace();
        HashSet<int> numbers = [];
        await ForEachAsync(async killed =>
        {
            StoreFolder folder = NewFolder();
            string[] receipts = [.. (await folder.FillAsync(2)).Select(receipt => receipt.ReceiptId)];
            string checkpoint = await File.ReadAllTextAsync(folder.CheckpointFile, Cancellation);
            CommandResult result = await InstalledProgram.RunAsync(
                killed[0],
                [
                    .. killed[1..],
                    ServerProgram.Built.File,
                    .. ServerProgram.Built.Leading,
                    "receipts",
                    "rotate",
                    "--revoke",
                    "--data-dir",
                    folder.Path,
                ]
            );
            bool hasEnded = result.ExitCode == 0;
            await RequireWholeAsync(folder, receipts, [checkpoint]);
            await using ReceiptStore store = folder.Open();
            Assert.Equal(store.Number - 1, store.ClosedLogs.Count);
            Assert.All(store.ClosedLogs, log => Assert.NotNull(log.Revocation));
            await folder.AppendAsync(store, 1);
            if (!hasEnded)
                numbers.Add(store.Number);
            return hasEnded;
        });
        // Before the log ended, and after it.
        Assert.Equal([1, 2], numbers.Order());
    }

    public void Dispose() => _folders.ForEach(folder => folder.Dispose());

    private static void SkipWithoutStrace() =>
        Assert.SkipUnless(OperatingSystem.IsLinux() && InstalledProgram.Exists("strace"), "skipped: needs strace");

    /// <param name="run">
    /// Runs what is killed, behind a command that does it, and says whether it came to its end before.
    /// </param>
    private static async Task ForEachAsync(Func<string[], Task<bool>> run)
    {
        foreach ((string call, int stride) in Calls)
        {
            int number = 1;
            while (!await run(KillAt(call, number)))
            {
                number += stride;
                Assert.InRange(number, 1, Limit);
            }
        }
    }

    private StoreFolder NewFolder()
    {
        var folder = new StoreFolder();
        _folders.Add(folder);
        return folder;
    }

    private static string[] KillAt(string call, int number) =>
        [
            "strace",
            "-f",
            "-qq",
            "-o",
            "/dev/null",
            "-E",
            "DOTNET_EnableDiagnostics=0",
            "-e",
            $"trace={call}",
            "-e",
            $"inject={call}:signal=KILL:when={number}",
        ];

    private static async Task RequireWholeAsync(StoreFolder folder, string[] receipts, string[] checkpoints)
    {
        await using ReceiptStore store = folder.Open();
        await folder.CheckAsync();
        folder.RequireConsistent(checkpoints);
        foreach (string id in receipts)
        {
            StoredReceipt found = (await store.FindAsync(id, Cancellation)).Receipt!;
            await store.ProveAsync(found, Cancellation);
        }
    }
}
