using System.Text;
using System.Text.Json;
using DeterministicInference.Server.OpenAI;
using Xunit;

namespace DeterministicInference.Server.Tests.OpenAI;

/// <summary>A body that two readers could read differently is refused; what stands in one is found again.</summary>
public sealed class RequestBodyTests
{
    [Theory]
    [InlineData("""{"seed":1,"seed":2}""", "duplicate")]
    [InlineData("""{"seed":1,"s\u0065ed":2}""", "duplicate")]
    [InlineData("""{"a":{"b":1,"b":2}}""", "duplicate")]
    [InlineData("""{"a":1""", "could not parse")]
    [InlineData("""{"a":1} {}""", "could not parse")]
    [InlineData("""{"a":1,}""", "could not parse")]
    [InlineData("""{"a":NaN}""", "could not parse")]
    [InlineData("""{"\ud800":1}""", "could not parse")]
    [InlineData("", "could not parse")]
    [InlineData("[]", "must be a JSON object")]
    [InlineData("null", "must be a JSON object")]
    public void A_body_that_is_not_one_object_is_refused(string json, string message)
    {
        var e = Assert.Throws<OpenAIException>(() => RequestBody.Parse(Encoding.UTF8.GetBytes(json)));
        Assert.Equal((400, "invalid_request_error"), (e.Status, e.Type));
        Assert.Contains(message, e.Message, StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData(63, true)]
    [InlineData(64, false)]
    public void Objects_are_nested_64_deep_at_most(int arrays, bool isRead)
    {
        byte[] json = Encoding.UTF8.GetBytes($$"""{"a":{{new string('[', arrays)}}{{new string(']', arrays)}}}""");
        if (isRead)
            RequestBody.Parse(json).Dispose();
        else
            Assert.Throws<OpenAIException>(() => RequestBody.Parse(json));
    }

    [Theory]
    [InlineData(new byte[] { (byte)'{', (byte)'"', 0xC3, (byte)'"', (byte)':', (byte)'1', (byte)'}' })]
    [InlineData(new byte[] { 0xFF, 0xFE, (byte)'{', 0, (byte)'}', 0 })]
    public void A_body_in_another_encoding_is_refused(byte[] body) =>
        Assert.Equal(
            "The request body is not valid UTF-8.",
            Assert.Throws<OpenAIException>(() => RequestBody.Parse(body)).Message
        );

    /// <summary>Edits are spliced in at these places: one that is off by a byte makes another request.</summary>
    [Theory]
    [InlineData("""{"a":1,"b":"x"}""")]
    [InlineData("""{ "a" : [ 1 , {"":2} ] , "" : "" , "\u0062" : -0.0e+1 }""")]
    [InlineData("""{"":{"":""}, "é\"\\":null}""")]
    [InlineData("{\r\n\t\"\"\t:\n\"\" ,\"c\":[]}")]
    public void A_member_stands_at_its_place(string json)
    {
        foreach (string mark in (string[])["", "\uFEFF"])
        {
            using RequestBody body = RequestBody.Parse(Encoding.UTF8.GetBytes(mark + json));
            Assert.Equal(json, Encoding.UTF8.GetString(body.Json.Span));
            foreach (JsonProperty member in body.Root.EnumerateObject())
            {
                using var alone = JsonDocument.Parse($"{{{Text(body, body.PlaceOf(member))}}}");
                JsonProperty found = Assert.Single(alone.RootElement.EnumerateObject());
                Assert.Equal((member.Name, member.Value.GetRawText()), (found.Name, found.Value.GetRawText()));
                Assert.Equal(member.Value.GetRawText(), Text(body, body.PlaceOf(member.Value)));
            }
        }
    }

    private static string Text(RequestBody body, Range place) => Encoding.UTF8.GetString(body.Json.Span[place]);
}
