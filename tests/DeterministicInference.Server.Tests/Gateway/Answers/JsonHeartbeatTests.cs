using System.Text.Json.Nodes;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Tests.Assessment;
using DeterministicInference.Server.Tests.Verification;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace DeterministicInference.Server.Tests.Gateway.Answers;

/// <summary>White space before a JSON answer, for proxies that end a silent request.</summary>
public sealed class JsonHeartbeatTests
{
    private static readonly ServeOptions Beating = RunningGateway.Options with
    {
        JsonHeartbeat = TimeSpan.FromMilliseconds(20),
    };

    [Theory]
    [InlineData("HTTP/1.1", 0)]
    [InlineData("HTTP/1.0", 0)]
    // The engine sends its headers at once.
    [InlineData("HTTP/1.1", 1)]
    // And a part of its answer.
    [InlineData("HTTP/1.1", 2)]
    public async Task A_late_answer_begins_with_white_space_and_is_whole(string version, int early)
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using RawEngine engine = RawEngine.Start(async exchange =>
        {
            if (early > 0)
                await exchange.BeginAsync("application/json");
            if (early > 1)
                await exchange.ChunkAsync(ScriptedAnswers.Json[..9]);
            await gate.Task.Within();
            if (early == 0)
            {
                await exchange.AnswerAsync("application/json", ScriptedAnswers.Json);
                return;
            }
            await exchange.ChunkAsync(ScriptedAnswers.Json[(early > 1 ? 9 : 0)..]);
            await exchange.EndAsync();
        });
        await using RunningGateway gateway = await RunningGateway.StartAsync(engine.Url, Beating);
        using RawConnection connection = await RawConnection.OpenAsync(gateway.Url);
        await connection.SendAsync(Request(version));
        string head = await connection.ReadHeadAsync();
        Assert.StartsWith("HTTP/1.1 200 OK\r\n", head, StringComparison.Ordinal);
        Assert.Contains("Content-Type: application/json\r\n", head, StringComparison.Ordinal);
        Assert.DoesNotContain("Content-Length", head, StringComparison.Ordinal);
        for (int i = 0; i < 3; i++)
            await connection.ReadUntilAsync(" ");
        gate.SetResult();
        string rest = await connection.ReadToEndAsync();
        string json = rest[rest.IndexOf('{', StringComparison.Ordinal)..(rest.LastIndexOf('}') + 1)];
        Assert.Equal("all of it", (string?)JsonNode.Parse(json)!["choices"]![0]!["text"]);
        // The chunks end regularly.
        Assert.Equal(version == "HTTP/1.1", rest.EndsWith("\r\n0\r\n\r\n", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_answer_in_time_is_as_without_it()
    {
        await using RawEngine engine = RawEngine.Start(ScriptedAnswers.SendAsync);
        await using RunningGateway gateway = await RunningGateway.StartAsync(
            engine.Url,
            RunningGateway.Options with
            {
                JsonHeartbeat = Limits.Overall,
            }
        );
        Reply reply = await gateway.Api.PostAsync(ApiClient.Completions, """{"prompt":"x"}""");
        Assert.StartsWith("{", reply.Body, StringComparison.Ordinal);
        Assert.Equal(reply.Body.Length, reply.ContentHeaders.ContentLength);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_late_error_stands_where_the_answer_would(bool isError)
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using RawEngine engine = RawEngine.Start(async exchange =>
        {
            await gate.Task.Within();
            if (isError)
                await exchange.AnswerAsync("application/json", """{"message":"no"}""", "400 Bad Request");
            else
                exchange.Close();
        });
        RunningGateway gateway = await RunningGateway.StartAsync(engine.Url, Beating);
        await using (gateway)
        {
            using HttpResponseMessage response = await gateway.Api.Http.SendAsync(
                ApiClient.Post(ApiClient.Completions, """{"prompt":"x"}"""),
                HttpCompletionOption.ResponseHeadersRead,
                TestContext.Current.CancellationToken
            );
            Assert.Equal(System.Net.HttpStatusCode.OK, response.StatusCode);
            gate.SetResult();
            JsonNode error = JsonNode.Parse(
                await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)
            )!["error"]!;
            Assert.Equal(isError ? "invalid_request_error" : "server_error", (string?)error["type"]);
        }
        // The line of the request has the status that could not be sent.
        string status = isError ? "400" : "502";
        Assert.Contains(
            gateway.Log.All,
            line => line.Contains($"POST /v1/completions {status} ", StringComparison.Ordinal)
        );
        Assert.Contains(
            gateway.Log.All,
            line => line.Contains($"gets status {status} within an answer", StringComparison.Ordinal)
        );
    }

    /// <summary>Its id was sent with the first white space.</summary>
    [Fact]
    public async Task An_answer_that_fails_late_has_a_receipt_which_says_that_it_is_incomplete()
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using StubEngine engine = await StubEngine.StartAsync(
            async (_, _, _) =>
            {
                await gate.Task.Within();
                return Results.StatusCode(StatusCodes.Status500InternalServerError);
            }
        );
        await using ServeProcess server = await ServeProcess.StartAsync(
            ServerProgram.Built,
            ["--backend", "vllm", "--backend-url", engine.Url.ToString(), "--json-heartbeat", "20ms"]
        );
        await server.ReadyAsync("vLLM server");
        using HttpResponseMessage response = await server.Api.Http.SendAsync(
            ApiClient.Post(ApiClient.Completions, """{"prompt":"x"}"""),
            HttpCompletionOption.ResponseHeadersRead,
            TestContext.Current.CancellationToken
        );
        string id = Assert.Single(response.Headers.GetValues("X-Receipt-Id"));
        gate.SetResult();
        string body = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.NotNull(JsonNode.Parse(body)!["error"]);
        Reply receipt = await server.Api.AnswersAsync($"/v1/receipts/{id}", System.Net.HttpStatusCode.OK);
        Assert.Contains("\\\"complete\\\":false", receipt.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Its_receipt_is_valid()
    {
        await using ServeProcess server = await ServeProcess.EmbeddedAsync(TestModels.Chat, "--json-heartbeat", "1ms");
        RecordedExchange exchange = await RecordedExchange.AskAsync(
            server.Api,
            """{"prompt":"Once","max_tokens":200,"ignore_eos":true}""",
            ApiClient.Completions
        );
        Assert.StartsWith(" ", exchange.Answer, StringComparison.Ordinal);
        (await exchange.VerifyAsync("--against", server.Url)).Is(0, "REPRODUCED", "").Has("output", "ok");
        Assert.NotEmpty(exchange.ReceiptId);
    }

    private static string Request(string version) =>
        RawConnection
            .Post(ApiClient.Completions, """{"prompt":"x"}""", version)
            .Replace("Host: localhost\r\n", "Host: localhost\r\nConnection: close\r\n", StringComparison.Ordinal);
}
