using System.Net;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Gateway.Admission;
using DeterministicInference.Server.Hosting;
using DeterministicInference.Server.OpenAI;
using Xunit;

namespace DeterministicInference.Server.Tests.Gateway.Admission;

/// <summary>The queue by itself: order, bounds, and that no slot is lost or given twice.</summary>
public sealed class ConcurrencyLimitTests
{
    [Fact]
    public async Task Turns_come_in_the_order_of_arrival()
    {
        ConcurrencyLimit limit = Limit(concurrency: 2, queue: 100);
        ConcurrencySlot first = await EnterAsync(limit),
            second = await EnterAsync(limit);
        Task<ConcurrencySlot>[] waiting = [.. Enumerable.Range(0, 100).Select(_ => EnterAsync(limit).AsTask())];
        Assert.Equal((2, 100), (limit.InFlight, limit.Queued));
        first.Dispose();
        for (int i = 0; i < waiting.Length; i++)
        {
            ConcurrencySlot slot = await waiting[i].Within();
            Assert.Equal((2, 99 - i), (limit.InFlight, limit.Queued));
            Assert.All(waiting[(i + 1)..], later => Assert.False(later.IsCompleted));
            slot.Dispose();
        }
        second.Dispose();
        Assert.Equal((0, 0), (limit.InFlight, limit.Queued));
    }

    [Fact]
    public async Task A_slot_is_given_back_once()
    {
        ConcurrencyLimit limit = Limit(concurrency: 2, queue: 0);
        ConcurrencySlot one = await EnterAsync(limit),
            two = await EnterAsync(limit);
        one.Dispose();
        one.Dispose();
        Assert.Equal(1, limit.InFlight);
        two.Dispose();
        Assert.Equal(0, limit.InFlight);
    }

    [Fact]
    public async Task A_full_queue_refuses_at_once_and_who_leaves_it_makes_room_at_once()
    {
        ConcurrencyLimit limit = Limit(concurrency: 1, queue: 2);
        using var gone = new CancellationTokenSource();
        ConcurrencySlot slot = await EnterAsync(limit);
        Task<ConcurrencySlot> leaves = EnterAsync(limit, gone.Token).AsTask(),
            stays = EnterAsync(limit).AsTask();
        OpenAIException full = await Assert.ThrowsAsync<OpenAIException>(() => EnterAsync(limit).AsTask());
        Assert.Equal(
            ((int)HttpStatusCode.TooManyRequests, "rate_limit_exceeded", "5"),
            (full.Status, full.Code, full.RetryAfter)
        );
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => leaves);
        Assert.Equal(1, limit.Queued);
        Task<ConcurrencySlot> next = EnterAsync(limit).AsTask();
        Assert.False(next.IsCompleted);
        slot.Dispose();
        (await stays.Within()).Dispose();
        (await next.Within()).Dispose();
        Assert.Equal((0, 0), (limit.InFlight, limit.Queued));
    }

    [Fact]
    public async Task A_refused_request_is_told_when_it_would_have_its_turn()
    {
        // Nothing is known before the first slot is free.
        Assert.Equal(("5", "5000"), await TurnAfterAsync());
        // Two slots that are held for 10 s each: with three that wait, the fourth has its turn after 20 s.
        Assert.Equal(("20", "20000"), await TurnAfterAsync(10));
        // The mean follows: 10 + 0.2 * (2 - 10) is 8.4, and once more 7.12 s.
        Assert.Equal(("15", "14240"), await TurnAfterAsync(10, 2));
        // No time is longer than the queue would be waited in, and none so short that the client only comes again.
        Assert.Equal(("60", "60000"), await TurnAfterAsync(3600));
        Assert.Equal(("1", "1000"), await TurnAfterAsync(0.001));
    }

    /// <summary>What is said in front of a full queue after both slots were held for so many seconds.</summary>
    private static async Task<(string? Seconds, string? Milliseconds)> TurnAfterAsync(params double[] holds)
    {
        var time = new ManualTime();
        var limit = new ConcurrencyLimit(
            new ServeOptions
            {
                MaxConcurrency = 2,
                MaxQueue = 3,
                QueueTimeout = TimeSpan.FromSeconds(60),
            },
            engineLimit: null,
            time
        );
        foreach (double hold in holds)
        {
            using ConcurrencySlot one = await EnterAsync(limit),
                two = await EnterAsync(limit);
            time.Advance(TimeSpan.FromSeconds(hold));
        }
        Task<ConcurrencySlot>[] others = [.. Enumerable.Range(0, 5).Select(_ => EnterAsync(limit).AsTask())];
        OpenAIException full = await Assert.ThrowsAsync<OpenAIException>(() => EnterAsync(limit).AsTask());
        Assert.Equal(3, others.Count(one => !one.IsCompleted));
        return (full.RetryAfter, full.Headers.Single(header => header.Key == "retry-after-ms").Value);
    }

    [Fact]
    public async Task Requests_that_come_leave_and_time_out_at_any_moment_lose_no_slot()
    {
        const int concurrency = 3,
            each = 2000;
        ConcurrencyLimit limit = Limit(concurrency, queue: 16, timeout: TimeSpan.FromMilliseconds(1));
        int inFlight = 0,
            most = 0,
            turns = 0,
            refused = 0,
            left = 0;
        await Task.WhenAll(
                Enumerable
                    .Range(0, 24)
                    .Select(client =>
                        Task.Run(async () =>
                        {
                            for (int i = 0; i < each; i++)
                            {
                                using var gone = new CancellationTokenSource();
                                uint choice = (uint)(client * each + i) * 2654435761u >> 16;
                                if (choice % 3 == 0)
                                    gone.CancelAfter(TimeSpan.FromMilliseconds(1));
                                try
                                {
                                    using ConcurrencySlot slot = await EnterAsync(limit, gone.Token);
                                    int now = Interlocked.Increment(ref inFlight);
                                    for (int seen = Volatile.Read(ref most); now > seen; seen = Volatile.Read(ref most))
                                        Interlocked.CompareExchange(ref most, now, seen);
                                    if (choice % 5 == 0)
                                        await Task.Yield();
                                    Interlocked.Decrement(ref inFlight);
                                    Interlocked.Increment(ref turns);
                                }
                                catch (OpenAIException)
                                {
                                    Interlocked.Increment(ref refused);
                                }
                                catch (OperationCanceledException)
                                {
                                    Interlocked.Increment(ref left);
                                }
                            }
                        })
                    )
            )
            .Within();
        Assert.Equal(24 * each, turns + refused + left);
        Assert.InRange(most, 1, concurrency);
        Assert.Equal((0, 0), (limit.InFlight, limit.Queued));
        for (int i = 0; i < concurrency; i++)
            await EnterAsync(limit);
    }

    private static ValueTask<ConcurrencySlot> EnterAsync(ConcurrencyLimit limit, CancellationToken? gone = null) =>
        limit.EnterAsync(new RequestFacts("r-1"), gone ?? TestContext.Current.CancellationToken);

    private static ConcurrencyLimit Limit(int concurrency, int queue, TimeSpan? timeout = null) =>
        new(
            new ServeOptions
            {
                MaxConcurrency = concurrency,
                MaxQueue = queue,
                QueueTimeout = timeout ?? Limits.Overall,
            },
            engineLimit: null,
            TimeProvider.System
        );
}
