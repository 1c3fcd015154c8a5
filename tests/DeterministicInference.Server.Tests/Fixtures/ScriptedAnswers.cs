using System.Text.Json.Nodes;
using Xunit;

namespace DeterministicInference.Server.Tests.Fixtures;

/// <summary>The answers of a correct engine, and what a client must see of them through the gateway.</summary>
internal static class ScriptedAnswers
{
    public const string Json =
        """{"id":"cmpl-1","object":"text_completion","choices":[{"index":0,"text":"all of """
        + """it","finish_reason":"stop"}]}""";
    public const string Chunk = "data: {\"choices\":[{\"index\":0,\"text\":\"all of it\",\"finish_reason\":null}]}\n\n";
    public const string Last = "data: {\"choices\":[{\"index\":0,\"text\":\"\",\"finish_reason\":\"stop\"}]}\n\n";
    public const string Done = "data: [DONE]\n\n";

    public static Task SendAsync(RawExchange exchange) => SendAsync(exchange, "");

    /// <param name="exchange">The request.</param>
    /// <param name="headers">Further lines of the answer's head.</param>
    public static Task SendAsync(RawExchange exchange, string headers) =>
        exchange.IsStream
            ? exchange.AnswerAsync("text/event-stream", Chunk + Last + Done, headers: headers)
            : exchange.AnswerAsync("application/json", Json, headers: headers);

    /// <summary>A request that such an engine answers, JSON and stream.</summary>
    public static async Task RequireAsync(RunningGateway gateway)
    {
        Assert.Equal(
            "all of it",
            (string?)
                (await gateway.Api.JsonAsync(ApiClient.Completions, """{"prompt":"sound"}"""))["choices"]![0]!["text"]
        );
        Assert.Equal(
            Chunk + Last + Done,
            (await gateway.Api.PostAsync(ApiClient.Completions, """{"prompt":"sound","stream":true}""")).Body
        );
    }

    /// <summary>Sends a streaming request and reads until the connection ends, regularly or not.</summary>
    public static Task<(string Head, string Body)> StreamAsync(RunningGateway gateway, string prompt) =>
        StreamRequestAsync(gateway, $$"""{"prompt":"{{prompt}}","stream":true}""");

    /// <inheritdoc cref="StreamAsync"/>
    /// <param name="gateway">Where it is sent.</param>
    /// <param name="request">The whole request.</param>
    /// <param name="whenBegun">Called when the head of the answer has arrived.</param>
    public static async Task<(string Head, string Body)> StreamRequestAsync(
        RunningGateway gateway,
        string request,
        Action? whenBegun = null
    )
    {
        using RawConnection connection = await RawConnection.OpenAsync(gateway.Url);
        await connection.SendAsync(
            RawConnection
                .Post(ApiClient.Completions, request)
                .Replace("Host: localhost\r\n", "Host: localhost\r\nConnection: close\r\n", StringComparison.Ordinal)
        );
        string head = await connection.ReadHeadAsync();
        whenBegun?.Invoke();
        return (head, await connection.ReadToBreakAsync());
    }

    /// <summary>A stream that ends with an error event and then breaks; returns the error.</summary>
    /// <param name="body">The body with its chunks' sizes.</param>
    public static JsonNode RequireBroken(string body)
    {
        Assert.DoesNotContain("[DONE]", body, StringComparison.Ordinal);
        Assert.False(body.EndsWith("\r\n0\r\n\r\n", StringComparison.Ordinal), body);
        // A JSON answer has the same error, but no event.
        const string data = "\ndata: ";
        int start = body.LastIndexOf(data, StringComparison.Ordinal);
        Assert.True(start >= 0, body);
        string last = body[(start + data.Length)..].Split("\n\n")[0];
        JsonNode error = Assert.Single(JsonNode.Parse(last)!.AsObject(), member => member.Key == "error").Value!;
        Assert.Equal(["message", "type", "param", "code"], error.AsObject().Select(member => member.Key));
        return error;
    }
}
