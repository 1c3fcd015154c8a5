using System.Text;
using System.Text.Json;
using DeterministicInference.Receipts.Canonical;
using DeterministicInference.Receipts.Tests.Answers;
using Xunit;

namespace DeterministicInference.Receipts.Tests.Canonical;

/// <summary>The cursor takes what the runtime's parser takes for JSON, and nothing else.</summary>
public sealed class JsonCursorTests
{
    private const int MaxDepth = 8;

    private static readonly string[] Pieces =
    [
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"",
        "\"a\"",
        "\"\\u00e9\"",
        "\"\\u00g9\"",
        "\"\\",
        "\"\\q\"",
        "\"\t\"",
        "\"é\"",
        "0",
        "-",
        "-0",
        "01",
        "1.",
        "1.5",
        ".5",
        "1e5",
        "1e",
        "1E+5",
        "+1",
        "true",
        "false",
        "null",
        "nul",
        "NaN",
        "-Infinity",
        " ",
        "\n",
        "\u00a0",
        "\0",
        "//",
        "/**/",
    ];

    [Fact]
    public void What_is_taken_for_JSON_is_what_the_runtime_takes_for_it()
    {
        int taken = 0;
        for (int seed = 0; seed < 40_000; seed++)
        {
            byte[] json = Text(new SeededValues(seed));
            bool isJson = IsJson(json);
            Assert.True(isJson == IsTaken(json), $"Seed {seed}: {Encoding.UTF8.GetString(json)}");
            taken += isJson ? 1 : 0;
        }
        Assert.InRange(taken, 4_000, 36_000);
    }

    [Theory]
    [InlineData("[NaN,Infinity,-Infinity,1]", true)]
    [InlineData("""{"a":NaN}""", true)]
    [InlineData("[1NaN]", false)]
    [InlineData("[--Infinity]", false)]
    [InlineData("[-NaN]", false)]
    [InlineData("[NaNs]", false)]
    [InlineData("{NaN:1}", false)]
    [InlineData("[nan]", false)]
    public void Numbers_that_are_not_JSON_are_taken_where_that_is_wanted_alone(string json, bool isTaken)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(json);
        Assert.False(IsTaken(bytes));
        Assert.Equal(isTaken, IsTaken(bytes, []));
    }

    /// <summary>Pieces of JSON in a row, or JSON with a damage.</summary>
    private static byte[] Text(SeededValues random)
    {
        if (random.OneIn(3))
            return Encoding.UTF8.GetBytes(
                string.Concat(Enumerable.Range(0, 1 + random.Below(8)).Select(_ => random.Of(Pieces)))
            );
        byte[] json = Encoding.UTF8.GetBytes(Value(random, 0).Write(random));
        if (random.OneIn(2))
            return json;
        int at = random.Below(json.Length);
        byte[] piece = Encoding.UTF8.GetBytes(random.Of(Pieces));
        return random.OneIn(2) ? [.. json[..at], .. piece, .. json[at..]] : [.. json[..at], .. json[(at + 1)..]];
    }

    private static JsonTree Value(SeededValues random, int depth) =>
        random.Below(depth > MaxDepth ? 2 : 4) switch
        {
            0 => JsonTree.Scalar(random.Of(["1", "-0.5e-3", "true", "null", "0", "12345678901234567890"])),
            1 => JsonTree.Quote(random.Of(["", "a", "é\n", "\ud83d", "\"\\"]), random),
            2 => JsonTree.Array([.. Enumerable.Range(0, random.Below(3)).Select(_ => Value(random, depth + 1))]),
            _ => JsonTree.Object([
                .. Enumerable.Range(0, random.Below(3)).Select(i => ($"n{i}", Value(random, depth + 1))),
            ]),
        };

    private static bool IsJson(byte[] json)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = MaxDepth });
            return System.Text.Unicode.Utf8.IsValid(json);
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static bool IsTaken(byte[] json, List<Range>? bareNumbers = null)
    {
        try
        {
            CanonicalJson.RequireUtf8(json);
            var cursor = new JsonCursor(json, MaxDepth) { BareNumbers = bareNumbers };
            cursor.Peek();
            cursor.Skip();
            cursor.RequireEnd();
            return true;
        }
        catch (CanonicalFormException)
        {
            return false;
        }
    }
}
