using Xunit;

namespace DeterministicInference.Server.Tests.Receipts;

/// <summary>Reads what strace -f -y wrote.</summary>
internal static class SyncOrder
{
    /// <summary>Fails if a receipt was told while something written to the file had not been synced with success.</summary>
    /// <returns>How many receipts were told, each with a sync of its own before it.</returns>
    public static int ReceiptsAfterSync(IEnumerable<string> trace, string file) =>
        ReceiptsAfterSync(trace, file, call => call.StartsWith("write(", StringComparison.Ordinal) && call.Contains("\"receipt ", StringComparison.Ordinal));

    /// <inheritdoc cref="ReceiptsAfterSync(IEnumerable{string}, string)"/>
    /// <param name="trace">Lines.</param>
    /// <param name="file">Whose syncs count.</param>
    /// <param name="tells">Whether a call tells a receipt.</param>
    public static int ReceiptsAfterSync(IEnumerable<string> trace, string file, Predicate<string> tells)
    {
        // By thread: calls that strace shows in two parts.
        var unfinished = new Dictionary<string, string>();
        bool isWritten = false, isSynced = false;
        int receipts = 0;
        foreach (string line in trace)
        {
            string thread = line[..line.IndexOf(' ', StringComparison.Ordinal)], call = line[thread.Length..].TrimStart();
            if (call.EndsWith("<unfinished ...>", StringComparison.Ordinal))
            {
                unfinished[thread] = call;
                // What is being written counts at once, what is being synced only when the call has returned.
                call = call.Contains("sync(", StringComparison.Ordinal) ? "" : call;
            }
            else if (call.StartsWith("<... ", StringComparison.Ordinal) && unfinished.Remove(thread, out string? begun))
            {
                call = begun.Contains("sync(", StringComparison.Ordinal) ? begun + call : "";
            }
            bool isOfFile = call.Contains($"<{file}>", StringComparison.Ordinal);
            if (isOfFile && call.StartsWith("pwrite64", StringComparison.Ordinal)) (isWritten, isSynced) = (true, false);
            else if (isOfFile && call.Contains("sync(", StringComparison.Ordinal) && call.EndsWith("= 0", StringComparison.Ordinal)) isSynced = true;
            else if (tells(call))
            {
                Assert.True(isWritten && isSynced, $"Before '{call}' the file was {(isWritten ? "not synced" : "not written")}.");
                (isWritten, isSynced) = (false, false);
                receipts++;
            }
        }
        return receipts;
    }
}
