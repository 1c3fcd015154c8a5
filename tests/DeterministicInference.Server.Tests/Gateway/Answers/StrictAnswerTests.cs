using System.Net;
using System.Text.Json.Nodes;
using DeterministicInference.Server.Tests.Receipts.Issuing;
using Xunit;

namespace DeterministicInference.Server.Tests.Gateway.Answers;

/// <summary>
/// With receipts, an ambiguous or incomplete answer never reaches a client as a complete one. A plain proxy relays any
/// JSON object.
/// </summary>
public sealed class StrictAnswerTests
{
    private const string First = "data: {\"choices\":[{\"index\":0,\"text\":\"first\",\"finish_reason\":null}]}\n\n";

    private const string FirstWithoutIndex = "data: {\"choices\":[{\"text\":\"first\",\"finish_reason\":null}]}\n\n";

    private const string Ambiguous = "is ambiguous: ";

    /// <summary>All events of a stream have indexes, or none has.</summary>
    private static string Before(string data) =>
        data.Contains("\"index\"", StringComparison.Ordinal) ? First : FirstWithoutIndex;

    /// <summary>Content of an event or a JSON answer, and its error.</summary>
    public static TheoryData<string, string> Formless { get; } =
        new()
        {
            {
                """{"choices":[{"text":"a","finish_reason":"stop"}],"choices":[]}""",
                "A second member of the same name at 'choices' (byte 49)."
            },
            {
                """{"choices":[{"text":"a","te\u0078t":"b","finish_reason":"stop"}]}""",
                "A second member of the same name at 'choices[0].text' (byte 24)."
            },
            {
                """{"choices":[{"text":"a","finish_reason":1}]}""",
                "A finish reason must be a string or null, but another value is at 'choices[0].finish_reason' "
                    + "(byte 40)."
            },
            {
                """{"choices":[{"index":"0","text":"a","finish_reason":"stop"}]}""",
                "An index must be an integer from 0, but another value is at 'choices[0].index' (byte 21)."
            },
            {
                """{"choices":[{"index":-1,"text":"a","finish_reason":"stop"}]}""",
                "An index must be an integer from 0, but another value is at 'choices[0].index' (byte 21)."
            },
            {
                """{"choices":{"0":{"text":"a","finish_reason":"stop"}}}""",
                "An array is expected, but another value is at 'choices' (byte 11)."
            },
            { """{"choices":[null]}""", "An object is expected, but another value is at 'choices[0]' (byte 12)." },
            {
                """{"choices":[{"text":"a","Text":"b","finish_reason":"stop"}]}""",
                "A name that differs from one that is read only in case at 'choices[0].Text' (byte 24)."
            },
            {
                """{"choices":[{"text":"a","finish_reason":"stop"}],"choice\u017f":[{"text":"b"}]}""",
                "A name that differs from one that is read only in case at 'choiceſ' (byte 49)."
            },
            {
                """{"choices":[{"text":"a","__proto__":{"text":"b"},"finish_reason":"stop"}]}""",
                "A name that is an object's prototype to some readers at 'choices[0].__proto__' (byte 24)."
            },
            {
                """{"choices":[{"text":["a"],"finish_reason":"stop"}]}""",
                "Text is expected, but another value is at 'choices[0].text' (byte 20)."
            },
            {
                """{"choices":[{"text":"a","finish_reason":"stop"}],"usage":{"completion_tokens":"1"}}""",
                "A count of tokens must be a whole number from 0, but another value is at "
                    + "'usage.completion_tokens' (byte 78)."
            },
            {
                """{"choices":[{"token_ids":[1],"token_ids":[2],"text":"a","finish_reason":"stop"}]}""",
                "A second member of the same name at 'choices[0].token_ids' (byte 29)."
            },
            {
                """{"choices":[{"text":"a","finish_reason":"stop"}],"usage":{"completion_tokens":1,"""
                    + "\"completion_tokens\":2}}",
                "A second member of the same name at 'usage.completion_tokens' (byte 80)."
            },
        };

    [Theory]
    [MemberData(nameof(Formless))]
    public async Task A_stream_that_can_be_read_in_two_ways_breaks(string data, string reason)
    {
        await RequireBrokenAsync(
            $"{Before(data)}data: {data}\n\n",
            $"its stream has an event that {Ambiguous}{reason}"
        );
        Assert.True(await IsRelayedAsync(data, isStream: true));
    }

    [Theory]
    [MemberData(nameof(Formless))]
    public async Task A_JSON_answer_that_can_be_read_in_two_ways_is_a_502(string answer, string reason)
    {
        await RequireRefusedAsync(answer, $"its answer {Ambiguous}{reason}");
        Assert.True(await IsRelayedAsync(answer, isStream: false));
    }

    [Theory]
    // Each choice is at its index: the second one has not ended.
    [InlineData(
        """{"choices":[{"text":"first","finish_reason":"stop"},{"text":"sec","finish_reason":null}]}""",
        "choice 1 has not come to its end."
    )]
    [InlineData(
        """{"choices":[{"index":0,"finish_reason":"stop"},{"index":2,"finish_reason":"stop"}]}""",
        "choice 1 is missing."
    )]
    [InlineData("""{"choices":[{"index":0,"text":"a","finish_reason":""}]}""", "choice 0 has not come to its end.")]
    [InlineData("""{"choices":[{"index":1,"text":"a","finish_reason":"stop"}]}""", "choice 0 has not come to its end.")]
    public async Task A_stream_whose_receipt_would_be_incomplete_breaks(string data, string missing) =>
        await RequireBrokenAsync(
            $"{Before(data)}data: {data}\n\n",
            $"its stream ended before the answer was complete: {missing}"
        );

    [Theory]
    [InlineData("""{"choices":[]}""", "there is no choice.")]
    [InlineData("{}", "there is no choice.")]
    [InlineData(
        """{"choices":[{"index":0,"text":"first","finish_reason":"stop"},"""
            + """{"index":1,"text":"sec","finish_reason":null}]}""",
        "choice 1 has not come to its end."
    )]
    [InlineData("""{"choices":[{"index":0,"text":"a"}]}""", "choice 0 has not come to its end.")]
    public async Task A_JSON_answer_whose_receipt_would_be_incomplete_is_a_502(string answer, string missing)
    {
        await RequireRefusedAsync(answer, $"its answer is not complete: {missing}");
        Assert.True(await IsRelayedAsync(answer, isStream: false));
    }

    [Fact]
    public async Task Two_texts_of_one_choice_in_an_answer_or_event_are_none()
    {
        const string Twice =
            """{"choices":[{"index":0,"text":"a","finish_reason":"stop"},"""
            + """{"index":0,"text":"b","finish_reason":"stop"}]}""";
        const string Reason = "An element whose index does not follow the one before at 'choices[1]' (byte 58).";
        await RequireRefusedAsync(Twice, $"its answer {Ambiguous}{Reason}");
        await RequireBrokenAsync($"{First}data: {Twice}\n\n", $"its stream has an event that {Ambiguous}{Reason}");
    }

    [Theory]
    [InlineData(
        """{"reasoning_content":"a","reasoning":"b"}""",
        "Reasoning that differs under its two names at 'choices[0].message.reasoning'"
    )]
    [InlineData(
        """{"tool_calls":[{"function":{"name":"f"},"custom":{"name":"g"}}]}""",
        "A tool call that is both a function and custom at 'choices[0].message.tool_calls[0]'"
    )]
    public async Task A_message_that_contradicts_itself_has_no_receipt(string message, string reason)
    {
        const string Head = "{\"choices\":[{\"message\":";
        int at =
            Head.Length + message.IndexOf(reason.StartsWith('R') ? "\"reasoning\"" : "{\"f", StringComparison.Ordinal);
        await RequireRefusedAsync(
            $"{Head}{message},\"finish_reason\":\"stop\"}}]}}",
            $"its answer {Ambiguous}{reason} (byte {at})."
        );
        await RequireBrokenAsync(
            $"{First}data: {Head.Replace("message", "delta", StringComparison.Ordinal)}{message}}}]}}\n\n",
            $"its stream has an event that {Ambiguous}"
                + $"{reason.Replace("message", "delta", StringComparison.Ordinal)} (byte {at - 2})."
        );
    }

    [Theory]
    [InlineData(
        """{"index":0,"function":{"name":"g"}}""",
        "A second name of the same call at 'choices[0].delta.tool_calls[0].function.name' (byte 59)."
    )]
    [InlineData(
        """{"index":0,"id":"d"}""",
        "Another id of the same tool call at 'choices[0].delta.tool_calls[0].id' (byte 47)."
    )]
    [InlineData(
        """{"index":0,"custom":{"input":"x"}}""",
        "A tool call that is a function in one event and custom in another at 'choices[0].delta.tool_calls[0]' (byte 36)."
    )]
    public async Task A_tool_call_that_a_later_event_contradicts_breaks_the_stream(string later, string reason)
    {
        static string Event(string tool) => "data: {\"choices\":[{\"delta\":{\"tool_calls\":[" + tool + "]}}]}\n\n";
        await RequireBrokenAsync(
            FirstWithoutIndex + Event("""{"index":0,"id":"c","function":{"name":"f"}}""") + Event(later),
            $"its stream has an event that {Ambiguous}{reason}"
        );
    }

    [Fact]
    public async Task An_event_that_is_rewritten_does_not_contradict_itself()
    {
        // TGI's own finish reason is replaced, so that the event is read a second time.
        const string Tool = """{"index":0,"id":"0","function":{"name":"f","arguments":"{}"}}""";
        await using RawEngine engine = Engine(
            $$$"""data: {"choices":[{"index":0,"delta":{"tool_calls":[{{{Tool}}}]},"finish_reason":"eos_token"}]}"""
                + $"\n\n{ScriptedAnswers.Done}"
        );
        await using RunningGateway gateway = await RunningGateway.StartWithReceiptsAsync(engine.Url);
        ReceivedAnswer answer = await ReceivedAnswer.AskAsync(
            gateway.Api,
            ApiClient.Chat,
            """{"messages":[{"role":"user","content":"x"}],"stream":true}"""
        );
        Assert.Contains("\"finish_reason\":\"stop\"", answer.Body, StringComparison.Ordinal);
        Assert.True((await answer.RequireValidAsync(gateway.Api)).Complete);
    }

    [Fact]
    public async Task An_answer_that_is_itself_an_error_is_one_with_and_without_receipts()
    {
        // The shape of older vLLM and SGLang; the number becomes the status.
        const string Flat =
            """{"object":"error","message":"too long","type":"BadRequestError","param":null,"code":400,"choices":[]}""";
        await using RawEngine engine = RawEngine.Start(exchange =>
            exchange.AnswerAsync(
                exchange.IsStream ? "text/event-stream" : "application/json",
                exchange.IsStream ? $"{First}data: {Flat}\n\n{ScriptedAnswers.Done}" : Flat
            )
        );
        await using RunningGateway plain = await RunningGateway.StartAsync(engine.Url);
        await using RunningGateway gateway = await RunningGateway.StartWithReceiptsAsync(engine.Url);
        foreach (RunningGateway one in (RunningGateway[])[plain, gateway])
        {
            Reply reply = await one.Api.PostAsync(ApiClient.Completions, """{"prompt":"x"}""");
            RequireTooLong(OpenAIErrors.Read(reply, HttpStatusCode.BadRequest, "invalid_request_error"));
            (string _, string body) = await ScriptedAnswers.StreamAsync(one, "x");
            RequireTooLong(ScriptedAnswers.RequireBroken(body));
            Assert.DoesNotContain(": dis-receipt", body, StringComparison.Ordinal);
        }

        static void RequireTooLong(JsonNode error) =>
            Assert.Equal(
                ("too long", "invalid_request_error", null),
                ((string?)error["message"], (string?)error["type"], (string?)error["code"])
            );
    }

    [Fact]
    public async Task An_answer_that_is_too_deep_is_broken_off_with_and_without_receipts()
    {
        string deep = $$"""{"x":{{new string('[', 128)}}{{new string(']', 128)}}}""";
        string reason = "is ambiguous: More than 128 levels of nesting at 'x";
        await using RawEngine engine = Engine(deep);
        await using RunningGateway plain = await RunningGateway.StartAsync(engine.Url);
        await using RunningGateway gateway = await RunningGateway.StartWithReceiptsAsync(engine.Url);
        foreach (RunningGateway one in (RunningGateway[])[plain, gateway])
        {
            JsonNode error = OpenAIErrors.Read(
                await one.Api.PostAsync(ApiClient.Completions, """{"prompt":"x"}"""),
                HttpStatusCode.BadGateway,
                "server_error"
            );
            Assert.Contains(reason, (string?)error["message"], StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Log_probabilities_that_can_not_be_bound_break_an_answer_whether_or_not_they_were_asked_for()
    {
        const string Answer =
            """{"choices":[{"index":0,"text":"a","logprobs":{"tokens":["a"],"token_logprobs":[]},"""
            + "\"finish_reason\":\"stop\"}]}";
        await using RawEngine engine = Engine(Answer);
        await using RunningGateway gateway = await RunningGateway.StartWithReceiptsAsync(engine.Url);
        foreach (string body in (string[])["""{"prompt":"x"}""", """{"prompt":"x","logprobs":1}"""])
        {
            JsonNode error = OpenAIErrors.Read(
                await gateway.Api.PostAsync(ApiClient.Completions, body),
                HttpStatusCode.BadGateway,
                "server_error"
            );
            Assert.Equal(
                $"The engine failed: its answer {Ambiguous}Arrays of log-probabilities differ in length at "
                    + "'choices[0].logprobs.token_logprobs' (byte 61).",
                (string?)error["message"]
            );
        }
    }

    private static async Task RequireBrokenAsync(string events, string reason)
    {
        await using RawEngine engine = Engine(events + ScriptedAnswers.Done);
        await using RunningGateway gateway = await RunningGateway.StartWithReceiptsAsync(engine.Url);
        (string head, string body) = await ScriptedAnswers.StreamAsync(gateway, "x");
        JsonNode error = ScriptedAnswers.RequireBroken(body);
        Assert.Equal($"The engine failed: {reason}", (string?)error["message"]);
        Assert.Equal(("server_error", "backend_error"), ((string?)error["type"], (string?)error["code"]));
        Assert.Contains("\"text\":\"first\"", body, StringComparison.Ordinal);
        Assert.DoesNotContain(": dis-receipt", body, StringComparison.Ordinal);

        // The part that was sent has a receipt too, which says that it is incomplete.
        string id = head.Split("X-Receipt-Id: ")[1].Split("\r\n")[0];
        JsonObject receipt = (await gateway.Api.AnswersAsync($"/v1/receipts/{id}", HttpStatusCode.OK)).Json;
        Assert.Contains("\"complete\":false", (string)receipt["statement"]!, StringComparison.Ordinal);
        await gateway.DisposeAsync();
        Assert.Contains(
            gateway.Log.All,
            line =>
                line.StartsWith("Warning deterministic_inference.proxy The stream of req_", StringComparison.Ordinal)
                && line.EndsWith($" broke: The engine failed: {reason}", StringComparison.Ordinal)
        );
        Assert.Contains(
            gateway.Log.All,
            line =>
                line.StartsWith(
                    "Information deterministic_inference.server POST /v1/completions 502 ",
                    StringComparison.Ordinal
                )
        );
    }

    private static async Task RequireRefusedAsync(string answer, string reason)
    {
        await using RawEngine engine = Engine(answer);
        await using RunningGateway gateway = await RunningGateway.StartWithReceiptsAsync(engine.Url);
        Reply reply = await gateway.Api.PostAsync(ApiClient.Completions, """{"prompt":"x"}""");
        JsonNode error = OpenAIErrors.Read(reply, HttpStatusCode.BadGateway, "server_error");
        Assert.Equal($"The engine failed: {reason}", (string?)error["message"]);
        Assert.Equal("backend_error", (string?)error["code"]);
        Assert.DoesNotContain("determinism", reply.Body, StringComparison.Ordinal);
    }

    /// <summary>Whether a plain proxy relays it.</summary>
    private static async Task<bool> IsRelayedAsync(string json, bool isStream)
    {
        string last = "data: {\"choices\":[{\"index\":0,\"text\":\"\",\"finish_reason\":\"stop\"}]}\n\n";
        await using RawEngine engine = Engine(isStream ? $"data: {json}\n\n{last}{ScriptedAnswers.Done}" : json);
        await using RunningGateway gateway = await RunningGateway.StartAsync(engine.Url);
        Reply reply = await gateway.Api.PostAsync(
            ApiClient.Completions,
            isStream ? """{"prompt":"x","stream":true}""" : """{"prompt":"x"}"""
        );
        return reply.Status == HttpStatusCode.OK
            && reply.Body.StartsWith(isStream ? $"data: {json}\n\n" : json[..^1], StringComparison.Ordinal);
    }

    private static RawEngine Engine(string body) =>
        RawEngine.Start(exchange =>
            exchange.AnswerAsync(exchange.IsStream ? "text/event-stream" : "application/json", body)
        );
}
