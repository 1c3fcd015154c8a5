using System.Text;

namespace DeterministicInference.Server.Tests.EndToEnd.Fuzz;

/// <summary>Request bodies: some valid, most nearly valid.</summary>
internal sealed class RequestTexts(FuzzRandom random)
{
    private static readonly string[] Names =
    [
        "model",
        "prompt",
        "messages",
        "stream",
        "stream_options",
        "include_usage",
        "n",
        "seed",
        "max_tokens",
        "max_completion_tokens",
        "temperature",
        "top_p",
        "top_k",
        "frequency_penalty",
        "presence_penalty",
        "stop",
        "logit_bias",
        "user",
        "best_of",
        "echo",
        "suffix",
        "logprobs",
        "top_logprobs",
        "response_format",
        "type",
        "json_schema",
        "tools",
        "function",
        "functions",
        "name",
        "parameters",
        "strict",
        "tool_choice",
        "function_call",
        "parallel_tool_calls",
        "min_p",
        "repetition_penalty",
        "structured_outputs",
        "chat_template_kwargs",
        "continue_final_message",
        "id_slot",
        "lora",
        "session_id",
        "image_url",
        "url",
        "tee",
        "tool_calls",
        "role",
        "content",
        "text",
        "metadata",
        "store",
        "x",
        "",
        "é",
        "s\\u0065ed",
        "\\ud800",
        "50256",
    ];

    private static readonly string[] Scalars =
    [
        "null",
        "true",
        "false",
        "0",
        "1",
        "-1",
        "2",
        "128",
        "129",
        "0.5",
        "1.5",
        "-2.5",
        "1e0",
        "10.0",
        "1E400",
        "-0",
        "-0.0",
        "9223372036854775807",
        "9223372036854775808",
        "12345678901234567890123",
        "0.1000000000000000055511151231257827",
        "1e-400",
        "NaN",
        "Infinity",
        "007",
        "+1",
        "tru",
        "\"true\"",
        "\"false\"",
        "\"True\"",
        "\"1\"",
        "\"-9\"",
        "\"0.5\"",
        "\"1e1\"",
        "\"1 \"",
        "\" 1\"",
        "\"0x1\"",
        "\"\"",
        "\"\\u0031\"",
        "\"1\\n\"",
        "\"-\"",
        "\"99999999999999999999\"",
        "\"x\"",
        "\"user\"",
        "\"assistant\"",
        "\"tool\"",
        "\"text\"",
        "\"image_url\"",
        "\"\\ud800\"",
        "\"\\ud83d\\ude00\"",
        "\"\\u0000\"",
        "\"é😀\"",
        "\"}{][,:\"",
        "\"\\\"seed\\\":1\"",
        "[]",
        "{}",
        "[[]]",
        "[1,2]",
        "[[1],[2]]",
        "[\"x\"]",
        "[null]",
        "{\"include_usage\":\"true\"}",
        "[{\"role\":\"user\",\"content\":\"x\"}]",
        "[{\"role\":\"assistant\"}]",
        "[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"x\"}]}]",
        "{\"5\":1}",
        "{\"5\":\"1\"}",
    ];

    private static readonly string[] Spaces = ["", "", "", "", " ", "\n ", "\t", "\r\n"];

    /// <summary>The next body.</summary>
    public byte[] Next()
    {
        byte[] text =
            random.OneIn(4) && Corpus.Requests.Count > 0
                ? random.Pick(Corpus.Requests)
                : Encoding.UTF8.GetBytes(Request());
        if (random.OneIn(3))
            text = Mutations.Of(text, random);
        return random.OneIn(50) ? [0xEF, 0xBB, 0xBF, .. text] : text;
    }

    /// <summary>An object that usually has the required members.</summary>
    private string Request()
    {
        var members = new List<string>();
        if (!random.OneIn(8))
            members.Add("\"prompt\":\"x\"");
        if (!random.OneIn(8))
            members.Add(
                $"\"messages\":[{string.Join(',', Enumerable.Range(0, 1 + random.Next(3)).Select(_ => Message()))}]"
            );
        for (int i = random.Next(6); i > 0; i--)
            members.Insert(random.Next(members.Count + 1), Member(3));
        return $"{Space()}{{{Space()}{string.Join($"{Space()},{Space()}", members)}{Space()}}}{Space()}";
    }

    private string Message() =>
        random.Next(4) switch
        {
            0 => "{\"role\":\"user\",\"content\":\"x\"}",
            1 => $"{{\"role\":\"assistant\",{Member(2)}}}",
            2 => $"{{\"content\":{Value(2)},\"role\":\"user\"}}",
            _ => Value(2),
        };

    private string Member(int depth) => $"\"{random.Pick(Names)}\"{Space()}:{Space()}{Value(depth - 1)}";

    private string Value(int depth)
    {
        int kind = depth <= 0 ? 9 : random.Next(10);
        if (kind == 0)
            return $"{{{string.Join(",", Enumerable.Range(0, random.Next(4)).Select(_ => Member(depth)))}}}";
        if (kind == 1)
            return $"[{string.Join(",", Enumerable.Range(0, random.Next(4)).Select(_ => Value(depth - 1)))}]";
        if (kind == 2 && random.OneIn(100))
            return new string('[', 70) + new string(']', 70);
        return random.Pick(Scalars);
    }

    private string Space() => random.Pick(Spaces);
}
