using System.Net;
using System.Text.Json.Nodes;
using DeterministicInference.Receipts.Statements;
using DeterministicInference.Server.Tests.EndToEnd.RecordedEngines;
using DeterministicInference.Server.Tests.Receipts.Issuing;
using Xunit;

namespace DeterministicInference.Server.Tests.EndToEnd.RealEngines;

/// <summary>A real llama-server behind this server: answers, receipts and errors.</summary>
public sealed class LlamaServerAnswerTests
{
    private const int AtOnce = 4;

    /// <summary>Every so manieth request is sent again.</summary>
    private const int Again = 9;

    private static readonly int Requests = LongRun.Times(70, atLength: 200);

    [Fact]
    public async Task Mixed_requests_are_answered_with_receipts_that_verify_or_refused()
    {
        await using ServeProcess server = await RealLlamaServer.Require().ServeAsync(new());
        LlamaServerRequest[] requests = [.. LlamaServerRequest.Mixed(Requests)];
        var digests = new string?[Requests];
        await Parallel.ForEachAsync(
            Enumerable.Range(0, Requests),
            new ParallelOptions
            {
                MaxDegreeOfParallelism = AtOnce,
                CancellationToken = TestContext.Current.CancellationToken,
            },
            async (i, _) => digests[i] = await AskAsync(server.Api, requests[i])
        );
        // Alone, and after other requests.
        for (int i = 0; i < Requests; i += Again)
            Assert.Equal(digests[i], await AskAsync(server.Api, requests[i]));
        Assert.Equal("deterministic", (string?)(await server.Api.GetAsync("/v1/environment")).Json["class"]);
    }

    /// <summary>The example of README and of docs/is-it-deterministic.md.</summary>
    [Fact]
    public async Task A_setting_of_the_cache_decides_what_the_capital_of_France_is()
    {
        var llama = RealLlamaServer.Require();
        Assert.StartsWith("L'Étoile, la Marseillaise, ", await AnswerAsync(), StringComparison.Ordinal);
        Assert.Equal("The capital of France is Paris.", await AnswerAsync("-ctk", "q4_0"));

        async Task<string?> AnswerAsync(params string[] arguments)
        {
            await using ServeProcess server = await llama.ServeAsync(new() { Arguments = arguments });
            JsonNode answer = await server.Api.JsonAsync(
                ApiClient.Chat,
                """
                {"messages":[{"role":"user","content":"What is the capital of France?"}],"temperature":0,"max_tokens":16,
                "logprobs":true,"top_logprobs":3}
                """
            );
            if (arguments.Length == 0)
            {
                JsonNode first = answer["choices"]![0]!["logprobs"]!["content"]![0]!["top_logprobs"]!;
                Assert.Equal(("L", "The"), ((string?)first[0]!["token"], (string?)first[1]!["token"]));
                Assert.InRange((double)first[0]!["logprob"]! - (double)first[1]!["logprob"]!, 0.25, 0.45);
            }
            return (string?)answer["choices"]![0]!["message"]!["content"];
        }
    }

    /// <returns>The digest of the answer; null of a refusal.</returns>
    private static async Task<string?> AskAsync(ApiClient api, LlamaServerRequest request)
    {
        if (request.Refusal is { } refusal)
        {
            Reply reply = await api.PostAsync(request.Path, request.Json);
            JsonNode error = OpenAIErrors.Read(reply, HttpStatusCode.BadRequest);
            Assert.Equal($"{refusal} {request.Json}", $"{error["param"]} {error["code"]} {request.Json}");
            return null;
        }
        ReceivedAnswer answer = await ReceivedAnswer.AskAsync(api, request.Path, request.Json);
        ReceiptStatement statement = await answer.RequireValidAsync(api, request.HasLogprobs);
        Assert.True(statement.Complete, answer.Body);
        Assert.Equal(request.HasLogprobs, statement.LogprobsCommitment is not null);
        int[] choices =
        [
            .. RecordedJson
                .Read(answer.Body, answer.IsStream)
                .SelectMany(one => one["choices"]!.AsArray())
                .Select(choice => (int)choice!["index"]!)
                .Distinct()
                .Order(),
        ];
        Assert.Equal(Enumerable.Range(0, request.Choices), choices);
        return $"{answer.Output(request.HasLogprobs).Digest}";
    }
}
