using System.Net;
using System.Text;
using DeterministicInference.Server.Gateway.Forwarding;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace DeterministicInference.Server.Tests.Gateway.Forwarding;

/// <summary>
/// A request is sent once, unless the engine provably has not received it. .NET itself does not reuse a connection
/// whose close has already arrived, and never repeats a request whose body was begun.
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
            return ScriptedAnswers.SendAsync(x);
        });
        using var client = new EngineClient(Limits.Overall, NullLogger.Instance);
        await SendAsync(client, engine, () => new StringContent("first"));
        // The connection is chosen while it looks open; then the engine closes it; then the request is sent.
        int created = 0;
        await SendAsync(
            client,
            engine,
            () => ++created == 1 ? new LateContent("second", first!.Close) : new StringContent("second")
        );
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
            return ScriptedAnswers.SendAsync(x);
        });
        using var client = new EngineClient(Limits.Overall, NullLogger.Instance);
        await SendAsync(client, engine, () => new StringContent("first"));
        int created = 0;
        await Assert.ThrowsAsync<HttpRequestException>(() =>
            SendAsync(
                client,
                engine,
                () => ++created == 1 ? new LateContent("second", first!.Close) : new StringContent("second")
            )
        );
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
            if (!x.Body.Contains("second", StringComparison.Ordinal))
                return ScriptedAnswers.SendAsync(x);
            if (then == "close")
                x.Close();
            if (then == "reset")
                x.Reset();
            return then == "stays" ? x.ClosedAsync() : Task.CompletedTask;
        });
        await using RunningGateway gateway = await RunningGateway.StartAsync(
            engine.Url,
            then == "stays"
                ? RunningGateway.Options with
                {
                    FirstByteTimeout = TimeSpan.FromSeconds(1),
                }
                : RunningGateway.Options
        );
        await ScriptedAnswers.RequireAsync(gateway);
        Reply reply = await gateway.Api.PostAsync(ApiClient.Completions, """{"prompt":"second"}""");
        OpenAIErrors.Read(
            reply,
            then == "stays" ? HttpStatusCode.GatewayTimeout : HttpStatusCode.BadGateway,
            "server_error"
        );
        Assert.Equal(1, engine.Count("second"));
    }

    [Fact]
    public async Task A_connection_that_the_engine_has_closed_is_not_used()
    {
        await using RawEngine engine = RawEngine.Start(async x =>
        {
            await ScriptedAnswers.SendAsync(x);
            x.Close();
        });
        await using RunningGateway gateway = await RunningGateway.StartAsync(engine.Url);
        for (int i = 1; i <= 20; i++)
        {
            await gateway.Api.JsonAsync(ApiClient.Completions, """{"prompt":"x"}""");
            await Limits.UntilAsync(
                () => engine.Exchanges.All(exchange => exchange.IsClosed),
                () => $"connection {i} is open"
            );
            Assert.Equal((i, i), (engine.Connections, engine.Exchanges.Count));
        }
    }

    private static async Task SendAsync(EngineClient client, RawEngine engine, Func<HttpContent> content)
    {
        using HttpResponseMessage response = await client
            .SendAsync(
                () => new HttpRequestMessage(HttpMethod.Post, engine.Url) { Content = content() },
                TestContext.Current.CancellationToken
            )
            .Within();
        Assert.Equal(
            ScriptedAnswers.Json,
            await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)
        );
    }

    /// <summary>
    /// A body with a callback before its first byte: the connection is chosen by then, and nothing was sent.
    /// </summary>
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
