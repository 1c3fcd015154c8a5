using System.Text;
using System.Text.Json;
using DeterministicInference.Receipts;
using DeterministicInference.Receipts.Answers;
using DeterministicInference.Receipts.Canonical;
using DeterministicInference.Receipts.Json;
using DeterministicInference.Server.Engines;
using DeterministicInference.Server.Engines.Tgi;
using DeterministicInference.Server.Gateway.Answers;
using DeterministicInference.Server.OpenAI;
using DeterministicInference.Server.OpenAI.Requests.Types;
using Xunit;

namespace DeterministicInference.Server.Tests.Gateway.Answers;

/// <summary>Data that only this server requested is removed from an answer, and no other byte changes.</summary>
public sealed class AnswerRewriterTests
{
    [Theory]
    [InlineData(
        """{"prompt_token_ids":[1,2],"choices":[{"index":0,"text":"x","token_ids":[3]}]}""",
        """{"choices":[{"index":0,"text":"x"}]}"""
    )]
    [InlineData("""{"prompt_token_ids":[1], "id":"a" ,"choices":[]}""", """{"id":"a" ,"choices":[]}""")]
    [InlineData("""{"id":"a", "prompt_token_ids" : [1] }""", """{"id":"a" }""")]
    [InlineData("""{"choices":[{"token_ids":[3],"prompt_token_ids":[1]}]}""", """{"choices":[{}]}""")]
    [InlineData(
        """{"choices":[{"token_ids":[3],"prompt_token_ids":[1],"index":0},{"index":1,"token_ids":null}]}""",
        """{"choices":[{"index":0},{"index":1}]}"""
    )]
    [InlineData("""{"prompt_token_ids":[1]}""", "{}")]
    [InlineData(
        """{"a":1,"sglext":{"output_ids":[[1]],"input_ids":[1]},"choices":[{"index":0}]}""",
        """{"a":1,"choices":[{"index":0}]}"""
    )]
    [InlineData(
        """{"sglext":{"output_ids":[[1]],"cached_tokens_details":{"a":1}},"choices":[]}""",
        """{"sglext":{"cached_tokens_details":{"a":1}},"choices":[]}"""
    )]
    [InlineData(
        """{"choices":[{"index":0,"message":{"content":"x"},"prompt_token_ids":[1],"response_token_ids":[2]}]}""",
        """{"choices":[{"index":0,"message":{"content":"x"}}]}"""
    )]
    [InlineData("""{ "prompt_token_ids":[1] , "sglext":{"input_ids":[1]} }""", """{  }""")]
    [InlineData(
        """{"a":[{"sglext":1}],"sglext":{"input_ids":[1],"x":1,"output_ids":[[2],[3]] ,"y":2}}""",
        """{"a":[{"sglext":1}],"sglext":{"x":1 ,"y":2}}"""
    )]
    [InlineData(
        """{"text":"token_ids","logprobs":{"token_ids":[1]},"choices":[{"message":{"token_ids":[2]}}]}""",
        """{"text":"token_ids","logprobs":{"token_ids":[1]},"choices":[{"message":{"token_ids":[2]}}]}"""
    )]
    public void Token_ids_go_with_their_commas(string json, string expected)
    {
        Assert.Equal(expected, Edited(Rewriter(hidesTokenIds: true), json));
        Assert.Equal(json, Edited(Rewriter(), json));
    }

    [Theory]
    [InlineData("""{"choices":[],"sglext":{"output_ids":[[1]]}}""", true)]
    [InlineData("""{"choices":[],"sglext":{"output_ids":[[1]]},"usage":null}""", true)]
    [InlineData("""{"choices":[],"sglext":{"output_ids":[[1]]},"usage":{"prompt_tokens":1}}""", false)]
    [InlineData("""{"choices":[],"sglext":{"routed_experts":"x"}}""", false)]
    [InlineData("""{"choices":[]}""", false)]
    [InlineData("""{"choices":[{"index":0,"delta":{},"logprobs":null,"finish_reason":null,"token_ids":[7]}]}""", true)]
    [InlineData("""{"id":"x","model":"m","choices":[{"index":1,"delta":{"content":null},"token_ids":[7]}]}""", true)]
    [InlineData("""{"choices":[{"index":0,"delta":{},"finish_reason":null}]}""", false)]
    [InlineData("""{"choices":[{"index":0,"delta":{"role":"assistant"},"token_ids":[7]}]}""", false)]
    [InlineData("""{"choices":[{"index":0,"delta":{"content":""},"token_ids":[7]}]}""", false)]
    [InlineData("""{"choices":[{"index":0,"delta":{},"finish_reason":"stop","token_ids":[7]}]}""", false)]
    [InlineData("""{"choices":[{"index":0,"delta":{},"token_ids":[7]},{"index":1,"text":"a"}]}""", false)]
    [InlineData("""{"choices":[{"index":0,"delta":{},"token_ids":[7]}],"of_tomorrow":1}""", false)]
    [InlineData("""{"choices":[{"index":0,"delta":{},"token_ids":[7]}],"usage":{}}""", false)]
    public void An_event_of_which_nothing_is_left_is_none(string json, bool isEmpty)
    {
        var scan = Rewriter(hidesTokenIds: true);
        Edited(scan, json);
        Assert.Equal(isEmpty, scan.IsEmpty);
    }

    [Theory]
    [InlineData("eos_token", "stop")]
    [InlineData("stop_sequence", "stop")]
    [InlineData("length", "length")]
    [InlineData("tool_calls", "tool_calls")]
    public void An_engines_own_reason_for_the_end_is_the_APIs(string reason, string expected)
    {
        var scan = Rewriter();
        Assert.Equal(
            $$"""{"choices":[{"finish_reason":"{{expected}}","index":0}]}""",
            Edited(scan, $$"""{"choices":[{"finish_reason":"{{reason}}","index":0}]}""")
        );
        Assert.Equal(reason != expected, scan.ChangesOutput);
    }

    [Fact]
    public void An_empty_reason_is_none_yet()
    {
        var scan = Rewriter();
        Assert.Equal(
            """{"choices":[{"finish_reason":null,"index":0}]}""",
            Edited(scan, """{"choices":[{"finish_reason":"","index":0}]}""")
        );
        Assert.True(scan.ChangesOutput);
    }

    [Fact]
    public void The_role_of_a_choice_is_sent_once()
    {
        var scan = Rewriter();
        foreach (int choice in (int[])[0, 1])
        {
            // In whatever order the members come.
            string first = $$$"""{"choices":[{"delta":{"role":"assistant","content":"a"},"index":{{{choice}}}}]}""",
                next = $$$"""{"choices":[{"index":{{{choice}}},"delta":{"content":"b","role":"assistant"}}]}""";
            Assert.Equal(first, Edited(scan, first));
            Assert.Equal(next.Replace("\"assistant\"", "null", StringComparison.Ordinal), Edited(scan, next));
        }
        Assert.False(scan.ChangesOutput);
    }

    [Theory]
    [InlineData(false, "cmpl-")]
    [InlineData(true, "chatcmpl-")]
    public void An_answer_without_an_id_gets_one_for_all_of_its_events(bool isChat, string prefix)
    {
        var scan = Rewriter(route: isChat ? RequestRoute.Chat : RequestRoute.Completions);
        string one = Edited(scan, """{"id":"","choices":[]}"""),
            other = Edited(scan, """{"id":"","choices":[],"usage":null}""");
        Assert.Matches($"^{prefix}[0-9a-f]{{24}}$", scan.AnswerId);
        Assert.Equal($$"""{"id":"{{scan.AnswerId}}","choices":[]}""", one);
        Assert.StartsWith(one[..^1], other, StringComparison.Ordinal);
        Assert.Equal("""{"id":7,"choices":[]}""", Edited(Rewriter(), """{"id":7,"choices":[]}"""));
    }

    [Theory]
    [InlineData("abort")]
    [InlineData("error")]
    public void An_answer_that_the_engine_gave_up_is_a_failure(string reason)
    {
        var e = Assert.Throws<OpenAIException>(() =>
            Edited(Rewriter(), $$"""{"choices":[{"index":0,"finish_reason":"{{reason}}"}]}""")
        );
        Assert.Equal((502, "The engine failed: it aborted the answer."), (e.Status, e.Message));
    }

    [Fact]
    public void What_identifies_an_answer_follows_from_the_request_if_that_is_wanted()
    {
        const string Json =
            """{"id":"r-1","created":17,"choices":[{"message":{"tool_calls":[{"id":"a","type":"function"},"""
            + """{"index":1,"id":"b"}]},"index":1}],"timings":{"ms":1},"model":"m"}""";
        string one = Edited(
            Rewriter(ids: new StableIds(Sha256Value.Of("x"u8), RequestPins.None, RequestRoute.Chat)),
            Json
        );
        string again = Edited(
            Rewriter(ids: new StableIds(Sha256Value.Of("x"u8), RequestPins.None, RequestRoute.Chat)),
            Json.Replace("r-1", "r-2", StringComparison.Ordinal).Replace("17", "18", StringComparison.Ordinal)
        );
        string other = Edited(
            Rewriter(ids: new StableIds(Sha256Value.Of("y"u8), RequestPins.None, RequestRoute.Chat)),
            Json
        );
        Assert.Equal(one, again);
        Assert.NotEqual(one, other);
        using JsonDocument document = JsonDocument.Parse(one);
        Assert.StartsWith("chatcmpl-", document.RootElement.GetProperty("id").GetString(), StringComparison.Ordinal);
        Assert.InRange(document.RootElement.GetProperty("created").GetInt64(), 0, int.MaxValue);
        string?[] calls =
        [
            .. document
                .RootElement.GetProperty("choices")[0]
                .GetProperty("message")
                .GetProperty("tool_calls")
                .EnumerateArray()
                .Select(call => call.GetProperty("id").GetString()),
        ];
        Assert.Equal(2, calls.Distinct().Count());
        Assert.All(calls, call => Assert.Matches("^call_[0-9a-f]{24}$", call));
        Assert.False(document.RootElement.TryGetProperty("timings", out _));
    }

    [Fact]
    public void What_this_server_says_itself_is_not_taken_from_the_engine() =>
        Assert.Equal(
            """{"choices":[]}""",
            Edited(Rewriter(), """{"determinism":{"receipt_id":"inner"},"choices":[],"environment":"inner"}""")
        );

    [Theory]
    [InlineData("""{"environment":1,"environment":2}""", "environment")]
    [InlineData("""{"determinism":1,"determ\u0069nism":2}""", "determinism")]
    public void A_member_that_this_server_writes_must_not_appear_twice(string json, string name)
    {
        var e = Assert.Throws<OpenAIException>(() => Edited(Rewriter(), json));
        Assert.Equal($"The engine failed: its answer has the member '{name}' twice.", e.Message);
    }

    [Fact]
    public void What_only_one_engine_says_is_left_where_another_one_answers()
    {
        const string Json =
            """{"id":"","choices":[{"index":0,"delta":{"role":"assistant"},"finish_reason":"eos_token"}]}""";
        var other = new AnswerRewriter(AnswerRules.None, RequestRoute.Chat, hidesTokenIds: false);
        // A reason that the API does not have is none of the others' either.
        string stopped = Json.Replace("eos_token", "stop", StringComparison.Ordinal);
        Assert.Equal([stopped, stopped], (string[])[Edited(other, Json), Edited(other, Json)]);
        foreach (string name in (string[])["tgi", "external"])
        {
            EngineRegistry engines = EngineRegistry.BuiltIn;
            var scan = new AnswerRewriter(
                engines.AnswersOf(engines.Find(name)!),
                RequestRoute.Chat,
                hidesTokenIds: false
            );
            Edited(scan, Json);
            Assert.Equal(
                $$$"""{"id":"{{{scan.AnswerId}}}","choices":[{"index":0,"delta":{"role":null},"finish_reason":"stop"}]}""",
                Edited(scan, Json)
            );
        }
    }

    [Theory]
    [InlineData("-Infinity", "-9999.0")]
    [InlineData("Infinity", "null")]
    [InlineData("NaN", "null")]
    public void A_log_probability_that_is_not_JSON_becomes_one_that_is(string sent, string expected)
    {
        string Json(string number) =>
            $$$"""{"choices":[{"index":0,"token_ids":[1],"logprobs":{"content":[{"token":"a","logprob":"""
            + $$$"""{{{number}}},"top_logprobs":[{"token":"-Infinity","logprob":-0.5},"""
            + $$$"""{"token":"c","logprob":{{{number}}}}]}]},"finish_reason":"eos_token"}]}""";
        var scan = Rewriter(hidesTokenIds: true);
        Assert.Equal(
            Json(expected)
                .Replace("\"token_ids\":[1],", "", StringComparison.Ordinal)
                .Replace("eos_token", "stop", StringComparison.Ordinal),
            Edited(scan, Json(sent))
        );
    }

    private static AnswerRewriter Rewriter(
        bool hidesTokenIds = false,
        StableIds? ids = null,
        RequestRoute route = RequestRoute.Chat
    ) => new(TgiAnswers.Rules, route, hidesTokenIds, ids);

    private static string Edited(AnswerRewriter scan, string json)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(json);
        // Its message is in the way of a JSON answer.
        var delivery = json.Contains("\"message\"", StringComparison.Ordinal)
            ? AnswerDelivery.Json
            : AnswerDelivery.Sse;
        scan.Read(new AnswerReader(delivery).Read(bytes));
        return Encoding.UTF8.GetString(JsonSplice.Apply(bytes, scan.Edits));
    }
}
