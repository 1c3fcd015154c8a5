using System.Text;
using System.Text.Json.Nodes;
using DeterministicInference.Receipts.Answers;
using DeterministicInference.Receipts.Canonical;
using DeterministicInference.Receipts.Json;
using DeterministicInference.Receipts.Statements;
using DeterministicInference.Server.Engines;
using DeterministicInference.Server.Gateway.Answers;
using DeterministicInference.Server.OpenAI.Requests.Types;
using DeterministicInference.Server.Tests.Receipts.Issuing;
using Xunit;

namespace DeterministicInference.Server.Tests.Gateway.Answers;

/// <summary>Shapes that no client library reads become the API's, and receipts bind what the client gets.</summary>
public sealed class RepairedAnswerTests
{
    [Fact]
    public void Tool_calls_without_an_index_are_numbered()
    {
        JsonNode[] events = Read(
            AnswerDelivery.Sse,
            Calls("""{"id":"a","type":"function","function":{"name":"f","arguments":""}}"""),
            Calls("""{"function":{"arguments":"{}"}}"""),
            Calls("""{"id":"a","function":{"arguments":" "}},{"id":"b","function":{"name":"g","arguments":"{"}}"""),
            Calls("""{"id":"b","function":{"arguments":"}"}}"""),
            Calls("""{"function":{"name":"h","arguments":"1"}}"""),
            Calls("{}")
        );
        Assert.Equal(
            [0, 0, 0, 1, 1, 2, 2],
            events
                .SelectMany(one => one["choices"]![0]!["delta"]!["tool_calls"]!.AsArray())
                .Select(call => (int)call!["index"]!)
        );
    }

    /// <summary>Null is no index to clients, no less than an index that is not there.</summary>
    [Fact]
    public void An_index_that_is_null_is_a_number_too()
    {
        JsonNode[] events = Read(
            AnswerDelivery.Sse,
            Calls("""{"index":null,"id":"a","type":"function","function":{"name":"f","arguments":""}}"""),
            Calls("""{"id":null,"function":{"arguments":"{}"},"index" : null }"""),
            Calls("""{"index":null,"id":"b","function":{"name":"g","arguments":null}}"""),
            Calls("""{"function":null,"index":null}"""),
            Calls("""{"index":null}"""),
            Calls("""{"function":{"name":null,"arguments":"{}"}}""")
        );
        Assert.Equal(
            [0, 0, 1, 1, 1, 1],
            events.Select(one => (int)one["choices"]![0]!["delta"]!["tool_calls"]![0]!["index"]!)
        );
    }

    [Fact]
    public void An_index_in_quotes_is_its_number()
    {
        JsonNode[] events = Read(
            AnswerDelivery.Sse,
            Calls("""{"index":"1","id":"b","function":{"name":"g"}}"""),
            Calls("""{"index":"0","id":"a","function":{"name":"f"}},{"id":"b","index":1}""")
        );
        Assert.Equal(
            [1, 0, 1],
            events
                .SelectMany(one => one["choices"]![0]!["delta"]!["tool_calls"]!.AsArray())
                .Select(call => (int)call!["index"]!)
        );
    }

    /// <summary>What no reader takes for a number has no canonical form, nor have numbers of which some lack.</summary>
    [Theory]
    [InlineData("""{"index":"x","id":"a"}""")]
    [InlineData("""{"index":"-1","id":"a"}""")]
    [InlineData("""{"index":0.5,"id":"a"}""")]
    [InlineData("""{"index":"","id":"a"}""")]
    [InlineData("""{"index":0,"id":"a"},{"index":null,"id":"b"}""")]
    [InlineData("""{"id":1,"index":null}""")]
    public void What_names_no_call_is_an_error(string calls) =>
        Assert.Throws<CanonicalFormException>(() => Read(AnswerDelivery.Sse, Calls(calls)));

    [Theory]
    [InlineData("null")]
    [InlineData("\"0\"")]
    public async Task A_receipt_binds_the_number_that_an_index_becomes(string index)
    {
        string first = Calls("""{"index":#,"id":"a","type":"function","function":{"name":"f","arguments":""}}"""),
            second = Calls("""{"index":#,"id":null,"function":{"arguments":"{}"}}""");
        string body =
            $"data: {first}\n\ndata: {second}\n\n".Replace("#", index, StringComparison.Ordinal)
            + "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"tool_calls\"}]}\n\n"
            + "data: [DONE]\n\n";
        await using RawEngine engine = RawEngine.Start(exchange => exchange.AnswerAsync("text/event-stream", body));
        await using RunningGateway gateway = await RunningGateway.StartWithReceiptsAsync(engine.Url);
        ReceivedAnswer answer = await ReceivedAnswer.AskAsync(
            gateway.Api,
            ApiClient.Chat,
            """{"messages":[{"role":"user","content":"x"}],"stream":true}"""
        );
        Assert.True((await answer.RequireValidAsync(gateway.Api)).Complete);
        Assert.Equal(2, answer.Body.Split("\"tool_calls\":[{\"index\":0,").Length - 1);
    }

    [Fact]
    public void Each_choice_has_its_own_numbers()
    {
        JsonNode piece = Read(
            AnswerDelivery.Sse,
            """
            {"choices":[{"index":0,"delta":{"tool_calls":[{"id":"a","function":{"name":"f"}},
            {"id":"b","function":{"name":"g"}}]}},
            {"index":1,"delta":{"tool_calls":[{"id":"c","function":{"name":"h"}}]}}]}
            """
        )[0];
        Assert.Equal(1, (int)piece["choices"]![0]!["delta"]!["tool_calls"]![1]!["index"]!);
        Assert.Equal(0, (int)piece["choices"]![1]!["delta"]!["tool_calls"]![0]!["index"]!);
    }

    [Theory]
    [InlineData("""{"a": [1, "x"]}""")]
    [InlineData("""[]""")]
    [InlineData("""{"q":"\"é"}""")]
    public void Arguments_that_are_a_structure_become_its_text(string arguments)
    {
        JsonNode call = Read(
            AnswerDelivery.Json,
            $$$"""
            {"choices":[{"message":{"tool_calls":[{"id":"a","type":"function",
            "function":{"name":"f","arguments":{{{arguments}}}}}],
            "function_call":{"name":"f","arguments":{{{arguments}}}}},"finish_reason":"tool_calls"}]}
            """
        )[0]["choices"]![0]!["message"]!;
        Assert.Equal(arguments, (string?)call["tool_calls"]![0]!["function"]!["arguments"]);
        Assert.Equal(arguments, (string?)call["function_call"]!["arguments"]);
    }

    /// <summary>A recording is what the client got: nothing is read into it.</summary>
    [Fact]
    public void A_recorded_answer_is_not_repaired()
    {
        const string json = """{"choices":[{"message":{"tool_calls":[{"function":{"name":"f","arguments":{}}}]}}]}""";
        Assert.Throws<CanonicalFormException>(() =>
            new AnswerReader(AnswerDelivery.Json).Read(Encoding.UTF8.GetBytes(json)).RequireCanonical()
        );
    }

    [Theory]
    [InlineData("repetition", "stop")]
    [InlineData("eos", "stop")]
    [InlineData("stop", "stop")]
    [InlineData("length", "length")]
    [InlineData("tool_calls", "tool_calls")]
    [InlineData("function_call", "function_call")]
    [InlineData("content_filter", "content_filter")]
    [InlineData("", "")]
    public void A_finish_reason_is_one_of_the_APIs(string given, string expected)
    {
        JsonNode answer = Read(
            AnswerDelivery.Json,
            $$"""{"choices":[{"index":0,"text":"x","finish_reason":"{{given}}"}]}"""
        )[0];
        Assert.Equal(expected, (string?)answer["choices"]![0]!["finish_reason"]);
    }

    [Fact]
    public void A_stream_has_one_id()
    {
        JsonNode[] events = Read(
            AnswerDelivery.Sse,
            """{"id":"a","choices":[{"index":0,"text":"x"}]}""",
            """{"id":"b","choices":[{"index":1,"text":"y"}]}""",
            """{"id":null,"choices":[]}""",
            """{"id":"a","choices":[]}"""
        );
        Assert.Equal(["a", "a", "a", "a"], events.Select(one => (string?)one["id"]));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_receipt_binds_what_the_client_gets(bool isStream)
    {
        const string call = """{"id":"a","type":"function","function":{"name":"f","arguments":{"x":1}}}""";
        string body = isStream
            ? $"data: {Calls(call)}\n\n"
                + "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"repetition\"}]}\n\n"
                + "data: [DONE]\n\n"
            : $$$"""
                {"choices":[{"index":0,"message":{"role":"assistant","tool_calls":[{{{call}}}]},
                "finish_reason":"repetition"}]}
                """;
        await using RawEngine engine = RawEngine.Start(exchange =>
            exchange.AnswerAsync(isStream ? "text/event-stream" : "application/json", body)
        );
        await using RunningGateway gateway = await RunningGateway.StartWithReceiptsAsync(engine.Url);
        ReceivedAnswer answer = await ReceivedAnswer.AskAsync(
            gateway.Api,
            ApiClient.Chat,
            $$"""{"messages":[{"role":"user","content":"x"}],"stream":{{(isStream ? "true" : "false")}}}"""
        );
        ReceiptStatement statement = await answer.RequireValidAsync(gateway.Api);
        Assert.True(statement.Complete);
        Assert.Contains(
            """{"x":1}""".Replace("\"", "\\\"", StringComparison.Ordinal),
            answer.Body,
            StringComparison.Ordinal
        );
        Assert.Contains("\"finish_reason\":\"stop\"", answer.Body, StringComparison.Ordinal);
        Assert.Equal(isStream, answer.Body.Contains("{\"index\":0,\"id\":\"a\"", StringComparison.Ordinal));
    }

    /// <summary>Ids that only the gateway asked for are bound, also of an answer that is changed.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Token_ids_of_a_changed_answer_are_bound(bool isStream)
    {
        const string ids = """
            {"index":0,"text":"x","prompt_token_ids":[1],"token_ids":[2,3],"finish_reason":"repetition"}
            """;
        string body = $$"""{"id":"a","choices":[{{ids.Trim()}}]}""";
        await using RawEngine engine = RawEngine.Start(exchange =>
            isStream
                ? exchange.AnswerAsync("text/event-stream", $"data: {body}\n\ndata: [DONE]\n\n")
                : exchange.AnswerAsync("application/json", body)
        );
        await using RunningGateway gateway = await RunningGateway.StartWithReceiptsAsync(engine.Url, "vllm");
        ReceivedAnswer answer = await ReceivedAnswer.AskAsync(
            gateway.Api,
            ApiClient.Completions,
            $$"""{"prompt":"x","stream":{{(isStream ? "true" : "false")}}}"""
        );
        ReceiptStatement statement = await answer.RequireValidAsync(gateway.Api);
        Assert.Equal([2], statement.Tokens!.Counts);
        Assert.DoesNotContain("token_ids", answer.Body, StringComparison.Ordinal);
    }

    private static string Calls(string calls) =>
        "{\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[" + calls + "]}}]}";

    /// <summary>The pieces as the client gets them, each of which has a canonical form.</summary>
    private static JsonNode[] Read(AnswerDelivery delivery, params string[] pieces)
    {
        var rewriter = new AnswerRewriter(AnswerRules.None, RequestRoute.Chat, hidesTokenIds: false);
        AnswerReader reader = new(delivery, logprobs: true, repairs: true),
            client = new(delivery, logprobs: true);
        var read = new List<JsonNode>();
        foreach (string piece in pieces)
        {
            byte[] json = Encoding.UTF8.GetBytes(piece);
            AnswerReading answer = reader.Read(json);
            answer.RequireCanonical();
            rewriter.Read(answer);
            byte[] sent = JsonSplice.Apply(json, rewriter.Edits);
            client.Read(sent).RequireCanonical();
            read.Add(JsonNode.Parse(sent)!);
        }
        return [.. read];
    }
}
