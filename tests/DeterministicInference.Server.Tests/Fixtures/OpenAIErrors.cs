using System.Net;
using System.Text.Json.Nodes;
using Xunit;

namespace DeterministicInference.Server.Tests.Fixtures;

/// <summary>The shape of an error body.</summary>
internal static class OpenAIErrors
{
    /// <summary>The error of an answer that must have this status and exactly the four documented members.</summary>
    public static JsonNode Read(Reply reply, HttpStatusCode status, string type = "invalid_request_error")
    {
        Assert.True(reply.Status == status, $"{(int)reply.Status}: {reply.Body[..Math.Min(reply.Body.Length, 500)]}");
        Assert.Equal("application/json", reply.ContentHeaders.ContentType!.ToString());
        Assert.Single(reply.Headers.GetValues("x-request-id"));
        Assert.Equal("error", Assert.Single(reply.Json).Key);
        JsonNode error = reply.Json["error"]!;
        Assert.Equal(["message", "type", "param", "code"], error.AsObject().Select(member => member.Key));
        Assert.Equal(type, (string?)error["type"]);
        Assert.NotEmpty((string)error["message"]!);
        return error;
    }
}
