using System.Net;
using System.Text.Json.Nodes;
using DeterministicInference.Receipts.Statements;
using DeterministicInference.Receipts.Tests.Answers;
using DeterministicInference.Server.Tests.Receipts.Issuing;
using Xunit;

namespace DeterministicInference.Server.Tests.Gateway.Answers;

/// <summary>
/// Recorded answers of real engines, byte for byte, through the gateway: every complete answer reaches the client with
/// a valid and complete receipt and without ids that only the gateway requested; every other one is an error.
/// </summary>
public sealed class RecordedEngineRelayTests
{
    private const int PieceSize = 97;

    [Theory]
    [InlineData("vllm", 40)]
    [InlineData("sglang", 35)]
    public async Task A_recorded_answer_gets_a_valid_receipt(string backend, int expected)
    {
        EngineRecording[] recordings = [.. EngineRecordings.Require(backend).Where(one => one.Status == 200)];
        EngineRecording? current = null;
        await using RawEngine engine = RawEngine.Start(exchange => ReplayAsync(exchange, current!));
        await using RunningGateway gateway = await RunningGateway.StartWithReceiptsAsync(engine.Url, backend);
        int valid = 0;
        foreach (EngineRecording recording in recordings)
        {
            current = recording;
            int error = recording.Body.AsSpan().IndexOf("{\"error\":"u8);
            if (error >= 0)
            {
                await RequireFailureAsync(gateway.Api, recording, isFirst: error <= "data: ".Length);
                continue;
            }
            ReceivedAnswer answer = await ReceivedAnswer.AskAsync(gateway.Api, recording.Path, Request(recording));
            ReceiptStatement statement = await answer.RequireValidAsync(gateway.Api, recording.Asks("logprobs"));
            Assert.True(statement.Complete, recording.Name);
            bool reportsIds = recording.Asks("return_token_ids", "return_output_ids_in_sglext");
            Assert.True(reportsIds == statement.Tokens is not null, recording.Name);
            Assert.True(reportsIds == statement.Prompt is not null, recording.Name);
            Assert.DoesNotContain("_ids\":[", answer.Body, StringComparison.Ordinal);
            bool namesWeights = recording.Body.AsSpan().IndexOf("\"weight_version\":\"default\""u8) >= 0;
            Assert.Equal(namesWeights ? "default" : null, statement.WeightVersion);
            valid++;
        }
        Assert.Equal(expected, valid);
    }

    /// <summary>An error that comes first is a status; a later one breaks the stream.</summary>
    private static async Task RequireFailureAsync(ApiClient api, EngineRecording recording, bool isFirst)
    {
        if (isFirst)
            Assert.NotEqual(HttpStatusCode.OK, (await api.PostAsync(recording.Path, Request(recording))).Status);
        else
            await Assert.ThrowsAsync<HttpRequestException>(() => api.PostAsync(recording.Path, Request(recording)));
    }

    /// <summary>A request that is accepted and with which the gateway reads the answer in the same way.</summary>
    private static string Request(EngineRecording recording)
    {
        JsonObject request =
            recording.Path == ApiClient.Chat
                ? new() { ["messages"] = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = "x" }) }
                : new() { ["prompt"] = "x" };
        if (recording.IsStream)
            request["stream"] = true;
        if (recording.Asks("logprobs"))
            request["logprobs"] = JsonNode.Parse(recording.Request.GetProperty("logprobs").GetRawText());
        return request.ToJsonString();
    }

    private static async Task ReplayAsync(RawExchange exchange, EngineRecording recording)
    {
        await exchange.SendAsync(
            $"HTTP/1.1 200 OK\r\nContent-Type: {recording.ContentType}\r\nContent-Length: {recording.Body.Length}\r\n\r\n"
        );
        foreach (byte[] piece in recording.Body.Chunk(PieceSize))
            await exchange.SendAsync(piece);
    }
}
