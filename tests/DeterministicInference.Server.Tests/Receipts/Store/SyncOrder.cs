using Xunit;

namespace DeterministicInference.Server.Tests.Receipts.Store;

/// <summary>Reads the output of strace -f -y (https://man7.org/linux/man-pages/man1/strace.1.html).</summary>
internal static class SyncOrder
{
    /// <summary>Fails if a receipt was sent while data written to the file was not synced successfully.</summary>
    /// <returns>Number of receipts sent, each after a sync of its own.</returns>
    public static int ReceiptsAfterSync(IEnumerable<string> trace, string file) =>
        ReceiptsAfterSync(
            trace,
            file,
            call =>
                call.StartsWith("write(", StringComparison.Ordinal)
                && call.Contains("\"receipt ", StringComparison.Ordinal)
        );

    /// <inheritdoc cref="ReceiptsAfterSync(IEnumerable{string}, string)"/>
    /// <param name="trace">Lines.</param>
    /// <param name="file">The file whose syncs count.</param>
    /// <param name="tells">Whether a call sends a receipt.</param>
    public static int ReceiptsAfterSync(IEnumerable<string> trace, string file, Predicate<string> tells)
    {
        // By thread: calls that strace shows in two parts.
        var unfinished = new Dictionary<string, string>();
        bool isWritten = false,
            isSynced = false;
        int receipts = 0;
        foreach (string line in trace)
        {
            string thread = line[..line.IndexOf(' ', StringComparison.Ordinal)],
                call = line[thread.Length..].TrimStart();
            if (call.EndsWith("<unfinished ...>", StringComparison.Ordinal))
            {
                unfinished[thread] = call;
                // A write counts from its start, a sync only from its return.
                call = call.Contains("sync(", StringComparison.Ordinal) ? "" : call;
            }
            else if (call.StartsWith("<... ", StringComparison.Ordinal) && unfinished.Remove(thread, out string? begun))
            {
                call = begun.Contains("sync(", StringComparison.Ordinal) ? begun + call : "";
            }
            bool isOfFile = call.Contains($"<{file}>", StringComparison.Ordinal);
            if (isOfFile && call.StartsWith("pwrite64", StringComparison.Ordinal))
                (isWritten, isSynced) = (true, false);
            else if (
                isOfFile
                && call.Contains("sync(", StringComparison.Ordinal)
                && call.EndsWith("= 0", StringComparison.Ordinal)
            )
                isSynced = true;
            else if (tells(call))
            {
                Assert.True(
                    isWritten && isSynced,
                    $"Before '{call}' the file was {(isWritten ? "not synced" : "not written")}."
                );
                (isWritten, isSynced) = (false, false);
                receipts++;
            }
        }
        return receipts;
    }
}
