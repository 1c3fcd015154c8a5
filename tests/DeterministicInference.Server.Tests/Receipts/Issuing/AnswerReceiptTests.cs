using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using DeterministicInference.Receipts.Answers;
using DeterministicInference.Receipts.Environments;
using DeterministicInference.Receipts.Statements;
using DeterministicInference.Receipts.Verification;
using Xunit;

namespace DeterministicInference.Server.Tests.Receipts.Issuing;

/// <summary>
/// Answers carry a receipt of what was asked and answered, through real sockets from the embedded engine.
/// </summary>
public sealed class AnswerReceiptTests(SharedServers shared)
{
    [Theory]
    [InlineData(
        ApiClient.Chat,
        """{"messages":[{"role":"user","content":"What is the capital of France?"}],"max_tokens":12}"""
    )]
    [InlineData(
        ApiClient.Chat,
        """{"messages":[{"role":"user","content":"Hello"}],"max_tokens":6,"n":3,"temperature":"1.5","seed":"""
            + """7,"logprobs":true,"top_logprobs":2}"""
    )]
    [InlineData(ApiClient.Completions, """{"prompt":["one","two"],"max_tokens":5,"seed":3,"logprobs":1,"n":2}""")]
    [InlineData(ApiClient.Completions, """{"prompt":"x","max_tokens":4,"echo":true,"return_token_ids":true}""")]
    public async Task The_same_generation_as_JSON_and_as_a_stream_has_one_output_and_one_request(
        string path,
        string request
    )
    {
        ServeProcess server = await shared.ChatAsync();
        bool logprobs = request.Contains("logprobs", StringComparison.Ordinal);
        ReceivedAnswer json = await ReceivedAnswer.AskAsync(server.Api, path, request),
            sse = await ReceivedAnswer.AskAsync(server.Api, path, Streaming(request));
        ReceiptStatement one = await json.RequireValidAsync(server.Api, logprobs),
            other = await sse.RequireValidAsync(server.Api, logprobs);
        Assert.Equal(json.Output(logprobs).Digest, sse.Output(logprobs).Digest);
        Assert.Equal(json.Output(logprobs).Logprobs, sse.Output(logprobs).Logprobs);
        Assert.Equal(logprobs, one.LogprobsCommitment is not null);
        Assert.Equal((AnswerDelivery.Json, AnswerDelivery.Sse), (one.Delivery, other.Delivery));
        // An echoed prompt is text without ids in a stream, and then the ids are not those of all of the text.
        if (!request.Contains("echo", StringComparison.Ordinal))
        {
            Assert.Equal(one.Tokens!.Counts, other.Tokens!.Counts);
            Assert.Equal(one.Prompt!.Counts, other.Prompt!.Counts);
        }
        Assert.Equal((DeterminismClass.Deterministic, true), (one.Class, one.Complete));
        Assert.Equal(one.Pins.Values, other.Pins.Values);
        // Salted: the statements do not reveal that the outputs are equal.
        Assert.NotEqual(one.OutputCommitment, other.OutputCommitment);
        // Ids that only the server requested do not reach the client.
        bool wantsIds = request.Contains("return_token_ids", StringComparison.Ordinal);
        Assert.Equal(wantsIds, json.Body.Contains("token_ids", StringComparison.Ordinal));
        Assert.Equal(wantsIds, sse.Body.Contains("token_ids", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_compressed_request_is_sealed_as_what_it_decodes_to()
    {
        ServeProcess server = await shared.ChatAsync();
        const string json = """{"prompt":"Say more","max_tokens":8}""";
        using HttpRequestMessage request = ApiClient.Post(ApiClient.Completions, json);
        request.Content = new ByteArrayContent(CompressedBytes.Gzip(Encoding.UTF8.GetBytes(json)))
        {
            Headers = { ContentEncoding = { "gzip" } },
        };
        ReceivedAnswer compressed = await ReceivedAnswer.AskAsync(server.Api, request, json),
            plain = await ReceivedAnswer.AskAsync(server.Api, ApiClient.Completions, json);
        await compressed.RequireValidAsync(server.Api);
        Assert.Equal(plain.Output().Digest, compressed.Output().Digest);
        ReceivedAnswer other = compressed with { Request = json.Replace("more", "mote", StringComparison.Ordinal) };
        Assert.Contains(
            (await other.VerifyAsync(server.Api)).Failures,
            failure => failure.Check == ReceiptCheck.Request
        );
    }

    [Fact]
    public async Task A_changed_character_of_request_or_answer_is_noticed()
    {
        ServeProcess server = await shared.ChatAsync();
        ReceivedAnswer answer = await ReceivedAnswer.AskAsync(
            server.Api,
            ApiClient.Completions,
            """{"prompt":"Say more","max_tokens":8}"""
        );
        await answer.RequireValidAsync(server.Api);
        string text = (string)JsonNode.Parse(answer.Body)!["choices"]![0]!["text"]!;
        Assert.NotEqual("", text);
        string quoted = JsonValue.Create(text).ToJsonString();
        ReceivedAnswer other = answer with
        {
            Body = answer.Body.Replace(quoted, quoted[..^1] + "!\"", StringComparison.Ordinal),
        };
        Assert.NotEqual(answer.Body, other.Body);
        Assert.Equal(ReceiptCheck.Output, await FailureAsync(other));
        Assert.Equal(
            ReceiptCheck.Request,
            await FailureAsync(answer with { Request = """{"prompt":"Say More","max_tokens":8}""" })
        );

        async Task<ReceiptCheck> FailureAsync(ReceivedAnswer changed) =>
            Assert.Single((await changed.VerifyAsync(server.Api)).Failures).Check;
    }

    [Fact]
    public async Task What_the_server_set_stands_in_the_receipt()
    {
        ServeProcess server = await shared.ChatAsync();
        ReceivedAnswer answer = await ReceivedAnswer.AskAsync(
            server.Api,
            ApiClient.Completions,
            """{"prompt":"pins","max_tokens":"3","temperature":"0.50","stream":"false","user":"u"}"""
        );
        ReceiptStatement statement = await answer.RequireValidAsync(server.Api);
        Assert.Equal(
            new Dictionary<string, string>
            {
                ["max_tokens"] = "3",
                ["seed"] = "42",
                ["temperature"] = "0.50",
            },
            statement.Pins.Values
        );
        Assert.Equal(ApiClient.Completions, statement.RequestPath);
        Assert.Equal("demo-chat-1m", statement.ModelName);
    }

    [Fact]
    public async Task A_JSON_answer_has_the_digest_of_its_bytes()
    {
        ServeProcess server = await shared.ChatAsync();
        Reply reply = await server.Api.PostAsync(ApiClient.Completions, """{"prompt":"digest","max_tokens":3}""");
        string digest = Assert.Single(
            reply.Headers.TryGetValues("Content-Digest", out IEnumerable<string>? values)
                ? values
                : reply.ContentHeaders.GetValues("Content-Digest")
        );
        Assert.Equal(
            $"sha-256=:{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(reply.Body)))}:",
            digest
        );
    }

    [Fact]
    public async Task A_stream_can_go_without_the_line()
    {
        ServeProcess server = await shared.ChatAsync();
        ReceivedAnswer answer = await ReceivedAnswer.AskAsync(
            server.Api,
            ApiClient.Completions,
            """{"prompt":"no line","max_tokens":3,"stream":true}""",
            ("X-Receipt", "header")
        );
        Assert.Null(answer.Determinism);
        Assert.DoesNotContain(": dis-", answer.Body, StringComparison.Ordinal);
        Assert.Equal(
            answer.ReceiptId,
            (string?)(await server.Api.GetAsync($"/v1/receipts/{answer.ReceiptId}")).Json["receipt_id"]
        );
    }

    [Fact]
    public async Task A_chat_that_has_a_prompt_is_the_completion_that_was_meant()
    {
        ServeProcess server = await shared.ChatAsync();
        const string Request = """{"prompt":"Tell me","max_tokens":5,"seed":1}""";
        ReceivedAnswer chat = await ReceivedAnswer.AskAsync(server.Api, ApiClient.Chat, Request),
            completion = await ReceivedAnswer.AskAsync(server.Api, ApiClient.Completions, Request);
        ReceiptStatement statement = await chat.RequireValidAsync(server.Api);
        Assert.Equal(ApiClient.Completions, statement.RequestPath);
        Assert.Equal(completion.Output().Digest, chat.Output().Digest);
    }

    private static string Streaming(string request) => request[..^1] + ",\"stream\":true}";
}
