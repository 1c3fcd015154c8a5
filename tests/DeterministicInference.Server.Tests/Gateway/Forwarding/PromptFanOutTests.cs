using System.Net;
using System.Text.Json.Nodes;
using DeterministicInference.Server.Configuration;
using Xunit;

namespace DeterministicInference.Server.Tests.Gateway.Forwarding;

/// <summary>
/// Prompts that are requests of their own to the engine, and one answer to the client. Shapes of answers are those of
/// llama-server b11434.
/// </summary>
public sealed class PromptFanOutTests
{
    private const string Usage =
            "\"usage\":{\"completion_tokens\":2,\"prompt_tokens\":3,\"total_tokens\":5,"
            + "\"prompt_tokens_details\":{\"cached_tokens\":1}}",
        Timings = "\"timings\":{\"predicted_n\":2}",
        Three = """{"prompt":["a",[7,8],"c"],"max_tokens":2,"seed":5""";

    private static int _ids;

    [Fact]
    public async Task A_JSON_answer_has_all_choices_numbered_through_and_the_sum_of_usage()
    {
        await using RawEngine engine = RawEngine.Start(AnswerAsync);
        await using RunningGateway gateway = await RunningGateway.StartWithReceiptsAsync(engine.Url, "llamacpp");
        JsonObject answer = await gateway.Api.JsonAsync(ApiClient.Completions, Three + "}");
        JsonArray choices = answer["choices"]!.AsArray();
        Assert.Equal([0, 1, 2], choices.Select(choice => (int)choice!["index"]!));
        Assert.Equal(["\"a\" 5", "[7,8] 5", "\"c\" 5"], choices.Select(choice => (string)choice!["text"]!));
        Assert.Equal(
            """{"completion_tokens":6,"prompt_tokens":9,"total_tokens":15,"prompt_tokens_details":{"cached_tokens":3}}""",
            answer["usage"]!.ToJsonString()
        );
        Assert.False(answer.ContainsKey("timings"));
        Assert.NotNull(answer["determinism"]!["proof"]);
        Assert.Equal(3, engine.Exchanges.Count);
        Assert.Equal(1, engine.Connections);
        Assert.Equal(3, engine.Exchanges.Select(exchange => HeaderOf(exchange, "x-request-id")).Distinct().Count());
    }

    [Fact]
    public async Task A_stream_has_one_id_one_usage_and_one_end()
    {
        await using RawEngine engine = RawEngine.Start(AnswerAsync);
        await using RunningGateway gateway = await RunningGateway.StartWithReceiptsAsync(engine.Url, "llamacpp");
        IReadOnlyList<JsonObject> chunks = await gateway.Api.StreamAsync(
            ApiClient.Completions,
            Three + ",\"stream\":true,\"stream_options\":{\"include_usage\":true}}"
        );
        Assert.Equal(["\"a\" 5", "[7,8] 5", "\"c\" 5"], ChoiceText.Of(chunks).Select(choice => choice.Text));
        JsonObject last = Assert.Single(chunks, chunk => chunk["usage"] is not null);
        Assert.Same(chunks[^1], last);
        Assert.Empty(last["choices"]!.AsArray());
        Assert.Equal((6, 9), ((int)last["usage"]!["completion_tokens"]!, (int)last["usage"]!["prompt_tokens"]!));
    }

    [Fact]
    public async Task Choices_of_a_prompt_stay_together()
    {
        await using RawEngine engine = RawEngine.Start(exchange =>
            exchange.AnswerAsync(
                "application/json",
                """
                {"choices":[{"text":"first","logprobs":{"token_logprobs":[-Infinity]},"finish_reason":"stop"},
                 {"index":1,"text":"second","finish_reason":"stop"}]}
                """
            )
        );
        await using RunningGateway gateway = await RunningGateway.StartAsync(
            engine.Url,
            RunningGateway.Options with
            {
                Seed = SeedSetting.Random,
            }
        );
        JsonObject answer = await gateway.Api.JsonAsync(ApiClient.Completions, """{"prompt":["a","b"],"n":2}""");
        JsonArray choices = answer["choices"]!.AsArray();
        Assert.Equal([0, 1, 2, 3], choices.Select(choice => (int)choice!["index"]!));
        long[] seeds = [.. engine.Exchanges.Select(SeedOf).Order()];
        Assert.Equal(seeds[0] + 2, seeds[1]);
        Assert.Equal("second", (string?)choices[3]!["text"]);
    }

    /// <summary>Eight wait for each other; a ninth comes only when one of them has ended.</summary>
    [Fact]
    public async Task Eight_prompts_are_with_the_engine_at_once()
    {
        var eight = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        int running = 0,
            most = 0;
        await using RawEngine engine = RawEngine.Start(async exchange =>
        {
            int now = Interlocked.Increment(ref running);
            InterlockedMax(ref most, now);
            if (now == 8)
                eight.TrySetResult();
            await eight.Task.Within();
            Interlocked.Decrement(ref running);
            await AnswerAsync(exchange);
        });
        await using RunningGateway gateway = await RunningGateway.StartAsync(
            engine.Url,
            RunningGateway.Options with
            {
                Seed = SeedSetting.Random,
            }
        );
        string prompts = string.Join(',', Enumerable.Range(0, 30).Select(i => $"\"p{i}\""));
        JsonObject answer = await gateway.Api.JsonAsync(ApiClient.Completions, $$"""{"prompt":[{{prompts}}]}""");
        Assert.Equal(8, most);
        JsonArray choices = answer["choices"]!.AsArray();
        long first = long.Parse(((string)choices[0]!["text"]!).Split(' ')[1], null);
        Assert.Equal(
            Enumerable.Range(0, 30).Select(i => $"\"p{i}\" {first + i}"),
            choices.Select(choice => (string)choice!["text"]!)
        );
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_error_of_a_prompt_is_the_answers(bool isStream)
    {
        // Before the stream has begun, the error is the whole answer.
        TaskCompletionSource begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
        if (!isStream)
            begun.SetResult();
        await using RawEngine engine = RawEngine.Start(async exchange =>
        {
            if (Text(exchange) != "\"c\" 5")
            {
                await AnswerAsync(exchange);
                return;
            }
            await begun.Task.Within();
            await exchange.AnswerAsync(
                "application/json",
                """{"error":{"message":"the prompt is odd","type":"invalid_request_error"}}""",
                "400 Bad Request"
            );
        });
        await using RunningGateway gateway = await RunningGateway.StartWithReceiptsAsync(engine.Url, "llamacpp");
        if (isStream)
        {
            (_, string body) = await ScriptedAnswers.StreamRequestAsync(
                gateway,
                Three + ",\"stream\":true}",
                begun.SetResult
            );
            Assert.Equal("the prompt is odd", (string?)ScriptedAnswers.RequireBroken(body)["message"]);
        }
        else
        {
            JsonNode error = OpenAIErrors.Read(
                await gateway.Api.PostAsync(ApiClient.Completions, Three + "}"),
                HttpStatusCode.BadRequest
            );
            Assert.Equal("the prompt is odd", (string?)error["message"]);
        }
        await gateway.Api.HealthAsync(health => (int)health["backend"]!["progress"]!["in_flight"]! == 0);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_engine_sees_that_the_client_left(bool isStream)
    {
        var closed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var arrived = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using RawEngine engine = RawEngine.Start(async exchange =>
        {
            if (Text(exchange) == "\"a\" 5")
            {
                await AnswerAsync(exchange);
                return;
            }
            arrived.SetResult();
            await exchange.ClosedAsync();
            closed.SetResult();
        });
        await using RunningGateway gateway = await RunningGateway.StartWithReceiptsAsync(engine.Url, "llamacpp");
        using (RawConnection client = await RawConnection.OpenAsync(gateway.Url))
        {
            await client.SendAsync(
                RawConnection.Post(ApiClient.Completions, Three + (isStream ? ",\"stream\":true}" : "}"))
            );
            await arrived.Task.Within();
        }
        await closed.Task.Within();
        await gateway.Api.HealthAsync(health => (int)health["backend"]!["progress"]!["in_flight"]! == 0);
        Assert.Equal(2, engine.Exchanges.Count);
    }

    [Theory]
    [InlineData("""{"choices":[]}""")]
    [InlineData("""{"choices":[{"index":0.5,"text":"x","finish_reason":"stop"}]}""")]
    [InlineData("""{"choices":[{"index":1,"text":"x","finish_reason":"stop"}]}""")]
    [InlineData("""{"choices":[{"index":0,"text":"x"}]}""")]
    [InlineData("""{"choices":[{"index":0,"text":"x","finish_reason":"stop"}]""")]
    [InlineData("""{"model":"other","choices":[{"index":0,"text":"x","finish_reason":"stop"}]}""")]
    public async Task An_answer_to_one_prompt_that_is_none_makes_none_of_the_whole(string odd)
    {
        await using RawEngine engine = RawEngine.Start(exchange =>
            Text(exchange) == "[7,8] 5" ? exchange.AnswerAsync("application/json", odd) : AnswerAsync(exchange)
        );
        await using RunningGateway gateway = await RunningGateway.StartWithReceiptsAsync(engine.Url, "llamacpp");
        OpenAIErrors.Read(
            await gateway.Api.PostAsync(ApiClient.Completions, Three + "}"),
            HttpStatusCode.BadGateway,
            "server_error"
        );
    }

    private static Task AnswerAsync(RawExchange exchange)
    {
        int number = Interlocked.Increment(ref _ids);
        string names = $"\"id\":\"cmpl-{number}\",\"created\":{number},\"model\":\"m\"",
            text = Text(exchange).Replace("\"", "\\\"", StringComparison.Ordinal);
        return exchange.IsStream
            ? exchange.AnswerAsync(
                "text/event-stream",
                $"data: {{{names},\"choices\":[{{\"text\":\"{text}\",\"index\":0,\"finish_reason\":null}}]}}\n\n"
                    + "data: null\n\n"
                    + $"data: {{{names},\"choices\":[{{\"text\":\"\",\"index\":0,\"finish_reason\":\"stop\"}}],{Timings}}}\n\n"
                    + $"data: {{{names},\"choices\":[],{Usage}}}\n\ndata: [DONE]\n\n"
            )
            : exchange.AnswerAsync(
                "application/json",
                $"{{{names},\"choices\":[{{\"text\":\"{text}\",\"index\":0,\"finish_reason\":\"stop\"}}],{Usage},{Timings}}}"
            );
    }

    /// <summary>What the stand-in answers: the prompt and the seed that it got.</summary>
    private static string Text(RawExchange exchange) =>
        $"{JsonNode.Parse(exchange.Body)!["prompt"]!.ToJsonString()} {SeedOf(exchange)}";

    private static long SeedOf(RawExchange exchange) => (long)JsonNode.Parse(exchange.Body)!["seed"]!;

    private static string HeaderOf(RawExchange exchange, string name) =>
        exchange.Head.Split("\r\n").Single(line => line.StartsWith(name, StringComparison.OrdinalIgnoreCase));

    private static void InterlockedMax(ref int most, int value)
    {
        for (int seen = most; value > seen; seen = Volatile.Read(ref most))
            Interlocked.CompareExchange(ref most, value, seen);
    }
}
