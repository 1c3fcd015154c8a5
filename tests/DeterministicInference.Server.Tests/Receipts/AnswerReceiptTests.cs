using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using DeterministicInference.Receipts;
using DeterministicInference.Receipts.Environments;
using DeterministicInference.Receipts.Output;
using DeterministicInference.Receipts.Statements;
using DeterministicInference.Server.Tests.EndToEnd;
using DeterministicInference.Server.Tests.Serve;
using Xunit;

namespace DeterministicInference.Server.Tests.Receipts;

/// <summary>Answers carry a receipt of what was asked and answered, through real sockets from the embedded engine.</summary>
public sealed class AnswerReceiptTests(SharedServers shared)
{
    [Theory]
    [InlineData(ApiClient.Chat, """{"messages":[{"role":"user","content":"What is the capital of France?"}],"max_tokens":12}""")]
    [InlineData(ApiClient.Chat, """{"messages":[{"role":"user","content":"Hello"}],"max_tokens":6,"n":3,"temperature":"1.5","seed":7,"logprobs":true,"top_logprobs":2}""")]
    [InlineData(ApiClient.Completions, """{"prompt":["one","two"],"max_tokens":5,"seed":3,"logprobs":1,"n":2}""")]
    [InlineData(ApiClient.Completions, """{"prompt":"x","max_tokens":4,"echo":true,"return_token_ids":true}""")]
    public async Task The_same_generation_as_JSON_and_as_a_stream_has_one_output_and_one_request(string path, string request)
    {
        ServeProcess server = await shared.ChatAsync();
        bool logprobs = request.Contains("logprobs", StringComparison.Ordinal);
        ReceivedAnswer json = await ReceivedAnswer.AskAsync(server.Api, path, request), sse = await ReceivedAnswer.AskAsync(server.Api, path, Streaming(request));
        ReceiptStatement one = await json.RequireValidAsync(server.Api, logprobs), other = await sse.RequireValidAsync(server.Api, logprobs);
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
        // Salted: nobody can tell from the statements that it was the same.
        Assert.NotEqual(one.OutputCommitment, other.OutputCommitment);
        // The ids that were asked for on the client's behalf do not reach it.
        bool wantsIds = request.Contains("return_token_ids", StringComparison.Ordinal);
        Assert.Equal(wantsIds, json.Body.Contains("token_ids", StringComparison.Ordinal));
        Assert.Equal(wantsIds, sse.Body.Contains("token_ids", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_changed_character_of_request_or_answer_is_noticed()
    {
        ServeProcess server = await shared.ChatAsync();
        ReceivedAnswer answer = await ReceivedAnswer.AskAsync(server.Api, ApiClient.Completions, """{"prompt":"Say more","max_tokens":8}""");
        await answer.RequireValidAsync(server.Api);
        string text = (string)JsonNode.Parse(answer.Body)!["choices"]![0]!["text"]!;
        Assert.NotEqual("", text);
        string quoted = JsonValue.Create(text).ToJsonString();
        ReceivedAnswer other = answer with { Body = answer.Body.Replace(quoted, quoted[..^1] + "!\"", StringComparison.Ordinal) };
        Assert.NotEqual(answer.Body, other.Body);
        await Assert.ThrowsAnyAsync<Exception>(() => other.RequireValidAsync(server.Api));
        await Assert.ThrowsAnyAsync<Exception>(() => (answer with { Request = """{"prompt":"Say More","max_tokens":8}""" }).RequireValidAsync(server.Api));
    }

    [Fact]
    public async Task What_the_server_set_stands_in_the_receipt()
    {
        ServeProcess server = await shared.ChatAsync();
        ReceivedAnswer answer = await ReceivedAnswer.AskAsync(server.Api, ApiClient.Completions, """{"prompt":"pins","max_tokens":"3","temperature":"0.50","stream":"false","user":"u"}""");
        ReceiptStatement statement = await answer.RequireValidAsync(server.Api);
        Assert.Equal(new Dictionary<string, string> { ["max_tokens"] = "3", ["seed"] = "42", ["temperature"] = "0.50" }, statement.Pins.Values);
        Assert.Equal(ApiClient.Completions, statement.RequestPath);
        Assert.Equal("demo-chat-1m", statement.ModelName);
    }

    [Fact]
    public async Task A_JSON_answer_has_the_digest_of_its_bytes()
    {
        ServeProcess server = await shared.ChatAsync();
        Reply reply = await server.Api.PostAsync(ApiClient.Completions, """{"prompt":"digest","max_tokens":3}""");
        string digest = Assert.Single(reply.Headers.TryGetValues("Content-Digest", out IEnumerable<string>? values) ? values : reply.ContentHeaders.GetValues("Content-Digest"));
        Assert.Equal($"sha-256=:{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(reply.Body)))}:", digest);
    }

    [Fact]
    public async Task The_environment_names_the_model_and_the_engines_semantics_and_nothing_of_the_machine()
    {
        ServeProcess server = await shared.ChatAsync();
        Reply now = await server.Api.GetAsync("/v1/environment");
        InferenceEnvironment environment = EnvironmentDocument.Read(Encoding.UTF8.GetBytes(now.Body));
        Assert.Equal(["engine.name", "engine.semantics", "forward.inject", "model.sha256"], environment.Facts.Keys);
        Assert.Equal((DeterminismClass.Deterministic, FactSource.Measured), (environment.Class, environment.Source));
        Assert.Equal(EnvironmentDocument.Write(environment), Encoding.UTF8.GetBytes((await server.Api.GetAsync($"/v1/environment/{environment.Id}")).Body));
        // What HyperBEAM's devices look for stands beside it.
        foreach (string name in (string[])["model-sha256", "model_sha256"]) Assert.Equal(environment.Facts["model.sha256"].Value, (string?)now.Json[name]);
        foreach (string name in (string[])["inference-profile", "inference_profile", "profile"]) Assert.Equal($"dis-env/1:{environment.Id}", (string?)now.Json[name]);
        string build = Sha256Value.Of(Encoding.UTF8.GetBytes($"engine.name embedded\nengine.semantics {environment.Facts["engine.semantics"].Value}\n")).ToString();
        foreach (string name in (string[])["runtime-build-hash", "runtime_build_hash"]) Assert.Equal(build, (string?)now.Json[name]);
        JsonObject health = (await server.Api.GetAsync("/health")).Json;
        Assert.Equal("deterministic", (string?)health["determinism"]!["class"]);
        Assert.Equal("ok", (string?)health["receipts"]!["status"]);
        OpenAIErrors.Read(await server.Api.GetAsync($"/v1/environment/{new string('0', 64)}"), HttpStatusCode.NotFound);
        OpenAIErrors.Read(await server.Api.GetAsync("/v1/environment/x"), HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task A_receipt_is_found_by_its_id_and_by_the_answers_with_what_opens_it_and_its_place_in_the_log()
    {
        ServeProcess server = await shared.ChatAsync();
        ReceivedAnswer answer = await ReceivedAnswer.AskAsync(server.Api, ApiClient.Chat, Streaming("""{"messages":[{"role":"user","content":"stored"}],"max_tokens":3}"""));
        Reply reply = await server.Api.GetAsync($"/v1/receipts/{answer.ReceiptId}");
        JsonObject stored = reply.Json;
        Receipt receipt = Receipt.FromJson(Encoding.UTF8.GetBytes(reply.Body));
        Assert.Equal(answer.Receipt.Envelope.Payload.ToArray(), receipt.Envelope.Payload.ToArray());
        Assert.Equal(answer.Receipt.Salt!.ToBase64(), receipt.Salt!.ToBase64());
        Assert.True((long)stored["index"]! > 0);
        Assert.StartsWith("c2sp.org/tlog-proof@v1\n", (string?)stored["proof"], StringComparison.Ordinal);
        Assert.Equal(answer.Statement.EnvironmentId.ToString(), (string?)stored["environment"]!["id"]);
        string id = (string)JsonNode.Parse(answer.Body.Split('\n').First(line => line.StartsWith("data: {", StringComparison.Ordinal))["data: ".Length..])!["id"]!;
        Assert.Equal(answer.ReceiptId, (string?)(await server.Api.GetAsync($"/v1/receipts/{id}")).Json["receipt_id"]);
        OpenAIErrors.Read(await server.Api.GetAsync($"/v1/receipts/{new string('0', 32)}"), HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task A_stream_can_go_without_the_line()
    {
        ServeProcess server = await shared.ChatAsync();
        ReceivedAnswer answer = await ReceivedAnswer.AskAsync(server.Api, ApiClient.Completions, """{"prompt":"no line","max_tokens":3,"stream":true}""", ("X-Receipt", "header"));
        Assert.Null(answer.Determinism);
        Assert.DoesNotContain(": dis-", answer.Body, StringComparison.Ordinal);
        Assert.Equal(answer.ReceiptId, (string?)(await server.Api.GetAsync($"/v1/receipts/{answer.ReceiptId}")).Json["receipt_id"]);
    }

    [Fact]
    public async Task A_chat_that_has_a_prompt_is_the_completion_that_was_meant()
    {
        ServeProcess server = await shared.ChatAsync();
        const string Request = """{"prompt":"Tell me","max_tokens":5,"seed":1}""";
        ReceivedAnswer chat = await ReceivedAnswer.AskAsync(server.Api, ApiClient.Chat, Request), completion = await ReceivedAnswer.AskAsync(server.Api, ApiClient.Completions, Request);
        ReceiptStatement statement = await chat.RequireValidAsync(server.Api);
        Assert.Equal(ApiClient.Completions, statement.RequestPath);
        Assert.Equal(completion.Output().Digest, chat.Output().Digest);
    }

    private static string Streaming(string request) => request[..^1] + ",\"stream\":true}";
}
