using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using DeterministicInference.Receipts.Signing;
using DeterministicInference.Receipts.Statements;
using DeterministicInference.Server.Tests.Receipts.Issuing;
using Xunit;

namespace DeterministicInference.Server.Tests.Receipts.Http;

/// <summary>Stored receipts, found by their id.</summary>
public sealed class ReceiptRouteTests(SharedServers shared)
{
    [Fact]
    public async Task A_receipt_is_found_by_its_id_and_not_by_the_answers()
    {
        ServeProcess server = await shared.ChatAsync();
        ReceivedAnswer answer = await ReceivedAnswer.AskAsync(
            server.Api,
            ApiClient.Chat,
            """{"messages":[{"role":"user","content":"stored"}],"max_tokens":3,"stream":true}"""
        );
        Reply reply = await server.Api.GetAsync($"/v1/receipts/{answer.ReceiptId}");
        JsonObject stored = reply.Json;
        Receipt receipt = Receipt.FromJson(Encoding.UTF8.GetBytes(reply.Body));
        Assert.Equal(answer.Receipt.Statement.ToArray(), receipt.Statement.ToArray());
        Assert.Equal(answer.Receipt.Salts!.Root!.ToBase64(), receipt.Salts!.Root!.ToBase64());
        Assert.StartsWith("c2sp.org/tlog-proof@v1\n", (string?)stored["proof"], StringComparison.Ordinal);
        Assert.Equal(answer.Statement.EnvironmentId.ToString(), (string?)stored["environment"]!["id"]);
        string id = (string)
            JsonNode.Parse(
                answer.Body.Split('\n').First(line => line.StartsWith("data: {", StringComparison.Ordinal))[
                    "data: ".Length..
                ]
            )!["id"]!;
        JsonNode error = OpenAIErrors.Read(await server.Api.GetAsync($"/v1/receipts/{id}"), HttpStatusCode.NotFound);
        Assert.Equal("receipt_not_found", (string?)error["code"]);
    }

    [Theory]
    [InlineData("00000000000000000000000000000000")]
    [InlineData("chatcmpl-0")]
    [InlineData("key%20")]
    [InlineData("%F0%9F%98%80")]
    public async Task A_missing_receipt_is_not_found(string id)
    {
        ServeProcess server = await shared.ChatAsync();
        JsonNode error = OpenAIErrors.Read(await server.Api.GetAsync($"/v1/receipts/{id}"), HttpStatusCode.NotFound);
        Assert.Equal("receipt_not_found", (string?)error["code"]);
    }

    /// <summary>The document opens the statement's commitments.</summary>
    [Fact]
    public async Task A_receipt_is_not_for_caches()
    {
        ServeProcess server = await shared.ChatAsync();
        ReceivedAnswer answer = await ReceivedAnswer.AskAsync(
            server.Api,
            ApiClient.Completions,
            """{"prompt":"kept","max_tokens":1}"""
        );
        Reply reply = await server.Api.GetAsync($"/v1/receipts/{answer.ReceiptId}");
        Assert.True(reply.Headers.CacheControl is { Private: true, NoStore: true });
    }

    [Fact]
    public async Task HEAD_has_the_headers_of_GET_and_no_body()
    {
        ServeProcess server = await shared.ChatAsync();
        Reply get = await server.Api.GetAsync("/v1/receipts/key"),
            head = await server.Api.SendAsync(new HttpRequestMessage(HttpMethod.Head, "/v1/receipts/key"));
        Assert.Equal(HttpStatusCode.OK, head.Status);
        Assert.Equal(get.ContentHeaders.ContentLength, head.ContentHeaders.ContentLength);
        Assert.Empty(head.Body);
    }

    [Fact]
    public async Task The_key_is_published_with_its_id_and_as_the_logs_verifier_key()
    {
        ServeProcess server = await shared.ChatAsync();
        JsonObject key = (await server.Api.GetAsync("/v1/receipts/key")).Json;
        Assert.Equal(["keyid", "pem", "vkey", "origin"], key.Select(member => member.Key));
        var read = VerificationKey.FromPem((string)key["pem"]!);
        Assert.Equal(read.KeyId.ToString(), (string?)key["keyid"]);
        Assert.StartsWith($"{key["origin"]}+", (string?)key["vkey"], StringComparison.Ordinal);
    }
}
