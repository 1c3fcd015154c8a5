using DeterministicInference.Receipts.Json;
using Xunit;

namespace DeterministicInference.Receipts.Tests.Json;

/// <summary>What is written is for clients, and in no page.</summary>
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
