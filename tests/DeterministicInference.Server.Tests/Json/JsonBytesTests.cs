using DeterministicInference.Server.Json;
using Xunit;

namespace DeterministicInference.Server.Tests.Json;

/// <summary>What the server writes is for clients, and in no page.</summary>
public sealed class JsonBytesTests
{
    [Fact]
    public void Only_what_JSON_requires_is_escaped() =>
        Assert.Equal(
            """{"text":"<é> & '+' \"\\\u0001"}""",
            JsonBytes.WriteText(json =>
            {
                json.WriteStartObject();
                json.WriteString("text", "<é> & '+' \"\\\u0001");
                json.WriteEndObject();
            })
        );
}
