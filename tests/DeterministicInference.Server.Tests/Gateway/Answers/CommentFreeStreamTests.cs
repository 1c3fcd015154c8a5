using DeterministicInference.Server.Tests.Receipts.Issuing;
using Xunit;

namespace DeterministicInference.Server.Tests.Gateway.Answers;

/// <summary>Streams without comment lines, for clients that take every line for data.</summary>
public sealed class CommentFreeStreamTests(SharedServers shared)
{
    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(20);

    [Theory]
    [InlineData(",\"receipt\":\"header\"", "", "HTTP/1.1")]
    [InlineData(",\"receipt\":\"header\"", "", "HTTP/1.0")]
    [InlineData("", "X-Receipt: header\r\n", "HTTP/1.1")]
    public async Task A_silent_stream_has_no_line_but_events(string member, string header, string version)
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using RawEngine engine = RawEngine.Start(async exchange =>
        {
            await gate.Task.Within();
            await exchange.AnswerAsync(
                "text/event-stream",
                ScriptedAnswers.Chunk + ScriptedAnswers.Last + ScriptedAnswers.Done
            );
        });
        await using RunningGateway gateway = await RunningGateway.StartAsync(
            engine.Url,
            RunningGateway.Options with
            {
                StreamHeaderDelay = Soon,
                KeepAliveInterval = Soon,
            }
        );
        using RawConnection quiet = await RawConnection.OpenAsync(gateway.Url),
            usual = await RawConnection.OpenAsync(gateway.Url);
        await quiet.SendAsync(Request(member, header, version));
        Assert.StartsWith("HTTP/1.1 200 OK", await quiet.ReadHeadAsync(), StringComparison.Ordinal);
        await usual.SendAsync(Request("", "", version));
        // In this time the other one would have had comments too.
        for (int i = 0; i < 5; i++)
            await usual.ReadUntilAsync(": ka\n");
        gate.SetResult();
        string events = await quiet.ReadToEndAsync();
        string[] lines =
        [
            .. events
                .Split('\n')
                .Select(line => line.Trim())
                .Where(line => line.Contains(':', StringComparison.Ordinal)),
        ];
        Assert.Equal(3, lines.Length);
        Assert.All(lines, line => Assert.StartsWith("data: ", line, StringComparison.Ordinal));
        Assert.All(
            engine.Exchanges,
            exchange => Assert.DoesNotContain("receipt", exchange.Body, StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task The_receipt_is_fetched_by_its_id_and_a_replay_has_it_in_its_usual_place()
    {
        ServeProcess server = await shared.ChatAsync();
        const string request = """{"prompt":"quiet","max_tokens":3,"stream":true,"receipt":"header"}""";
        ReceivedAnswer answer = await ReceivedAnswer.AskAsync(server.Api, ApiClient.Completions, request);
        Assert.Null(answer.Determinism);
        Assert.DoesNotContain(answer.Body.Split('\n'), line => line.StartsWith(':'));
        Assert.Equal(
            answer.ReceiptId,
            (string?)(await server.Api.GetAsync($"/v1/receipts/{answer.ReceiptId}")).Json["receipt_id"]
        );
        Verification.RecordedExchange exchange = await Verification.RecordedExchange.AskAsync(
            server.Api,
            request,
            ApiClient.Completions
        );
        string receipt = exchange.Write(
            "receipt.json",
            (await server.Api.GetAsync($"/v1/receipts/{exchange.ReceiptId}")).Body
        );
        (
            await Verification.RecordedExchange.VerifyAsync(
                receipt,
                "--key",
                exchange.KeyFile,
                "--request",
                exchange.RequestFile,
                "--response",
                exchange.AnswerFile,
                "--against",
                server.Url
            )
        ).Is(0, "REPRODUCED", "");
    }

    [Theory]
    [InlineData("\"both\"", "invalid_value")]
    [InlineData("true", "invalid_type")]
    public async Task Another_value_is_refused(string value, string code)
    {
        await using RunningGateway gateway = await RunningGateway.StartAsync("http://127.0.0.1:9");
        Assert.Equal(
            code,
            (string?)
                OpenAIErrors.Read(
                    await gateway.Api.PostAsync(ApiClient.Completions, $$"""{"prompt":"x","receipt":{{value}}}"""),
                    System.Net.HttpStatusCode.BadRequest
                )["code"]
        );
    }

    private static string Request(string member, string header, string version) =>
        RawConnection
            .Post(ApiClient.Completions, $$"""{"prompt":"x","stream":true{{member}}}""", version)
            .Replace(
                "Host: localhost\r\n",
                $"Host: localhost\r\nConnection: close\r\n{header}",
                StringComparison.Ordinal
            );
}
