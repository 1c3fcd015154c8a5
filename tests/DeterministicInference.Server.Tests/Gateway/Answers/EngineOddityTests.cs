using System.Text.Json.Nodes;
using DeterministicInference.Receipts.Statements;
using DeterministicInference.Server.Tests.Receipts.Issuing;
using Xunit;

namespace DeterministicInference.Server.Tests.Gateway.Answers;

/// <summary>
/// Deviations of real engines from the API are read, and the receipt binds what the client gets. The shapes are those
/// of recorded answers (SGLang 0.5.23, vLLM 0.32.0, llama.cpp b11434).
/// </summary>
public sealed class EngineOddityTests
{
    [Fact]
    public async Task Empty_alternatives_beside_tokens_are_none()
    {
        (ReceivedAnswer answer, ReceiptStatement statement) = await AskAsync(
            "sglang",
            """{"prompt":"x","logprobs":0}""",
            """
            {"id":"6","choices":[{"index":0,"text":"hy did","logprobs":{"text_offset":[-1,-1],"token_logprobs":[-1.6150848865509033,-0.2677232325077057],"tokens":["hy"," did"],"top_logprobs":[]},"finish_reason":"length","matched_stop":null}]}
            """
        );
        Assert.NotNull(statement.LogprobsCommitment);
        Assert.Contains("\"top_logprobs\":[]", answer.Body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_log_probability_that_is_not_JSON_reaches_the_client_as_one_that_is(bool isStream)
    {
        string message = isStream ? "delta" : "message",
            choice =
                $$"""
                    {"index":0,"{{message}}":{"content":"a"},"logprobs":{"content":[{"token":"a","logprob":-0.5,
                    """
                + """
                    "top_logprobs":[{"token":"b","logprob":-Infinity},{"token":"c","logprob":NaN}]}]},"finish_reason":"stop"}
                    """,
            request = """{"messages":[{"role":"user","content":"x"}],"logprobs":true,"top_logprobs":2}""";
        (ReceivedAnswer answer, ReceiptStatement statement) = await AskAsync(
            "external",
            isStream ? request[..^1] + ",\"stream\":true}" : request,
            isStream ? $"data: {{\"choices\":[{choice}]}}\n\ndata: [DONE]\n\n" : $"{{\"choices\":[{choice}]}}"
        );
        Assert.NotNull(statement.LogprobsCommitment);
        string json = isStream ? answer.Body.Split("\n\n")[0]["data: ".Length..] : answer.Body;
        JsonNode alternatives = JsonNode.Parse(json)!["choices"]![0]!["logprobs"]!["content"]![0]!["top_logprobs"]!;
        Assert.Equal("-9999.0", alternatives[0]!["logprob"]!.ToJsonString());
        Assert.Null(alternatives[1]!["logprob"]);
    }

    [Fact]
    public async Task Anywhere_else_a_number_that_is_not_JSON_is_an_error()
    {
        await using RawEngine engine = RawEngine.Start(exchange =>
            exchange.AnswerAsync("application/json", """{"choices":[{"index":0,"score":NaN,"finish_reason":"stop"}]}""")
        );
        await using RunningGateway gateway = await RunningGateway.StartWithReceiptsAsync(engine.Url);
        OpenAIErrors.Read(
            await gateway.Api.PostAsync(ApiClient.Completions, """{"prompt":"x"}"""),
            System.Net.HttpStatusCode.BadGateway,
            "server_error"
        );
    }

    [Fact]
    public async Task SGLangs_other_name_for_the_ids_of_a_chat_is_bound_and_taken_out()
    {
        (ReceivedAnswer answer, ReceiptStatement statement) = await AskAsync(
            "sglang",
            """{"messages":[{"role":"user","content":"hello"}]}""",
            """
            {"id":"5","choices":[{"index":0,"message":{"role":"assistant","content":"Hello! How can","reasoning_content":null},"logprobs":null,"finish_reason":"length","matched_stop":null,"prompt_token_ids":[0,3,927,1,4],"response_token_ids":[518,38,463,324]}],"usage":{"prompt_tokens":5,"completion_tokens":4}}
            """
        );
        Assert.DoesNotContain("token_ids", answer.Body, StringComparison.Ordinal);
        Assert.Equal([4], statement.Tokens!.Counts);
        Assert.Equal([5], statement.Prompt!.Counts);
    }

    [Fact]
    public async Task An_event_that_is_null_or_has_only_ids_that_nobody_asked_for_is_none()
    {
        (ReceivedAnswer answer, ReceiptStatement statement) = await AskAsync(
            "vllm",
            """{"messages":[{"role":"user","content":"x"}],"stream":true}""",
            """
            data: {"id":"c","choices":[{"index":0,"delta":{"role":"assistant","content":""},"logprobs":null,"finish_reason":null}],"prompt_token_ids":[0,3],"prompt_text":null}

            data: {"id":"c","choices":[{"index":0,"delta":{},"logprobs":null,"finish_reason":null,"token_ids":[5]}]}

            data: null

            data: {"id":"c","choices":[{"index":0,"delta":{"content":"b"},"logprobs":null,"finish_reason":"stop","stop_reason":null,"token_ids":[6]}]}

            data: [DONE]


            """
        );
        Assert.Equal(
            """
            data: {"id":"c","choices":[{"index":0,"delta":{"role":"assistant","content":""},"logprobs":null,"finish_reason":null}],"prompt_text":null}
            data: {"id":"c","choices":[{"index":0,"delta":{"content":"b"},"logprobs":null,"finish_reason":"stop","stop_reason":null}]}
            """.Split('\n'),
            answer.Body.Split("\n\n").Where(part => part.StartsWith("data: {", StringComparison.Ordinal))
        );
        Assert.Equal([2], statement.Tokens!.Counts);
        Assert.Equal([2], statement.Prompt!.Counts);
    }

    private static async Task<(ReceivedAnswer Answer, ReceiptStatement Statement)> AskAsync(
        string backend,
        string request,
        string body
    )
    {
        await using RawEngine engine = RawEngine.Start(exchange =>
            exchange.AnswerAsync(exchange.IsStream ? "text/event-stream" : "application/json", body)
        );
        await using RunningGateway gateway = await RunningGateway.StartWithReceiptsAsync(engine.Url, backend);
        string path = request.Contains("\"messages\"", StringComparison.Ordinal)
            ? ApiClient.Chat
            : ApiClient.Completions;
        ReceivedAnswer answer = await ReceivedAnswer.AskAsync(gateway.Api, path, request);
        bool logprobs = request.Contains("logprobs", StringComparison.Ordinal);
        ReceiptStatement statement = await answer.RequireValidAsync(gateway.Api, logprobs);
        Assert.True(statement.Complete);
        return (answer, statement);
    }
}
