using System.Text;
using System.Text.Json;
using DeterministicInference.Receipts.Json;
using Xunit;

namespace DeterministicInference.Receipts.Tests.Json;

/// <summary>One member is set; every other byte stays.</summary>
public sealed class JsonSpliceTests
{
    private const int Texts = 3000;

    [Fact]
    public void A_member_that_was_absent_is_last_and_every_byte_is_kept()
    {
        for (ulong seed = 0; seed < Texts; seed++)
        {
            string text = new JsonTexts(seed).Object(withTarget: false);
            string result = Set(text, "target", "[1]");
            Assert.Equal([.. Members(text), ("target", "[1]")], Members(result));
            string inserted = Members(text).Count == 0 ? "\"target\":[1]" : ",\"target\":[1]";
            Assert.Equal(text, result.Remove(result.LastIndexOf(inserted, StringComparison.Ordinal), inserted.Length));
        }
    }

    [Fact]
    public void A_member_that_was_there_has_another_value_in_its_place()
    {
        for (ulong seed = 0; seed < Texts; seed++)
        {
            string text = new JsonTexts(seed).Object(withTarget: true);
            string result = Set(text, "target", "\"new\"");
            List<(string Name, string Value)> before = Members(text),
                after = Members(result);
            Assert.Equal(before.Select(member => member.Name == "target" ? ("target", "\"new\"") : member), after);
            // Set back, the text is the one that it was.
            Assert.Equal(text, Set(result, "target", before.Single(member => member.Name == "target").Value));
        }
    }

    [Theory]
    [InlineData("{}", """{"a":1}""")]
    [InlineData(" {\n} ", " {\"a\":1\n} ")]
    [InlineData("""{"b":{"a":0}}""", """{"b":{"a":0},"a":1}""")]
    [InlineData("""{"a" : {"x":[1,2]} ,"b":3}""", """{"a" : 1 ,"b":3}""")]
    [InlineData("""{"b":"}" }""", """{"b":"}","a":1 }""")]
    public void Examples(string text, string expected) => Assert.Equal(expected, Set(text, "a", "1"));

    [Fact]
    public void Several_edits_are_made_in_one_pass()
    {
        byte[] json = Encoding.UTF8.GetBytes("""{"a":"1", "b" :"true" }""");
        JsonSplice.Edit[] edits = [new(5..8, [.. "1"u8]), new(15..21, [.. "true"u8]), new(21..21, [.. ",\"c\":0"u8])];
        Assert.Equal("""{"a":1, "b" :true,"c":0 }""", Encoding.UTF8.GetString(JsonSplice.Apply(json, edits)));
        Assert.Equal(json, JsonSplice.Apply(json, []));
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("{")]
    [InlineData("{}{}")]
    [InlineData("{} x")]
    [InlineData("{\"b\":1,}")]
    [InlineData("{\"b\":tru}")]
    [InlineData("{\"a\":1,\"a\":2}")]
    [InlineData("{\"a\":1,\"\\u0061\":2}")]
    public void What_is_not_one_object_with_one_such_member_is_refused(string text) =>
        Assert.ThrowsAny<JsonException>(() => Set(text, "a", "1"));

    private static string Set(string text, string name, string value) =>
        Encoding.UTF8.GetString(
            JsonSplice.Set(Encoding.UTF8.GetBytes(text), Encoding.UTF8.GetBytes(name), Encoding.UTF8.GetBytes(value))
        );

    /// <summary>Names, and values as they are written.</summary>
    private static List<(string Name, string Value)> Members(string text)
    {
        using JsonDocument document = JsonDocument.Parse(text);
        return [.. document.RootElement.EnumerateObject().Select(member => (member.Name, member.Value.GetRawText()))];
    }
}
