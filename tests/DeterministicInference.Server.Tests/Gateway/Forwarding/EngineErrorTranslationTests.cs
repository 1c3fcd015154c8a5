using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Xunit;

namespace DeterministicInference.Server.Tests.Gateway.Forwarding;

/// <summary>Engines write errors in many shapes; clients get one, with the engine's status.</summary>
public sealed class EngineErrorTranslationTests(SharedFakeBackend shared)
{
    private const string Request = "invalid_request_error",
        Server = "server_error";

    [Theory]
    // SGLang: flat, from its OpenAI routes.
    [InlineData(
        400,
        """{"object":"error","message":"bad","type":"BadRequestError","param":"n","code":400}""",
        Request,
        "bad",
        "n",
        null
    )]
    [InlineData(
        400,
        """{"object":"error","message":"bad","type":"Bad Request","param":null,"code":400}""",
        Request,
        "bad",
        null,
        null
    )]
    [InlineData(
        500,
        """{"object":"error","message":"oops","type":"InternalServerError","param":null,"code":500}""",
        Server,
        "The engine failed: oops",
        null,
        "backend_error"
    )]
    [InlineData(
        503,
        """{"object":"error","message":"The request queue is full.","type":"503","param":null,"code":503}""",
        Server,
        "The engine failed: The request queue is full.",
        null,
        "backend_unavailable"
    )]
    // SGLang: nested, an unknown model.
    [InlineData(
        404,
        """{"error":{"message":"none","type":"NotFoundError","param":"model","code":"model_not_found"}}""",
        Request,
        "none",
        "model",
        "model_not_found"
    )]
    // SGLang: its native route, and a wrong key.
    [InlineData(400, """{"error":{"message":"native"}}""", Request, "native", null, null)]
    [InlineData(401, """{"error": "Unauthorized"}""", Request, "Unauthorized", null, "invalid_api_key")]
    // OpenAI's own; llama-server and vLLM with their numeric codes.
    [InlineData(
        429,
        """{"error":{"message":"slow down","type":"requests","param":null,"code":"rate_limit_exceeded"}}""",
        "requests",
        "slow down",
        null,
        "rate_limit_exceeded"
    )]
    [InlineData(
        429,
        """{"error":{"message":"slow down","type":"Too Many","param":5,"code":429}}""",
        Request,
        "slow down",
        null,
        "rate_limit_exceeded"
    )]
    [InlineData(
        400,
        """{"error":{"code":400,"message":"too long","type":"exceed_context_size_error","n_ctx":8}}""",
        Request,
        "too long",
        null,
        null
    )]
    // TGI.
    [InlineData(
        422,
        """{"error":"Input validation error","error_type":"validation"}""",
        Request,
        "Input validation error",
        null,
        null
    )]
    // FastAPI.
    [InlineData(
        422,
        """{"detail":[{"type":"int_type","loc":["body","messages",2,"role"],"msg":"Input should be """
            + """valid","input":{}}]}""",
        Request,
        "Invalid 'messages[2].role': Input should be valid",
        "messages[2].role",
        null
    )]
    [InlineData(404, """{"detail":"Not Found"}""", Request, "Not Found", null, null)]
    // Without anything to read.
    [InlineData(400, "", Request, "The engine refused the request: it answered 400 without a reason.", null, null)]
    [InlineData(500, "[1]", Server, "The engine failed: it answered 500 without a reason.", null, "backend_error")]
    [InlineData(
        500,
        "{\"error\":{\"message\":\"\\ud800\"}}",
        Server,
        "The engine failed: it answered 500 without a reason.",
        null,
        "backend_error"
    )]
    [InlineData(
        504,
        "<html>secret</html>",
        Server,
        "The engine failed: it answered 504 without a reason.",
        null,
        "backend_error"
    )]
    public async Task An_error_of_the_engine_has_the_one_shape(
        int status,
        string body,
        string type,
        string message,
        string? param,
        string? code
    )
    {
        Reply reply = await SendAsync(status, "application/json", body);
        JsonNode error = OpenAIErrors.Read(
            reply,
            status == 422 ? HttpStatusCode.BadRequest : (HttpStatusCode)status,
            type
        );
        Assert.Equal(
            (message, param, code),
            ((string?)error["message"], (string?)error["param"], (string?)error["code"])
        );
        Assert.Equal(status is 429 or 503, reply.Headers.RetryAfter is not null);
        Assert.DoesNotContain("environment", reply.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Plain_text_is_the_message()
    {
        JsonNode error = OpenAIErrors.Read(
            await SendAsync(500, "text/plain", " Internal Server Error\n"),
            HttpStatusCode.InternalServerError,
            Server
        );
        Assert.Equal("The engine failed: Internal Server Error", (string?)error["message"]);
    }

    [Theory]
    [InlineData("Traceback (most recent call last): x", false)]
    [InlineData("first line\nsecond line", false)]
    [InlineData("can't open /models/secret/weights.bin", false)]
    [InlineData("no answer from worker at 10.0.0.7", false)]
    [InlineData("no answer from worker-3:30001", false)]
    [InlineData("GET http://worker failed", false)]
    [InlineData("C:\\models is missing", false)]
    [InlineData("RuntimeError: shape mismatch", false)]
    [InlineData("fault at 0x7f001234", false)]
    [InlineData("CUDA out of memory. Tried to allocate 2.50 GiB (12 of 80 free)", true)]
    [InlineData("The scheduler gave up; 12 tokens/s and/or less", true)]
    public async Task What_an_engine_says_of_itself_is_passed_on_where_it_shows_no_inside(string text, bool passes)
    {
        string body = new JsonObject
        {
            ["error"] = new JsonObject { ["message"] = text, ["code"] = passes ? "overloaded" : "/usr/lib/x.py" },
        }.ToJsonString();
        JsonNode error = OpenAIErrors.Read(
            await SendAsync(500, "application/json", body),
            HttpStatusCode.InternalServerError,
            Server
        );
        Assert.Equal(
            (
                passes
                    ? $"The engine failed: {text}"
                    : "The engine failed: it answered 500; its own log has the reason.",
                passes ? "overloaded" : "backend_error"
            ),
            ((string?)error["message"], (string?)error["code"])
        );
        // A 4xx text is relayed unchanged, as it concerns the client's request.
        Assert.Equal(
            text,
            (string?)
                OpenAIErrors.Read(await SendAsync(400, "application/json", body), HttpStatusCode.BadRequest)["message"]
        );
    }

    [Theory]
    [InlineData(429, "soon", "5")]
    [InlineData(429, "", "5")]
    [InlineData(503, "3", "3")]
    [InlineData(500, "3", "3")]
    [InlineData(500, "soon", null)]
    public async Task A_Retry_After_is_kept_where_it_is_one_and_added_where_clients_need_it(
        int status,
        string sent,
        string? expected
    )
    {
        Assert.Equal(
            expected,
            (await SendAsync(status, "application/json", "{}", "Retry-After", sent)).Headers.RetryAfter?.ToString()
        );
    }

    [Theory]
    [InlineData(307)]
    [InlineData(304)]
    [InlineData(999)]
    public async Task A_status_that_is_neither_an_answer_nor_an_error_is_a_502(int status)
    {
        JsonNode error = OpenAIErrors.Read(
            await SendAsync(status, "text/plain", "", "Location", "http://127.0.0.1:9/"),
            HttpStatusCode.BadGateway,
            Server
        );
        Assert.Equal($"The engine failed: it answered with status {status}.", (string?)error["message"]);
    }

    [Fact]
    public async Task The_engines_own_Retry_After_is_kept()
    {
        Assert.Equal(
            "17",
            (await SendAsync(503, "application/json", "{}", "Retry-After", "17")).Headers.RetryAfter!.ToString()
        );
    }

    [Fact]
    public async Task An_engine_that_is_gone_is_a_502_without_its_address()
    {
        await using RunningGateway gateway = await RunningGateway.StartAsync($"http://127.0.0.1:{FreePort.Next()}");
        Reply reply = await gateway.Api.PostAsync(ApiClient.Completions, """{"prompt":"x"}""");
        JsonNode error = OpenAIErrors.Read(reply, HttpStatusCode.BadGateway, Server);
        Assert.Equal(
            ("backend_unavailable", "The engine failed: it can't be reached."),
            ((string?)error["code"], (string?)error["message"])
        );
        Assert.NotNull(reply.Headers.RetryAfter);
        Assert.Contains(
            gateway.Log.All,
            line =>
                line.StartsWith(
                    "Warning deterministic_inference.proxy The engine did not answer req_",
                    StringComparison.Ordinal
                )
        );
    }

    [Fact]
    public async Task An_engine_that_accepts_no_connection_is_a_504_that_names_the_setting()
    {
        // Linux completes no connection beyond the queue of a listener that never accepts.
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(0);
        Socket[] queue =
        [
            .. Enumerable
                .Range(0, 4)
                .Select(_ => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)
                {
                    Blocking = false,
                }),
        ];
        // Non-blocking: each connection is started, whether or not it is established.
        foreach (Socket waiting in queue)
            Assert.Throws<SocketException>(() => waiting.Connect(listener.LocalEndPoint!));
        await using RunningGateway gateway = await RunningGateway.StartAsync(
            $"http://{listener.LocalEndPoint}",
            RunningGateway.Options with
            {
                ConnectTimeout = TimeSpan.FromMilliseconds(200),
            }
        );
        JsonNode error = OpenAIErrors.Read(
            await gateway.Api.PostAsync(ApiClient.Completions, """{"prompt":"x"}"""),
            HttpStatusCode.GatewayTimeout,
            Server
        );
        Assert.Equal(
            ("backend_timeout", "The engine failed: it did not accept a connection within 0.2 s (--connect-timeout)."),
            ((string?)error["code"], (string?)error["message"])
        );
        foreach (Socket waiting in queue)
            waiting.Dispose();
    }

    [Theory]
    [InlineData("not HTTP\r\n\r\n", "its answer is not valid HTTP.")]
    [InlineData(
        "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}",
        "it closed the connection before its answer was complete."
    )]
    [InlineData("", "it closed the connection before its answer was complete.")]
    public async Task An_engine_that_breaks_HTTP_gives_a_502_and_is_asked_once(string answer, string reason)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var end = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        int connections = 0;
        Task serving = ServeAsync();
        await using RunningGateway gateway = await RunningGateway.StartAsync($"http://{listener.LocalEndpoint}");
        JsonNode error = OpenAIErrors.Read(
            await gateway.Api.PostAsync(ApiClient.Completions, """{"prompt":"x"}"""),
            HttpStatusCode.BadGateway,
            Server
        );
        Assert.Equal($"The engine failed: {reason}", (string?)error["message"]);
        await end.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => serving.Within());
        Assert.Equal(1, connections);

        async Task ServeAsync()
        {
            while (true)
            {
                using TcpClient client = await listener.AcceptTcpClientAsync(end.Token);
                connections++;
                NetworkStream stream = client.GetStream();
                using var reader = new StreamReader(stream, leaveOpen: true);
                while (await reader.ReadLineAsync() is { Length: > 0 }) { }
                await reader.ReadAsync(new char["""{"prompt":"x","seed":42}""".Length]);
                await stream.WriteAsync(System.Text.Encoding.ASCII.GetBytes(answer));
            }
        }
    }

    private async Task<Reply> SendAsync(int status, string type, string body, params string[] header)
    {
        FakeBackendProcess fake = await shared.StartedAsync();
        await using RunningGateway gateway = await RunningGateway.StartAsync(fake.Url);
        var answer = new JsonObject
        {
            ["status"] = status,
            ["content_type"] = type,
            ["body"] = body,
        };
        if (header is [var name, var value])
            answer["headers"] = new JsonObject { [name] = value };
        return await gateway.Api.PostAsync(
            ApiClient.Completions,
            new JsonObject
            {
                ["prompt"] = "x",
                ["fake"] = new JsonObject { ["answer"] = answer },
            }.ToJsonString()
        );
    }
}
