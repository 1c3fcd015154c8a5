using System.Globalization;
using System.Text;

namespace DeterministicInference.Benchmarks.Answers;

/// <summary>Answers as engines send them.</summary>
/// <param name="Name">What the table calls it.</param>
/// <param name="IsStream">Whether it comes in events.</param>
/// <param name="WantsLogprobs">Whether log-probabilities are bound.</param>
/// <param name="Body">The body.</param>
/// <param name="Count">Events, or 1.</param>
internal sealed record AnswerShape(string Name, bool IsStream, bool WantsLogprobs, byte[] Body, int Count)
{
    private const int Tokens = 1000;

    private const string Vllm =
        "\"id\":\"chatcmpl-bb2855f5cab256ae\",\"object\":\"chat.completion.chunk\","
        + "\"created\":1795894663,\"model\":\"demo\"";

    private const string Sglang =
        "\"id\":\"2bdcb1a9560f406c987ae7255ac2b6b6\",\"object\":\"chat.completion.chunk\","
        + "\"created\":1795895723,\"model\":\"demo\"";

    private const string Scores =
        "{\"text_offset\":[-1],\"token_logprobs\":[-0.2677232325077057],\"tokens\":[\" did\"],\"top_logprobs\":"
        + "[{\" did\":-0.2677232325077057,\"ext\":-3.158348321914673}]}";

    public static IReadOnlyList<AnswerShape> All { get; } =
    [
        Stream(
            "vLLM chat event, with ids",
            i =>
                $$$"""
                    {{{{Vllm}}},"choices":[{"index":0,"delta":{"content":"{{{Word(i)}}}"},"logprobs":null,
                    """
                + $$$"""
                    "finish_reason":{{{Finish(i, 1)}}},"token_ids":[{{{i}}}]}]}
                    """
        ),
        Stream(
            "SGLang chat event",
            i =>
                $$$"""
                    {{{{Sglang}}},"choices":[{"index":0,"delta":{"reasoning_content":null,"content":"{{{Word(i)}}}"},
                    """
                + $$$"""
                    "logprobs":null,"finish_reason":{{{Finish(i, 1)}}},"matched_stop":null}]}
                    """
        ),
        Stream(
            "vLLM chat event, two choices in turn",
            i =>
                $$$"""
                    {{{{Vllm}}},"choices":[{"index":{{{i % 2}}},"delta":{"content":"{{{Word(i)}}}"},"logprobs":null,
                    """
                + $$$"""
                    "finish_reason":{{{Finish(i, 2)}}},"token_ids":[{{{i}}}]}]}
                    """
        ),
        Stream(
            "SGLang completion event, 2 logprobs",
            i =>
                $$$"""
                    {{{{Sglang}}},"choices":[{"index":0,"text":"{{{Word(i)}}}","logprobs":{{{Scores}}},
                    """
                + $$$"""
                    "finish_reason":{{{Finish(i, 1)}}},"matched_stop":null}],"usage":null}
                    """,
            wantsLogprobs: true
        ),
        Json("JSON chat of 16 tokens, with ids", 16, logprobs: false),
        Json("JSON chat of 1000 tokens, with ids", Tokens, logprobs: false),
        Json("JSON chat of 1000 tokens, logprobs", Tokens, logprobs: true),
    ];

    /// <summary>Events or answers in a round.</summary>
    public int PerRound => IsStream ? 40_000 : Math.Max(1, 20_000_000 / Body.Length);

    private static string Finish(int i, int choices) => i >= Tokens - choices ? "\"stop\"" : "null";

    private static string Word(int i) => " word" + (i % 7).ToString(CultureInfo.InvariantCulture);

    private static AnswerShape Stream(string name, Func<int, string> data, bool wantsLogprobs = false)
    {
        string body = string.Concat(Enumerable.Range(0, Tokens).Select(i => $"data: {data(i)}\n\n"));
        return new AnswerShape(name, true, wantsLogprobs, Encoding.UTF8.GetBytes(body + "data: [DONE]\n\n"), Tokens);
    }

    private static AnswerShape Json(string name, int tokens, bool logprobs)
    {
        string text = string.Concat(Enumerable.Range(0, tokens).Select(Word));
        string ids = string.Join(
            ',',
            Enumerable.Range(0, tokens).Select(i => i.ToString(CultureInfo.InvariantCulture))
        );
        string scores = string.Join(
            ',',
            Enumerable
                .Range(0, tokens)
                .Select(i =>
                    $$"""{"token":"{{Word(i)}}","logprob":-0.2677232325077057,"bytes":[32,119],"top_logprobs":[]}"""
                )
        );
        string body = $$"""
            {"id":"chatcmpl-99e0caad4d741d4a","object":"chat.completion","created":1795894660,"model":"demo",
             "choices":[{"index":0,"message":{"role":"assistant","content":"{{text}}","refusal":null},
              "logprobs":{{(logprobs ? $$"""{"content":[{{scores}}]}""" : "null")}},
              "finish_reason":"stop","stop_reason":null,"token_ids":[{{ids}}]}],
             "usage":{"prompt_tokens":12,"total_tokens":20,"completion_tokens":{{tokens}} },"prompt_token_ids":[0,3,363]}
            """;
        return new AnswerShape(name, false, logprobs, Encoding.UTF8.GetBytes(body), 1);
    }
}
