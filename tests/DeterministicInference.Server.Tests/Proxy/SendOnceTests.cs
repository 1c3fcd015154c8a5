using System.Net;
using System.Text;
using DeterministicInference.Server.Proxy;
using DeterministicInference.Server.Tests.EndToEnd;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace DeterministicInference.Server.Tests.Proxy;

/// <summary>
/// A request is sent once, unless the engine provably has not received it. What .NET itself does: a used connection on which the close is
/// already there is not taken, and a request with a body that was begun is never repeated.
/// </summary>
public sealed class SendOnceTests
{
    [Fact]
    public async Task A_request_on_a_connection_that_the_engine_is_closing_is_sent_again_once()
    {
        RawExchange? first = null;
        await using RawEngine engine = RawEngine.Start(x =>
        {
            first ??= x;
            return Answers.SendAsync(x);
        });
        using var client = new BackendClient(Limits.Overall, NullLogger.Instance);
        await SendAsync(client, engine, () => new StringContent("first"));
        // The connection is chosen and looks sound; then the engine closes it; then the request's bytes leave.
        int created = 0;
        await SendAsync(client, engine, () => ++created == 1 ? new LateContent("second", first!.Close) : new StringContent("second"));
        Assert.Equal((2, 1, 2), (created, engine.Count("second"), engine.Connections));
    }

    [Fact]
    public async Task It_is_not_sent_a_third_time()
    {
        RawExchange? first = null;
        await using RawEngine engine = RawEngine.Start(x =>
        {
            if (first is not null)
            {
                x.Close();
                return Task.CompletedTask;
            }
            first = x;
            return Answers.SendAsync(x);
        });
        using var client = new BackendClient(Limits.Overall, NullLogger.Instance);
        await SendAsync(client, engine, () => new StringContent("first"));
        int created = 0;
        await Assert.ThrowsAsync<HttpRequestException>(() => SendAsync(client, engine, () => ++created == 1 ? new LateContent("second", first!.Close) : new StringContent("second")));
        Assert.Equal((2, 1), (created, engine.Count("second")));
    }

    [Theory]
    [InlineData("close")]
    [InlineData("reset")]
    [InlineData("stays")]
    public async Task A_request_that_arrived_is_not_sent_again(string then)
    {
        await using RawEngine engine = RawEngine.Start(x =>
        {
            if (!x.Body.Contains("second", StringComparison.Ordinal)) return Answers.SendAsync(x);
            if (then == "close") x.Close();
            if (then == "reset") x.Reset();
            return then == "stays" ? x.ClosedAsync() : Task.CompletedTask;
        });
        await using Door door = await Door.StartAsync(engine.Url, Door.Options with { FirstByteTimeout = TimeSpan.FromSeconds(1) });
        await Answers.RequireAsync(door);
        Reply reply = await door.Api.PostAsync(ApiClient.Completions, """{"prompt":"second"}""");
        OpenAIErrors.Read(reply, then == "stays" ? HttpStatusCode.GatewayTimeout : HttpStatusCode.BadGateway, "server_error");
        Assert.Equal(1, engine.Count("second"));
    }

    [Fact]
    public async Task A_connection_that_the_engine_has_closed_is_not_used()
    {
        await using RawEngine engine = RawEngine.Start(async x =>
        {
            await Answers.SendAsync(x);
            x.Close();
        });
        await using Door door = await Door.StartAsync(engine.Url);
        for (int i = 1; i <= 20; i++)
        {
            await door.Api.JsonAsync(ApiClient.Completions, """{"prompt":"x"}""");
            while (!engine.Exchanges.All(exchange => exchange.IsClosed)) await Task.Yield();
            Assert.Equal((i, i), (engine.Connections, engine.Exchanges.Count));
        }
    }

    private static async Task SendAsync(BackendClient client, RawEngine engine, Func<HttpContent> content)
    {
        using HttpResponseMessage response = await client.SendAsync(() => new HttpRequestMessage(HttpMethod.Post, engine.Url) { Content = content() }, TestContext.Current.CancellationToken).Within();
        Assert.Equal(Answers.Json, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    /// <summary>A body before whose bytes something happens: at that time the connection has been chosen, and nothing has been sent.</summary>
    private sealed class LateContent(string text, Action before) : HttpContent
    {
        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            before();
            await stream.WriteAsync(Encoding.UTF8.GetBytes(text));
        }

        protected override bool TryComputeLength(out long length)
        {
            length = text.Length;
            return true;
        }
    }
}
