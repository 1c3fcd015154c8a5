using System.Net;
using DeterministicInference.Server.Gateway.Forwarding;
using Xunit;

namespace DeterministicInference.Server.Tests.Gateway.Forwarding;

/// <summary>An engine that is gone is one line, and one more each second, however many requests it fails.</summary>
public sealed class FailedSendsTests
{
    private const string First = "Warning p The engine did not answer",
        More = "more requests within a second: it refused the connection";

    [Fact]
    public void The_first_is_told_at_once_and_the_others_when_the_second_is_over()
    {
        using var log = new LogLines();
        var time = new ManualTime();
        var failures = new FailedSends(time, log.CreateLogger("p"));
        using (failures)
        {
            for (int i = 0; i < 77; i++)
                failures.Add($"req_{i}", "it refused the connection");
            Assert.Equal([$"{First} req_0: it refused the connection"], log.All);
            time.Advance(TimeSpan.FromSeconds(1));
            Assert.Equal($"{First} 76 {More}", log.All[1]);
            // In the second after others they are only counted.
            failures.Add("req_78", "it refused the connection");
            Assert.Equal(2, log.All.Count);
            time.Advance(TimeSpan.FromSeconds(1));
            Assert.Equal($"{First} 1 {More}", log.All[2]);
            time.Advance(TimeSpan.FromSeconds(1));
            failures.Add("req_79", "the connection broke");
            Assert.Equal($"{First} req_79: the connection broke", log.All[3]);
            failures.Add("req_80", "it refused the connection");
        }
        // Nothing is lost at the end.
        Assert.Equal($"{First} 1 {More}", log.All[4]);
    }

    [Fact]
    public async Task Requests_to_an_engine_that_is_gone_leave_no_stack_trace()
    {
        const int requests = 40;
        RunningGateway gateway = await RunningGateway.StartAsync($"http://127.0.0.1:{FreePort.Next()}");
        await using (gateway)
        {
            Reply[] replies = await Task.WhenAll(
                Enumerable
                    .Range(0, requests)
                    .Select(_ => gateway.Api.PostAsync(ApiClient.Completions, """{"prompt":"x"}"""))
            );
            Assert.All(replies, reply => Assert.Equal(HttpStatusCode.BadGateway, reply.Status));
        }
        string[] told = [.. gateway.Log.All.Where(line => line.Contains("did not answer", StringComparison.Ordinal))];
        Assert.Contains(told, line => line.EndsWith(": it refused the connection", StringComparison.Ordinal));
        Assert.True(told.Length < requests, string.Join('\n', told));
        Assert.DoesNotContain(
            gateway.Log.All,
            line =>
                line.Contains("Exception", StringComparison.Ordinal)
                || line.Contains("   at ", StringComparison.Ordinal)
        );
    }
}
