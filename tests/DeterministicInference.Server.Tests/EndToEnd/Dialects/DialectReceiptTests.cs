using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using DeterministicInference.Receipts.Answers;
using DeterministicInference.Receipts.Statements;
using DeterministicInference.Server.Tests.Receipts.Issuing;
using Xunit;

namespace DeterministicInference.Server.Tests.EndToEnd.Dialects;

/// <summary>Every answer of every engine has a receipt, which binds everything that the engine reports.</summary>
[Collection(DialectGroup.Name)]
public sealed class DialectReceiptTests(DialectServers servers)
{
    [Theory]
    [InlineData(Dialect.SGLang, true)]
    [InlineData(Dialect.Vllm, true)]
    [InlineData(Dialect.Embedded, true)]
    [InlineData(Dialect.LlamaCpp, false)]
    [InlineData(Dialect.Tgi, false)]
    [InlineData(Dialect.External, false)]
    public async Task A_receipt_is_valid_and_binds_tokens_where_the_engine_reports_them(
        string dialect,
        bool bindsTokens
    )
    {
        DialectServer server = await servers.StartedAsync(dialect);
        foreach (bool isChat in (bool[])[false, true])
        {
            DialectRequest request = DialectRequest.Of(isChat, dialect) with { Temperature = 0.8 };
            ReceivedAnswer json = await ReceivedAnswer.AskAsync(server.Api, request.Path, request.Json),
                sse = await ReceivedAnswer.AskAsync(server.Api, request.Path, request.Stream);
            ReceiptStatement one = await json.RequireValidAsync(server.Api),
                other = await sse.RequireValidAsync(server.Api);
            Assert.Equal(json.Output().Digest, sse.Output().Digest);
            Assert.Equal(
                (AnswerDelivery.Json, AnswerDelivery.Sse, true, true),
                (one.Delivery, other.Delivery, one.Complete, other.Complete)
            );
            foreach (ReceiptStatement statement in (ReceiptStatement[])[one, other])
            {
                Assert.Equal((bindsTokens, bindsTokens), (statement.Tokens is not null, statement.Prompt is not null));
                if (bindsTokens)
                    Assert.Equal([DialectRequest.Tokens], statement.Tokens!.Counts.Select(count => (int)count));
                Assert.Equal("42", statement.Pins.Values["seed"]);
            }
            // A stream without usage has its tokens in the log all the same.
            if (bindsTokens)
                await server.LineAsync(
                    $"completion_tokens={DialectRequest.Tokens} {Assert.Single(sse.Headers.GetValues("x-request-id"))}"
                );
        }
    }

    [Theory]
    [MemberData(nameof(Dialect.All), MemberType = typeof(Dialect))]
    public async Task A_receipt_is_found_by_its_own_id_and_not_by_the_answers(string dialect)
    {
        DialectServer server = await servers.StartedAsync(dialect);
        var request = DialectRequest.Of(isChat: true, dialect);
        foreach (string json in (string[])[request.Json, request.Stream])
        {
            ReceivedAnswer answer = await ReceivedAnswer.AskAsync(server.Api, request.Path, json);
            string first = answer.IsStream
                ? answer.Body.Split('\n').First(line => line.StartsWith("data: {", StringComparison.Ordinal))[
                    "data: ".Length..
                ]
                : answer.Body;
            string id = (string)JsonNode.Parse(Encoding.UTF8.GetBytes(first))!["id"]!;
            Assert.Equal(
                answer.ReceiptId,
                (string?)(await server.Api.GetAsync($"/v1/receipts/{answer.ReceiptId}")).Json["receipt_id"]
            );
            OpenAIErrors.Read(await server.Api.GetAsync($"/v1/receipts/{id}"), HttpStatusCode.NotFound);
        }
    }
}
