using DeterministicInference.Server.Receipts.Store;
using Xunit;

namespace DeterministicInference.Server.Tests.Receipts.Store;

public sealed class WriteQueueTests
{
    /// <summary>A pause for more writes must not hold up the end of the server.</summary>
    [Fact]
    public async Task A_pause_for_more_ends_when_no_more_will_come()
    {
        using var queue = new WriteQueue(8);
        Task pause = Task.Run(() => queue.Gather(Timeout.InfiniteTimeSpan), TestContext.Current.CancellationToken);
        queue.Close();
        await pause.Within();
        Assert.True(queue.IsCompleted);
    }
}
