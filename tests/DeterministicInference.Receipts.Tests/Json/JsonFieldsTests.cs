using System.Text;
using System.Text.Json;
using DeterministicInference.Receipts.Json;
using Xunit;

namespace DeterministicInference.Receipts.Tests.Json;

/// <summary>Every member of a signed document is read by its type, and an error names it.</summary>
public sealed class JsonFieldsTests
{
    [Theory]
    [InlineData(
        """{"a":1,"a":2}""",
        "'doc' is not JSON of at most 64 levels, or an object in it has two members of the same name."
    )]
    [InlineData(
        """{"b":{"a":1,"\u0061":2}}""",
        "'doc' is not JSON of at most 64 levels, or an object in it has two members of the same name."
    )]
    [InlineData(
        """{"a":1}{""",
        "'doc' is not JSON of at most 64 levels, or an object in it has two members of the same name."
    )]
    [InlineData("", "'doc' is not JSON of at most 64 levels, or an object in it has two members of the same name.")]
    [InlineData(
        """{"a":{"\ud800":1}}""",
        "'doc' is not JSON of at most 64 levels, or an object in it has two members of the same name."
    )]
    [InlineData("[]", "'doc' is not an object.")]
    [InlineData("null", "'doc' is not an object.")]
    public void A_document_that_can_be_read_in_two_ways_is_refused(string json, string message)
    {
        var e = Assert.Throws<ReceiptFormatException>(() => Read(json, _ => 0));
        Assert.Equal((message, "doc"), (e.Message, e.Member));
    }

    [Theory]
    [InlineData(64, true)]
    [InlineData(65, false)]
    public void Levels_are_limited(int levels, bool isRead)
    {
        string json = string.Concat(Enumerable.Repeat("{\"a\":", levels)) + "0" + new string('}', levels);
        ReceiptFormatException? refusal = null;
        try
        {
            Read(json, _ => 0);
        }
        catch (ReceiptFormatException e)
        {
            refusal = e;
        }
        Assert.Equal(isRead, refusal is null);
    }

    [Fact]
    public void Bytes_that_are_not_UTF_8_are_refused() =>
        Assert.Equal(
            "'doc' is not UTF-8.",
            Assert
                .Throws<ReceiptFormatException>(() =>
                    JsonFields.Parse((byte[])[.. "{\"a\":\""u8, 0xC0, 0x80, .. "\"}"u8], "doc")
                )
                .Message
        );

    [Fact]
    public void A_document_above_the_limit_is_not_parsed()
    {
        byte[] large = Encoding.UTF8.GetBytes($$"""{"a":"{{new string('x', 1 << 20)}}"}""");
        using JsonDocument document = JsonFields.Parse(large, "doc");
        var e = Assert.Throws<ReceiptFormatException>(() => JsonFields.Parse(large, "doc", 1 << 20));
        Assert.Equal("'doc' is larger than 1 MiB.", e.Message);
    }

    [Theory]
    [InlineData("""{"m":1}""", "'doc.m' is not a string.")]
    [InlineData("""{"m":null}""", "'doc.m' is not a string.")]
    [InlineData("""{"m":"\ud800"}""", "'doc.m' is not a string.")]
    [InlineData("""{"n":"text"}""", "'doc.m' is missing.")]
    public void A_member_that_is_no_string_is_named(string json, string message) =>
        Assert.Equal(message, Assert.Throws<ReceiptFormatException>(() => Read(json, doc => doc.String("m"))).Message);

    [Theory]
    [InlineData("0", 0)]
    [InlineData("9223372036854775807", long.MaxValue)]
    public void A_count_is_a_whole_number_from_0(string value, long count) =>
        Assert.Equal(count, Read($$"""{"m":{{value}}}""", doc => doc.Count("m")));

    [Theory]
    [InlineData("-1")]
    [InlineData("1.5")]
    [InlineData("9223372036854775808")]
    [InlineData("\"1\"")]
    public void Another_number_is_no_count(string value) =>
        Assert.Equal(
            "'doc.m' is not a whole number from 0.",
            Assert.Throws<ReceiptFormatException>(() => Read($$"""{"m":{{value}}}""", doc => doc.Count("m"))).Message
        );

    [Theory]
    [InlineData("2026-11-22T10:11:12Z", true)]
    [InlineData("2026-11-22T10:11:12.5Z", false)]
    [InlineData("2026-11-22T10:11:12+01:00", false)]
    [InlineData("2026-11-22 10:11:12Z", false)]
    [InlineData("2026-02-30T10:11:12Z", false)]
    public void A_time_has_one_spelling(string text, bool isOne)
    {
        string json = $$"""{"m":"{{text}}"}""";
        if (isOne)
            Assert.Equal(new DateTimeOffset(2026, 11, 22, 10, 11, 12, TimeSpan.Zero), Read(json, doc => doc.Time("m")));
        else
            Assert.Throws<ReceiptFormatException>(() => Read(json, doc => doc.Time("m")));
    }

    [Theory]
    [InlineData("AAEC", true)]
    [InlineData("AAE=", true)]
    [InlineData("AAE", false)]
    [InlineData("AAF=", false)]
    [InlineData("AA E=", false)]
    [InlineData("AAE=\\n", false)]
    public void Base64_has_one_spelling(string text, bool isOne)
    {
        string json = $$"""{"m":"{{text}}"}""";
        if (isOne)
            Assert.Equal(text, Convert.ToBase64String(Read(json, doc => doc.Base64("m"))));
        else
            Assert.Throws<ReceiptFormatException>(() => Read(json, doc => doc.Base64("m")));
    }

    [Fact]
    public void The_member_is_named_by_its_path()
    {
        const string Json = """{"list":[{"inner":{"hash":"AB"}}],"two":[{},{}],"map":{"k":1},"kind":"c"}""";
        Assert.Equal(
            "'doc.list[0].inner.hash' is not 64 lower-case hexadecimal digits.",
            Message(doc => doc.OnlyObjectOf("list").Object("inner").Hash("hash"))
        );
        Assert.Equal("'doc.two' does not have exactly one element.", Message(doc => doc.OnlyObjectOf("two")));
        Assert.Equal("'doc.map.k' is not a string.", Message(doc => doc.StringMap("map")));
        Assert.Equal(
            "'doc.kind' is none of a, b.",
            Message(doc => doc.Named("kind", new Dictionary<string, int> { ["a"] = 1, ["b"] = 2 }))
        );

        static string Message(Func<JsonFields, object?> read) =>
            Assert.Throws<ReceiptFormatException>(() => Read(Json, read)).Message;
    }

    private static T Read<T>(string json, Func<JsonFields, T> read)
    {
        using JsonDocument document = JsonFields.Parse(Encoding.UTF8.GetBytes(json), "doc");
        return read(JsonFields.Root(document, "doc"));
    }
}
