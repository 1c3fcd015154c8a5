using System.Net;
using System.Net.Sockets;
using System.Text;
using DeterministicInference.Server.Gateway.Forwarding;
using DeterministicInference.Server.Http;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace DeterministicInference.Server.Tests.Gateway.Forwarding;

/// <summary>
/// A request is sent once, unless the engine provably has not received it. .NET itself does not reuse a connection
/// whose close has already arrived, and never repeats a request whose body was begun.
/// </summary>
public sealed class SendOnceTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_request_on_a_connection_that_the_engine_is_closing_is_sent_again_once(bool onSocket)
    {
        RawExchange? first = null;
        string? socket = onSocket ? SocketPath() : null;
        await using RawEngine engine = Start(
            socket,
            x =>
            {
                first ??= x;
                return ScriptedAnswers.SendAsync(x);
            }
        );
        using var client = new EngineClient(Limits.Overall, NullLogger.Instance, socket);
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

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task It_is_not_sent_a_third_time(bool onSocket)
    {
        RawExchange? first = null;
        string? socket = onSocket ? SocketPath() : null;
        await using RawEngine engine = Start(
            socket,
            x =>
            {
                if (first is not null)
                {
                    x.Close();
                    return Task.CompletedTask;
                }
                first = x;
                return ScriptedAnswers.SendAsync(x);
            }
        );
        using var client = new EngineClient(Limits.Overall, NullLogger.Instance, socket);
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
    [InlineData("llamacpp")]
    [InlineData("external")]
    public async Task Nothing_is_sent_behind_a_stream_to_an_engine_that_closes_there_without_a_word(string backend)
    {
        await using RawEngine engine = RawEngine.Start(async x =>
        {
            if (x.Head.Contains("\nConnection: close\r\n", StringComparison.Ordinal))
            {
                await ScriptedAnswers.SendAsync(x, "Connection: close\r\n");
                x.Close();
                return;
            }
            await ScriptedAnswers.SendAsync(x);
            // What came meanwhile is read and dropped, as llama-server does (b11434, traced).
            if (x.IsStream)
                await x.DropAsync();
        });
        await using RunningGateway gateway = await RunningGateway.StartAsync(
            engine.Url,
            RunningGateway.Options with
            {
                Backend = backend,
            }
        );
        for (int i = 0; i < 3; i++)
            await ScriptedAnswers.RequireAsync(gateway);
        Assert.Equal(6, engine.Count("sound"));
    }

    [Fact]
    public async Task An_engine_that_keeps_to_its_word_gets_many_streams_on_one_connection()
    {
        await using RawEngine engine = RawEngine.Start(ScriptedAnswers.SendAsync);
        await using RunningGateway gateway = await RunningGateway.StartAsync(
            engine.Url,
            RunningGateway.Options with
            {
                Backend = "vllm",
            }
        );
        for (int i = 0; i < 3; i++)
            await ScriptedAnswers.RequireAsync(gateway);
        Assert.Equal((6, 1), (engine.Count("sound"), engine.Connections));
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

    /// <summary>On a Unix socket nothing tells whether the engine has read what was written.</summary>
    [Fact]
    public async Task A_request_that_was_written_to_a_socket_is_not_sent_again()
    {
        string socket = SocketPath();
        await using RawEngine engine = Start(
            socket,
            x =>
            {
                if (x.Body != "second")
                    return ScriptedAnswers.SendAsync(x);
                x.Close();
                return Task.CompletedTask;
            }
        );
        using var client = new EngineClient(Limits.Overall, NullLogger.Instance, socket);
        await SendAsync(client, engine, () => new StringContent("first"));
        await Assert.ThrowsAsync<HttpRequestException>(() =>
            SendAsync(client, engine, () => new StringContent("second"))
        );
        Assert.Equal((1, 1), (engine.Count("second"), engine.Connections));
    }

    [Fact]
    public async Task A_full_queue_of_a_socket_is_waited_out()
    {
        string path = SocketPath();
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(path));
        listener.Listen(1);
        // Two places: the kernel counts one more than the length.
        using Socket one = await OutgoingSocket.OpenAsync(path, TestContext.Current.CancellationToken),
            two = await OutgoingSocket.OpenAsync(path, TestContext.Current.CancellationToken);
        Task<Socket> third = OutgoingSocket.OpenAsync(path, TestContext.Current.CancellationToken).AsTask();
        Assert.False(third.IsCompleted);
        using Socket accepted = await listener.AcceptAsync(TestContext.Current.CancellationToken);
        (await third.Within()).Dispose();
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

    private static string SocketPath() => Path.Combine(TestModels.NewFolder("socket"), "e.sock");

    private static RawEngine Start(string? socket, Func<RawExchange, Task> answer) =>
        socket is null ? RawEngine.Start(answer) : RawEngine.Start(answer, socket);

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
