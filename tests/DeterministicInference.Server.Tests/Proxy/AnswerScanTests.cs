using System.Text;
using System.Text.Json;
using DeterministicInference.Receipts;
using DeterministicInference.Server.Determinism;
using DeterministicInference.Server.OpenAI;
using DeterministicInference.Server.Proxy;
using Xunit;

namespace DeterministicInference.Server.Tests.Proxy;

/// <summary>What only this server asked for is taken out of an answer, and nothing else changes by a byte.</summary>
public sealed class AnswerScanTests
{
    [Theory]
    [InlineData("""{"prompt_token_ids":[1,2],"choices":[{"index":0,"text":"x","token_ids":[3]}]}""", """{"choices":[{"index":0,"text":"x"}]}""")]
    [InlineData("""{"prompt_token_ids":[1], "id":"a" ,"choices":[]}""", """{"id":"a" ,"choices":[]}""")]
    [InlineData("""{"id":"a", "prompt_token_ids" : [1] }""", """{"id":"a" }""")]
    [InlineData("""{"choices":[{"token_ids":[3],"prompt_token_ids":[1]}]}""", """{"choices":[{}]}""")]
    [InlineData("""{"choices":[{"token_ids":[3],"prompt_token_ids":[1],"index":0},{"index":1,"token_ids":null}]}""", """{"choices":[{"index":0},{"index":1}]}""")]
    [InlineData("""{"prompt_token_ids":[1]}""", "{}")]
    [InlineData("""{"a":1,"sglext":{"output_ids":[[1]],"input_ids":[1]},"choices":[{"index":0}]}""", """{"a":1,"choices":[{"index":0}]}""")]
    [InlineData("""{"sglext":{"output_ids":[[1]],"cached_tokens_details":{"a":1}},"choices":[]}""", """{"sglext":{"cached_tokens_details":{"a":1}},"choices":[]}""")]
    [InlineData("""{"text":"token_ids","logprobs":{"token_ids":[1]},"choices":[{"message":{"token_ids":[2]}}]}""", """{"text":"token_ids","logprobs":{"token_ids":[1]},"choices":[{"message":{"token_ids":[2]}}]}""")]
    public void Token_ids_go_with_their_commas(string json, string expected)
    {
        Assert.Equal(expected, Edited(new AnswerScan(hidesTokenIds: true), json));
        Assert.Equal(json, Edited(new AnswerScan(hidesTokenIds: false), json));
    }

    [Theory]
    [InlineData("""{"choices":[],"sglext":{"output_ids":[[1]]}}""", true)]
    [InlineData("""{"choices":[],"sglext":{"output_ids":[[1]]},"usage":null}""", true)]
    [InlineData("""{"choices":[],"sglext":{"output_ids":[[1]]},"usage":{"prompt_tokens":1}}""", false)]
    [InlineData("""{"choices":[],"sglext":{"routed_experts":"x"}}""", false)]
    [InlineData("""{"choices":[]}""", false)]
    public void An_event_of_which_nothing_is_left_is_none(string json, bool isEmpty)
    {
        var scan = new AnswerScan(hidesTokenIds: true);
        Assert.Null(scan.Read(Encoding.UTF8.GetBytes(json)));
        Assert.Equal(isEmpty, scan.IsEmpty);
    }

    [Theory]
    [InlineData("eos_token", "stop")]
    [InlineData("stop_sequence", "stop")]
    [InlineData("length", "length")]
    [InlineData("tool_calls", "tool_calls")]
    public void An_engines_own_reason_for_the_end_is_the_APIs(string reason, string expected)
    {
        var scan = new AnswerScan(hidesTokenIds: false);
        Assert.Equal($$"""{"choices":[{"finish_reason":"{{expected}}","index":0}]}""", Edited(scan, $$"""{"choices":[{"finish_reason":"{{reason}}","index":0}]}"""));
        Assert.Equal(reason != expected, scan.ChangesOutput);
        Assert.True(scan.IsComplete);
    }

    [Fact]
    public void An_empty_reason_is_none_yet()
    {
        var scan = new AnswerScan(hidesTokenIds: false);
        Assert.Equal("""{"choices":[{"finish_reason":null,"index":0}]}""", Edited(scan, """{"choices":[{"finish_reason":"","index":0}]}"""));
        Assert.False(scan.IsComplete);
    }

    [Fact]
    public void The_role_of_a_choice_is_told_once()
    {
        var scan = new AnswerScan(hidesTokenIds: false);
        foreach (int choice in (int[])[0, 1])
        {
            // In whatever order the members come.
            string first = $$$"""{"choices":[{"delta":{"role":"assistant","content":"a"},"index":{{{choice}}}}]}""", next = $$$"""{"choices":[{"index":{{{choice}}},"delta":{"content":"b","role":"assistant"}}]}""";
            Assert.Equal(first, Edited(scan, first));
            Assert.Equal(next.Replace("\"assistant\"", "null", StringComparison.Ordinal), Edited(scan, next));
        }
        Assert.False(scan.ChangesOutput);
    }

    [Fact]
    public void An_answer_without_an_id_gets_one_for_all_of_its_events()
    {
        var scan = new AnswerScan(hidesTokenIds: false);
        string one = Edited(scan, """{"id":"","choices":[]}"""), other = Edited(scan, """{"id":"","choices":[],"usage":null}""");
        Assert.Matches("^cmpl-[0-9a-f]{24}$", scan.AnswerId);
        Assert.Equal($$"""{"id":"{{scan.AnswerId}}","choices":[]}""", one);
        Assert.StartsWith(one[..^1], other, StringComparison.Ordinal);
        Assert.Equal("""{"id":7,"choices":[]}""", Edited(new AnswerScan(hidesTokenIds: false), """{"id":7,"choices":[]}"""));
    }

    [Theory]
    [InlineData("abort")]
    [InlineData("error")]
    public void An_answer_that_the_engine_gave_up_is_a_failure(string reason)
    {
        OpenAIException? e = new AnswerScan(hidesTokenIds: false).Read(Encoding.UTF8.GetBytes($$"""{"choices":[{"index":0,"finish_reason":"{{reason}}"}]}"""));
        Assert.Equal(502, e?.Status);
    }

    [Fact]
    public void What_identifies_an_answer_follows_from_the_request_if_that_is_wanted()
    {
        const string Json = """{"id":"r-1","created":17,"choices":[{"message":{"tool_calls":[{"id":"a","type":"function"},{"index":1,"id":"b"}]},"index":1}],"timings":{"ms":1},"model":"m"}""";
        string one = Edited(new AnswerScan(hidesTokenIds: false, new StableIds(Sha256Value.Of("x"u8), isChat: true)), Json);
        string again = Edited(new AnswerScan(hidesTokenIds: false, new StableIds(Sha256Value.Of("x"u8), isChat: true)), Json.Replace("r-1", "r-2", StringComparison.Ordinal).Replace("17", "18", StringComparison.Ordinal));
        string other = Edited(new AnswerScan(hidesTokenIds: false, new StableIds(Sha256Value.Of("y"u8), isChat: true)), Json);
        Assert.Equal(one, again);
        Assert.NotEqual(one, other);
        using JsonDocument document = JsonDocument.Parse(one);
        Assert.StartsWith("chatcmpl-", document.RootElement.GetProperty("id").GetString(), StringComparison.Ordinal);
        Assert.InRange(document.RootElement.GetProperty("created").GetInt64(), 0, int.MaxValue);
        string?[] calls = [.. document.RootElement.GetProperty("choices")[0].GetProperty("message").GetProperty("tool_calls").EnumerateArray().Select(call => call.GetProperty("id").GetString())];
        Assert.Equal(2, calls.Distinct().Count());
        Assert.All(calls, call => Assert.Matches("^call_[0-9a-f]{24}$", call));
        Assert.False(document.RootElement.TryGetProperty("timings", out _));
    }

    [Fact]
    public void The_statement_of_a_server_behind_this_one_is_set_aside()
    {
        var scan = new AnswerScan(hidesTokenIds: false);
        byte[] json = [.. """{"determinism":{"receipt_id":"inner"},"choices":[]}"""u8];
        Assert.Null(scan.Read(json));
        Assert.Equal("""{"choices":[]}""", Encoding.UTF8.GetString(JsonSplice.Apply(json, scan.Edits)));
        Assert.Equal("""{"receipt_id":"inner"}""", Encoding.UTF8.GetString(json[scan.Own.Determinism!.Value]));
    }

    private static string Edited(AnswerScan scan, string json)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(json);
        Assert.Null(scan.Read(bytes));
        return Encoding.UTF8.GetString(JsonSplice.Apply(bytes, scan.Edits));
    }
}
