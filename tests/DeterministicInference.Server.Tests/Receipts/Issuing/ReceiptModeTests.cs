using System.Net;
using System.Text.Json.Nodes;
using Xunit;

namespace DeterministicInference.Server.Tests.Receipts.Issuing;

/// <summary>The settings that say how much of a receipt an answer carries.</summary>
public sealed class ReceiptModeTests
{
    private const string Request = """{"messages":[{"role":"user","content":"Hello"}],"max_tokens":4}""";

    [Fact]
    public async Task By_reference_only_the_id_comes_with_the_answer()
    {
        await using ServeProcess server = await ServeProcess.EmbeddedAsync(TestModels.Chat, "--receipts", "reference");
        foreach (string request in (string[])[Request, Request[..^1] + ",\"stream\":true}"])
        {
            ReceivedAnswer answer = await ReceivedAnswer.AskAsync(server.Api, ApiClient.Chat, request);
            Assert.Equal($$"""{"receipt_id":"{{answer.ReceiptId}}"}""", answer.Determinism);
            Assert.Equal(
                answer.ReceiptId,
                (string?)(await server.Api.GetAsync($"/v1/receipts/{answer.ReceiptId}")).Json["receipt_id"]
            );
        }
    }

    [Fact]
    public async Task Switched_off_there_is_no_trace_of_receipts()
    {
        await using ServeProcess server = await ServeProcess.EmbeddedAsync(TestModels.Chat, "--receipts", "off");
        Reply reply = await server.Api.PostAsync(ApiClient.Chat, Request);
        Assert.Equal(HttpStatusCode.OK, reply.Status);
        Assert.DoesNotContain("determinism", reply.Body, StringComparison.Ordinal);
        Assert.DoesNotContain(reply.Headers, header => header.Key is "X-Receipt-Id" or "Content-Digest");
        JsonNode error = OpenAIErrors.Read(await server.Api.GetAsync("/v1/receipts/key"), HttpStatusCode.NotFound);
        Assert.Contains("--receipts off", (string?)error["message"], StringComparison.Ordinal);
        Assert.Equal("deterministic", (string?)(await server.Api.GetAsync("/v1/environment")).Json["class"]);
        Assert.Null((await server.Api.GetAsync("/health")).Json["receipts"]);
    }

    [Fact]
    public async Task With_a_stable_envelope_the_whole_body_repeats_byte_for_byte()
    {
        await using ServeProcess server = await ServeProcess.EmbeddedAsync(TestModels.Chat, "--stable-envelope");
        foreach (string request in (string[])[Request, Request[..^1] + ",\"stream\":true}"])
        {
            ReceivedAnswer one = await ReceivedAnswer.AskAsync(server.Api, ApiClient.Chat, request),
                other = await ReceivedAnswer.AskAsync(server.Api, ApiClient.Chat, request);
            Assert.Equal(one.Body, other.Body);
            Assert.NotEqual(one.ReceiptId, other.ReceiptId);
            Assert.Null(one.Determinism);
            Assert.Equal(
                one.ReceiptId,
                (string?)(await server.Api.GetAsync($"/v1/receipts/{one.ReceiptId}")).Json["receipt_id"]
            );
        }
        JsonObject first = (await server.Api.PostAsync(ApiClient.Chat, Request)).Json,
            second =
                (
                    await server.Api.PostAsync(
                        ApiClient.Chat,
                        Request.Replace("Hello", "Hallo", StringComparison.Ordinal)
                    )
                ).Json;
        Assert.NotEqual((string?)first["id"], (string?)second["id"]);
        // The answer's id names every answer to the same request, so it names no receipt.
        OpenAIErrors.Read(await server.Api.GetAsync($"/v1/receipts/{first["id"]}"), HttpStatusCode.NotFound);
    }
}
