using System.Text;
using DeterministicInference.Benchmarks.Soak;

namespace DeterministicInference.Benchmarks.Receipts;

/// <summary>Requests whose answers have receipts.</summary>
internal static class ReceiptRequest
{
    /// <param name="tokens">Generated tokens: each is an event of a stream.</param>
    /// <param name="isStream">Whether the answer is a stream.</param>
    /// <param name="promptBytes">Length of the prompt beyond its question.</param>
    public static string Chat(int tokens, bool isStream, int promptBytes = 0)
    {
        string filling = string.Concat(Enumerable.Repeat("A word. ", promptBytes / 8));
        return $$"""{"messages":[{"role":"user","content":"{{filling}}What does a receipt cost?"}]"""
            + $$""","max_tokens":{{tokens}},"stream":{{(isStream ? "true" : "false")}}}""";
    }

    /// <exception cref="InvalidOperationException">The answer is an error, or broken off.</exception>
    public static async Task<HttpAnswer> AskAsync(
        HttpConnection connection,
        string body,
        CancellationToken cancellation
    )
    {
        string request =
            $"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: "
            + $"{body.Length}\r\n\r\n{body}";
        await connection.SendAsync(Encoding.ASCII.GetBytes(request), cancellation);
        HttpAnswer answer = await connection.ReadAsync(cancellation);
        return answer is { Status: 200, IsWhole: true }
            ? answer
            : throw new InvalidOperationException($"{answer.Status}: {answer.Body}");
    }
}
