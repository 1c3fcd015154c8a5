using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using DeterministicInference.Receipts.Answers;
using DeterministicInference.Receipts.Json;
using DeterministicInference.Receipts.Tests.Answers;
using DeterministicInference.Server.Engines;
using DeterministicInference.Server.Gateway.Answers;
using DeterministicInference.Server.OpenAI.Requests.Types;
using Xunit;

namespace DeterministicInference.Server.Tests.Gateway.Answers;

/// <summary>The log-probabilities of completions have one shape, whichever engine wrote them.</summary>
public sealed class CompletionLogprobsTests
{
    /// <summary>As llama-server b11434 answers, with two alternatives, and in a stream with one.</summary>
    private const string LlamaServer =
            """
                {"choices":[{"text":" it é","index":0,"logprobs":{"content":[{"id":357,"token":" it","bytes":[32,105,116],
                "logprob":-1.5861281156539917,"top_logprobs":[{"id":357,"token":" it","bytes":[32,105,116],
                "logprob":-1.5861281156539917},{"id":260,"token":" the","bytes":[32,116,104,101],"logprob":-2.5}]},
                {"id":9,"token":" \u00e9","bytes":[32,195,169],"logprob":-3.25,"top_logprobs":[{"id":7,"token":"-",
                "bytes":[45],"logprob":-0.5},{"id":8,"token":"-","bytes":[45],"logprob":-0.75}]}]},
                "finish_reason":"length"}],"object":"text_completion"}
                """,
        FirstEvent =
            """
                {"choices":[{"text":" and","index":0,"logprobs":{"content":[{"id":284,"token":" and","logprob":-3.5,
                "top_logprobs":[{"id":29,"token":"-","logprob":-0.75}]}]},"finish_reason":null}]}
                """,
        SecondEvent =
            """
                {"choices":[{"text":" so","index":0,"logprobs":{"content":[{"id":285,"token":" so","logprob":-1,
                "top_logprobs":[]}]},"finish_reason":null},{"text":"x","index":1,"logprobs":{"content":[{"token":"x",
                "logprob":null,"top_logprobs":[]}]},"finish_reason":null}]}
                """,
        LastEvent = """{"choices":[{"text":"","index":0,"logprobs":null,"finish_reason":"length"}]}""";

    [Theory]
    [InlineData(true, """[{" it":-1.5861281156539917," the":-2.5},{"-":-0.5," é":-3.25}]""")]
    [InlineData(false, """[{" it":-1.5861281156539917},{" é":-3.25}]""")]
    public void Those_of_llama_server_become_arrays(bool withAlternatives, string top)
    {
        JsonNode answer = Assert.Single(Read(AnswerDelivery.Json, withAlternatives, LlamaServer));
        Assert.Equal(
            $$"""{"tokens":[" it"," é"],"token_logprobs":[-1.5861281156539917,-3.25],"top_logprobs":{{top}},"""
                + "\"text_offset\":[0,3]}",
            Logprobs(answer, 0)
        );
        Assert.Equal(" it é", (string?)answer["choices"]![0]!["text"]);
    }

    [Fact]
    public void Offsets_go_on_from_event_to_event_in_each_choice()
    {
        JsonNode[] events = Read(AnswerDelivery.Sse, true, FirstEvent, SecondEvent, LastEvent);
        Assert.Equal(
            """{"tokens":[" and"],"token_logprobs":[-3.5],"top_logprobs":[{"-":-0.75," and":-3.5}],"""
                + "\"text_offset\":[0]}",
            Logprobs(events[0], 0)
        );
        Assert.Equal(
            """{"tokens":[" so"],"token_logprobs":[-1],"top_logprobs":[{" so":-1}],"text_offset":[4]}""",
            Logprobs(events[1], 0)
        );
        Assert.Equal(
            """{"tokens":["x"],"token_logprobs":[null],"top_logprobs":[{"x":null}],"text_offset":[0]}""",
            Logprobs(events[1], 1)
        );
        Assert.Null(events[2]["choices"]![0]!["logprobs"]);
    }

    /// <summary>A chat has them in the shape of chats, and nothing is done to it.</summary>
    [Fact]
    public void Those_of_a_chat_stay()
    {
        const string chat = """{"choices":[{"index":0,"logprobs":{"content":[{"token":"a","logprob":-1}]}}]}""";
        var rewriter = new AnswerRewriter(AnswerRules.None, RequestRoute.Chat, hidesTokenIds: false);
        rewriter.Read(new AnswerReader(AnswerDelivery.Json, logprobs: true).Read(Encoding.UTF8.GetBytes(chat)));
        Assert.True(rewriter.Edits.IsEmpty);
        Assert.False(rewriter.ChangesOutput);
    }

    [Theory]
    [InlineData("34-completion-logprobs", "0,2,6,10")]
    [InlineData("35-completion-logprobs-0", "0,2,6")]
    [InlineData("36-completion-stream-logprobs", "0,2,6,10")]
    [InlineData("38-completion-echo-logprobs", "0,5,6,10,12,16")]
    public void Recorded_answers_of_SGLang_get_the_offsets_that_it_leaves_out(string name, string expected)
    {
        EngineRecording recording = Assert.Single(
            EngineRecordings.Require("sglang"),
            one => one.Name.EndsWith(name + ".json", StringComparison.Ordinal)
        );
        string[] pieces = recording.IsStream
            ?
            [
                .. Encoding
                    .UTF8.GetString(recording.Body)
                    .Split('\n')
                    .Where(line => line.StartsWith("data: {", StringComparison.Ordinal))
                    .Select(line => line["data: ".Length..]),
            ]
            : [Encoding.UTF8.GetString(recording.Body)];
        JsonNode[] read = Read(recording.IsStream ? AnswerDelivery.Sse : AnswerDelivery.Json, true, pieces);
        Assert.Equal(
            expected,
            string.Join(
                ',',
                read.SelectMany(piece => piece["choices"]!.AsArray())
                    .SelectMany(choice => choice!["logprobs"]?["text_offset"]?.AsArray() ?? [])
            )
        );
    }

    [Theory]
    [InlineData("36-completion-logprobs-0")]
    [InlineData("37-completion-echo-logprobs")]
    public void Recorded_answers_of_vLLM_keep_theirs(string name)
    {
        EngineRecording recording = Assert.Single(
            EngineRecordings.Require("vllm"),
            one => one.Name.EndsWith(name + ".json", StringComparison.Ordinal)
        );
        var rewriter = new AnswerRewriter(AnswerRules.None, RequestRoute.Completions, hidesTokenIds: false);
        rewriter.Read(new AnswerReader(AnswerDelivery.Json, logprobs: true).Read(recording.Body));
        Assert.True(rewriter.Edits.IsEmpty);
    }

    private static string Logprobs(JsonNode answer, int choice)
    {
        using JsonDocument written = JsonDocument.Parse(
            answer["choices"]![choice]!["logprobs"]!.ToJsonString(
                new JsonSerializerOptions
                {
                    Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
                }
            )
        );
        return written.RootElement.GetRawText();
    }

    /// <summary>The pieces as the client gets them, each of which has a canonical form.</summary>
    private static JsonNode[] Read(AnswerDelivery delivery, bool withAlternatives, params string[] pieces)
    {
        var rewriter = new AnswerRewriter(
            AnswerRules.None,
            RequestRoute.Completions,
            hidesTokenIds: false,
            withAlternatives: withAlternatives
        );
        AnswerReader reader = new(delivery, logprobs: true),
            client = new(delivery, logprobs: true);
        var read = new List<JsonNode>();
        foreach (string piece in pieces)
        {
            byte[] json = Encoding.UTF8.GetBytes(piece);
            rewriter.Read(reader.Read(json));
            byte[] sent = JsonSplice.Apply(json, rewriter.Edits);
            client.Read(sent).RequireCanonical();
            read.Add(JsonNode.Parse(sent)!);
        }
        return [.. read];
    }
}
