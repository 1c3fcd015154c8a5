using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;

namespace DeterministicInference.Benchmarks.Soak;

/// <summary>Whether an answer is the one that its request must get.</summary>
internal sealed class AnswerCheck
{
    private readonly ConcurrentDictionary<(bool IsChat, int Prompt), string> _texts = new();

    /// <returns>Null, or what is wrong.</returns>
    public string? Problem(SoakRequest request, HttpAnswer answer)
    {
        try
        {
            if (HttpConnection.Header(answer.Head, "x-request-id") is null)
                return "no x-request-id";
            if (request.MayNotBegin && answer.Status == 502)
                return Error(answer);
            if (answer.Status != request.Status)
                return $"status {answer.Status} instead of {request.Status}: {Start(answer.Body)}";
            if (request.Ending == Ending.Complete)
                return request.IsStream ? Stream(request, answer) : Json(request, answer);
            return answer.Status == 200 ? BrokenStream(answer) : Error(answer);
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return $"not the shape of an answer: {Start(answer.Body)}";
        }
    }

    private string? Json(SoakRequest request, HttpAnswer answer)
    {
        if (!answer.IsWhole)
            return "an answer that was cut off";
        using JsonDocument json = JsonDocument.Parse(answer.Body);
        JsonElement choice = json.RootElement.GetProperty("choices")[0];
        if (!json.RootElement.TryGetProperty("environment", out _))
            return "an answer without environment";
        if (choice.GetProperty("finish_reason").GetString() != "length")
            return "an answer without a reason for its end";
        return Text(
            request,
            (
                request.IsChat ? choice.GetProperty("message").GetProperty("content") : choice.GetProperty("text")
            ).GetString()!
        );
    }

    private string? Stream(SoakRequest request, HttpAnswer answer)
    {
        if (!answer.IsWhole)
            return $"a stream that was cut off: {answer.Body[^Math.Min(answer.Body.Length, 200)..]}";
        var text = new StringBuilder();
        string? finish = null,
            last = null;
        foreach (string data in Events(answer.Body))
        {
            last = data;
            if (data == "[DONE]")
                continue;
            using JsonDocument json = JsonDocument.Parse(data);
            JsonElement choice = json.RootElement.GetProperty("choices")[0];
            text.Append(
                (
                    request.IsChat ? choice.GetProperty("delta").GetProperty("content") : choice.GetProperty("text")
                ).GetString()
            );
            finish = choice.GetProperty("finish_reason").GetString() ?? finish;
        }
        return last != "[DONE]" ? "a stream without [DONE]"
            : finish != "length" ? "a stream without a reason for its end"
            : Text(request, text.ToString());
    }

    private static string? BrokenStream(HttpAnswer answer)
    {
        if (answer.IsWhole)
            return "a broken stream that ended in good order";
        if (answer.Body.Contains("[DONE]", StringComparison.Ordinal))
            return "a broken stream with [DONE]";
        return
            Events(answer.Body).LastOrDefault() is { } last && last.StartsWith("{\"error\":", StringComparison.Ordinal)
            ? null
            : "a broken stream without an error event";
    }

    private static string? Error(HttpAnswer answer)
    {
        if (!answer.IsWhole)
            return "an error that was cut off";
        using JsonDocument json = JsonDocument.Parse(answer.Body);
        JsonElement error = json.RootElement.GetProperty("error");
        if (error.EnumerateObject().Count() != 4)
            return $"an error of another shape: {Start(answer.Body)}";
        return answer.Status is 429 or 503 && HttpConnection.Header(answer.Head, "Retry-After") is null
            ? "no Retry-After"
            : null;
    }

    /// <summary>
    /// The same prompt must give the same text, by JSON and by events: another client's answer is noticed.
    /// </summary>
    private string? Text(SoakRequest request, string text)
    {
        string expected = _texts.GetOrAdd((request.IsChat, request.Prompt), text);
        return text == expected
            ? null
            : $"'{text}' for prompt {request.Prompt}, which was answered with '{expected}' before";
    }

    private static IEnumerable<string> Events(string body) =>
        body.Split("\n\n")
            .Where(item => item.StartsWith("data: ", StringComparison.Ordinal))
            .Select(item => item["data: ".Length..]);

    private static string Start(string body) => body[..Math.Min(body.Length, 200)];
}
