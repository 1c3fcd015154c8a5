using System.Diagnostics;
using Xunit;

namespace DeterministicInference.Server.Tests.Witness;

/// <summary>What a witness has cosigned survives a loss of power: it is on disk before anybody learns of it.</summary>
public sealed class WitnessSyncTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_state_is_synced_before_a_cosignature_leaves()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && InstalledProgram.Exists("strace"), "skipped: needs strace");
        const int Count = 10;
        string root = TestModels.NewFolder("witness"),
            folder = Path.Combine(root, "data"),
            trace = Path.Combine(root, "trace");
        using var log = new TestLog();
        log.Grow(Count);
        await using (WitnessProcess witness = await WitnessProcess.StartAsync(folder, log.Key.ToString()))
        {
            using Process strace = await AttachedTrace.StartAsync(
                witness.Id,
                "sendmsg,sendto,write,writev,fsync,rename,renameat,renameat2",
                trace
            );
            for (int size = 0; size < Count; size++)
                await witness.CosignsAsync(log, size, size + 1);
            witness.Terminate();
            await strace.WaitForExitAsync(Cancellation).Within();
        }
        Assert.Equal(Count, CosignedAfterSync(await File.ReadAllLinesAsync(trace, Cancellation), folder));
    }

    /// <summary>The number of cosignatures that were sent, each after its file and its folder were synced.</summary>
    private static int CosignedAfterSync(string[] trace, string folder)
    {
        string logs = Path.Combine(folder, "logs");
        var unfinished = new Dictionary<string, string>();
        (int files, int renamed, int durable, int sent) = (0, 0, 0, 0);
        foreach (string line in trace)
        {
            string[] parts = line.Split([' '], 2, StringSplitOptions.RemoveEmptyEntries);
            (string thread, string call) = (parts[0], parts[1].TrimStart());
            // A send counts when it begins, anything else when it has ended.
            if (
                call.StartsWith("send", StringComparison.Ordinal)
                && call.Contains(@"\342\200\224 ", StringComparison.Ordinal)
            )
            {
                sent++;
                Assert.True(durable >= sent, $"cosignature {sent} left after {durable} syncs: {line[..200]}");
            }
            if (call.EndsWith("<unfinished ...>", StringComparison.Ordinal))
            {
                unfinished[thread] = call;
                continue;
            }
            if (call.StartsWith("<... ", StringComparison.Ordinal) && unfinished.Remove(thread, out string? begun))
                call = begun + call;
            if (!call.Contains(" = 0", StringComparison.Ordinal))
                continue;
            bool isSync = call.StartsWith("fsync(", StringComparison.Ordinal);
            if (isSync && call.Contains($"<{logs}/", StringComparison.Ordinal))
                files++;
            else if (
                call.StartsWith("rename", StringComparison.Ordinal)
                && call.Contains($"{logs}/", StringComparison.Ordinal)
            )
                renamed = files;
            else if (isSync && call.Contains($"<{logs}>", StringComparison.Ordinal))
                durable = renamed;
        }
        return sent;
    }
}
