using System.Net;
using System.Text.Json.Nodes;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Supervision;
using Xunit;

namespace DeterministicInference.Server.Tests.Gateway.Admission;

/// <summary>
/// More requests than the engine works on at once: they wait in order, and errors of waiting requests are sent before
/// any byte.
/// </summary>
public sealed class QueueTests(SharedFakeBackend shared)
{
    private static readonly ServeOptions OneAtATime = RunningGateway.Options with { MaxConcurrency = 1, MaxQueue = 2 };

    [Fact]
    public async Task Requests_wait_for_their_turn_and_more_than_may_wait_get_429()
    {
        FakeBackendProcess fake = await shared.StartedAsync();
        RunningGateway gateway = await RunningGateway.StartAsync(fake.Url, OneAtATime);
        await using (gateway)
        {
            Task<Reply> first = gateway.Api.PostAsync(ApiClient.Completions, Body("turn-0", "turn-0"));
            await fake.RequestAsync("turn-0");
            Task<Reply> second = gateway.Api.PostAsync(ApiClient.Completions, Body("turn-1", "turn-1"));
            await QueuedAsync(gateway, 1);
            Task<HttpResponseMessage> third = gateway.Api.Http.SendAsync(
                Stream("turn-2"),
                HttpCompletionOption.ResponseHeadersRead,
                TestContext.Current.CancellationToken
            );
            await QueuedAsync(gateway, 2);
            foreach (string body in (string[])["""{"prompt":"turn-3"}""", """{"prompt":"turn-3","stream":true}"""])
            {
                Reply refused = await gateway.Api.PostAsync(ApiClient.Completions, body);
                JsonNode error = OpenAIErrors.Read(refused, HttpStatusCode.TooManyRequests, "requests");
                Assert.Equal("rate_limit_exceeded", (string?)error["code"]);
                Assert.Equal(
                    "The server is full: 1 requests are with the engine (--max-concurrency) and 2 wait "
                        + "(--max-queue). Try again later.",
                    (string?)error["message"]
                );
                Assert.Equal("5", Assert.Single(refused.Headers.GetValues("Retry-After")));
            }
            await fake.OpenAsync("turn-0");
            Assert.Equal(HttpStatusCode.OK, (await first.Within()).Status);
            await fake.RequestAsync("turn-1");
            // A waiting stream gets no byte, as its status is not known yet.
            Assert.False(third.IsCompleted);
            Assert.Equal((1, 1), (gateway.Limit.InFlight, gateway.Limit.Queued));
            await fake.OpenAsync("turn-1");
            Assert.Equal(HttpStatusCode.OK, (await second.Within()).Status);
            using EventStream stream = await EventStream.OfAsync(await third.Within());
            await stream.ReadToEndAsync();
            Assert.DoesNotContain(
                await fake.RequestsAsync(),
                request => ((string)request["body"]!).Contains("turn-3", StringComparison.Ordinal)
            );
        }
        Assert.Equal((0, 0), (gateway.Limit.InFlight, gateway.Limit.Queued));
        string[] lines =
        [
            .. gateway.Log.All.Where(line => line.Contains(" POST /v1/completions ", StringComparison.Ordinal)),
        ];
        Assert.Equal(["200", "200", "200", "429", "429"], lines.Select(line => line.Split(' ')[4]).Order());
        Assert.Equal(2, lines.Count(line => line.Contains(" queue_ms=", StringComparison.Ordinal)));
        Assert.Equal(3, lines.Count(line => line.Contains(" first_byte_ms=", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_client_that_leaves_while_it_waits_frees_its_place()
    {
        FakeBackendProcess fake = await shared.StartedAsync();
        RunningGateway gateway = await RunningGateway.StartAsync(fake.Url, OneAtATime with { MaxQueue = 1 });
        await using (gateway)
        {
            Task<Reply> first = gateway.Api.PostAsync(ApiClient.Completions, Body("leave-0", "leave-0"));
            await fake.RequestAsync("leave-0");
            using (RawConnection leaving = await RawConnection.OpenAsync(gateway.Url))
            {
                await leaving.SendAsync(RawConnection.Post(ApiClient.Completions, """{"prompt":"leave-1"}"""));
                await QueuedAsync(gateway, 1);
            }
            await QueuedAsync(gateway, 0);
            Task<Reply> next = gateway.Api.PostAsync(ApiClient.Completions, """{"prompt":"leave-2"}""");
            await QueuedAsync(gateway, 1);
            await fake.OpenAsync("leave-0");
            Assert.Equal(HttpStatusCode.OK, (await first.Within()).Status);
            Assert.Equal(HttpStatusCode.OK, (await next.Within()).Status);
            Assert.DoesNotContain(
                await fake.RequestsAsync(),
                request => ((string)request["body"]!).Contains("leave-1", StringComparison.Ordinal)
            );
        }
        Assert.Single(
            gateway.Log.All,
            line =>
                line.Contains(" POST /v1/completions 499 ", StringComparison.Ordinal)
                && line.Contains(" queue_ms=", StringComparison.Ordinal)
        );
    }

    [Theory]
    [InlineData("false")]
    [InlineData("true")]
    public async Task A_wait_that_is_too_long_ends_with_429_that_names_the_setting(string stream)
    {
        FakeBackendProcess fake = await shared.StartedAsync();
        await using RunningGateway gateway = await RunningGateway.StartAsync(
            fake.Url,
            OneAtATime with
            {
                QueueTimeout = TimeSpan.FromMilliseconds(1500),
            }
        );
        Task<Reply> first = gateway.Api.PostAsync(
            ApiClient.Completions,
            Body($"timeout-{stream}", $"timeout-{stream}")
        );
        await fake.RequestAsync($"timeout-{stream}");
        Reply late = await gateway.Api.PostAsync(ApiClient.Completions, $$"""{"prompt":"late","stream":{{stream}}}""");
        JsonNode error = OpenAIErrors.Read(late, HttpStatusCode.TooManyRequests, "requests");
        Assert.Equal("queue_timeout", (string?)error["code"]);
        Assert.Equal(
            "The request waited 1.5 s in the queue, the limit of --queue-timeout. Try again later.",
            (string?)error["message"]
        );
        Assert.Equal("2", Assert.Single(late.Headers.GetValues("Retry-After")));
        Assert.Equal((1, 0), (gateway.Limit.InFlight, gateway.Limit.Queued));
        await fake.OpenAsync($"timeout-{stream}");
        Assert.Equal(HttpStatusCode.OK, (await first.Within()).Status);
    }

    [Fact]
    public async Task A_request_that_waited_for_an_engine_that_ended_gets_a_503()
    {
        FakeBackendProcess fake = await shared.StartedAsync();
        await using RunningGateway gateway = await RunningGateway.StartAsync(fake.Url, OneAtATime);
        Task<Reply> first = gateway.Api.PostAsync(ApiClient.Completions, Body("gone-0", "gone-0"));
        await fake.RequestAsync("gone-0");
        Task<Reply> waiting = gateway.Api.PostAsync(ApiClient.Completions, """{"prompt":"gone-1"}""");
        await QueuedAsync(gateway, 1);
        gateway.Status.Set(new EngineState.Unhealthy("it does not answer"));
        await fake.OpenAsync("gone-0");
        await first.Within();
        JsonNode error = OpenAIErrors.Read(await waiting.Within(), HttpStatusCode.ServiceUnavailable, "server_error");
        Assert.Equal(
            ("backend_unavailable", "The engine is unhealthy: it does not answer"),
            ((string?)error["code"], (string?)error["message"])
        );
        Assert.DoesNotContain(
            await fake.RequestsAsync(),
            request => ((string)request["body"]!).Contains("gone-1", StringComparison.Ordinal)
        );
    }

    [Theory]
    [InlineData("""{"prompt":""")]
    [InlineData("[]")]
    [InlineData("""{"prompt":"x","fake":{"answer":{"status":500,"body":"{}"}}}""")]
    [InlineData("""{"prompt":"x","fake":{"answer":{"status":200,"body":"[]"}}}""")]
    [InlineData("""{"prompt":"x","fake":{"then":"reset"}}""")]
    [InlineData("""{"prompt":"x","stream":true,"fake":{"then":"reset"}}""")]
    [InlineData("""{"prompt":"x","stream":true,"fake":{"then":"end"}}""")]
    [InlineData("""{"prompt":"x","stream":true,"fake":{"then":"error"}}""")]
    [InlineData("""{"prompt":"x","stream":true,"fake":{"then":"malformed"}}""")]
    public async Task Every_end_of_a_request_gives_its_slot_back(string body)
    {
        await using RunningGateway gateway = await RunningGateway.StartAsync(
            (await shared.StartedAsync()).Url,
            OneAtATime with
            {
                MaxQueue = 0,
            }
        );
        for (int i = 0; i < 3; i++)
        {
            try
            {
                Assert.NotEqual(
                    HttpStatusCode.TooManyRequests,
                    (await gateway.Api.PostAsync(ApiClient.Completions, body)).Status
                );
            }
            catch (HttpRequestException)
            {
                // A broken stream ends without a regular end.
            }
            await InFlightAsync(gateway, 0);
        }
        await gateway.Api.JsonAsync(ApiClient.Completions, """{"prompt":"x"}""");
    }

    [Fact]
    public async Task A_client_that_leaves_its_answer_gives_its_slot_back()
    {
        FakeBackendProcess fake = await shared.StartedAsync();
        RunningGateway gateway = await RunningGateway.StartAsync(fake.Url, OneAtATime with { MaxQueue = 0 });
        await using (gateway)
        {
            using (
                EventStream stream = await gateway.Api.OpenAsync(
                    ApiClient.Completions,
                    """{"prompt":"x","stream":true,"fake":{"gate":"never"}}"""
                )
            )
                await stream.ReadAsync();
            await InFlightAsync(gateway, 0);
            using (RawConnection leaving = await RawConnection.OpenAsync(gateway.Url))
            {
                await leaving.SendAsync(RawConnection.Post(ApiClient.Completions, Body("leaves-early", "never")));
                await fake.RequestAsync("leaves-early");
            }
            await InFlightAsync(gateway, 0);
            await gateway.Api.JsonAsync(ApiClient.Completions, """{"prompt":"x"}""");
        }
        Assert.Equal(
            2,
            gateway.Log.All.Count(line => line.Contains(" POST /v1/completions 499 ", StringComparison.Ordinal))
        );
    }

    private static string Body(string prompt, string gate) =>
        $$$"""{"prompt":"{{{prompt}}}","fake":{"gate":"{{{gate}}}"}}""";

    private static HttpRequestMessage Stream(string prompt) =>
        ApiClient.Post(ApiClient.Completions, $$"""{"prompt":"{{prompt}}","stream":true}""");

    private static Task QueuedAsync(RunningGateway gateway, int count) =>
        Limits.UntilAsync(() => gateway.Limit.Queued == count, () => $"{gateway.Limit.Queued} in the queue");

    private static Task InFlightAsync(RunningGateway gateway, int count) =>
        Limits.UntilAsync(() => gateway.Limit.InFlight == count, () => $"{gateway.Limit.InFlight} in flight");
}
