using System.Text;
using System.Text.Json.Nodes;
using DeterministicInference.Engine.Tokenization;
using Xunit;

namespace DeterministicInference.Engine.Tests.Tokenization;

/// <summary>Properties of encoding and decoding that hold for every text.</summary>
public sealed class BpeTokenizerTests
{
    private const int End = TokenizerFixture.ByteLevelWords;
    private const int Tool = End + 2;

    private static readonly BpeTokenizer Gpt2 = TokenizerFixture.Load(
        TokenizerFixture.ByteLevel(TokenizerFixture.ByteLevelStep(false, true))
    );
    private static readonly BpeTokenizer Unsplit = TokenizerFixture.Load(
        TokenizerFixture.ByteLevel(TokenizerFixture.ByteLevelStep(false, false))
    );

    [Fact]
    public void Any_unicode_text_comes_back_unchanged()
    {
        for (ulong trial = 0; trial < 500; trial++)
        {
            string text = RandomText(trial, 40);

            Assert.Equal(text, Gpt2.Decode(Gpt2.Encode(text)));
            Assert.Equal(text, Unsplit.Decode(Unsplit.Encode(text)));
        }
    }

    [Fact]
    public void An_unpaired_surrogate_is_the_replacement_character()
    {
        Assert.Equal("a\uFFFDb", Gpt2.Decode(Gpt2.Encode("a\uD83Db")));
        Assert.Equal("\uFFFD", Gpt2.Decode(Gpt2.Encode("\uDE00")));
    }

    /// <summary>
    /// Without splitting, against the textbook procedure: join the pair of lowest rank, leftmost first.
    /// </summary>
    [Fact]
    public void Merges_apply_in_the_order_of_their_rank()
    {
        string[] alphabet =
        [
            "h",
            "e",
            "t",
            " ",
            "a",
            "n",
            "d",
            "0",
            "1",
            "2",
            "3",
            "'",
            "l",
            "s",
            "\n",
            "😀",
            "é",
            "\uD800\uDC00",
        ];
        JsonObject json = TokenizerFixture.ByteLevel(TokenizerFixture.ByteLevelStep(false, false));
        for (ulong trial = 0; trial < 500; trial++)
        {
            string text = string.Concat(
                Enumerable.Range(0, 40).Select(i => alphabet[SeededValues.Below(alphabet.Length, trial, i)])
            );

            Assert.Equal(NaiveEncode(json, text), Unsplit.Encode(text));
        }
    }

    [Fact]
    public void The_spelling_of_a_control_token_in_user_text_stays_text()
    {
        const string text = "a<|end|>b";

        int[] user = Gpt2.Encode(text, recognizeSpecials: false),
            control = Gpt2.Encode(text, recognizeSpecials: true);

        Assert.DoesNotContain(End, user);
        Assert.Equal(text, Gpt2.Decode(user));
        Assert.Equal(['a', End, 'b'], control);
        Assert.Equal("ab", Gpt2.Decode(control));
    }

    [Fact]
    public void An_added_token_that_is_no_control_token_is_recognised_everywhere()
    {
        Assert.Equal([Tool], Gpt2.Encode("[tool]", recognizeSpecials: false));
        Assert.Equal("[tool]", Gpt2.Decode([Tool]));
        Assert.False(Gpt2.IsSpecial(Tool));
        Assert.True(Gpt2.IsSpecial(End));
    }

    [Fact]
    public void Tokens_are_found_by_their_spelling_and_ids_outside_the_vocabulary_are_empty()
    {
        Assert.Equal(End, Gpt2.Find("<|end|>"));
        Assert.Equal(257, Gpt2.Find("the"));
        Assert.Null(Gpt2.Find("absent"));
        Assert.Equal("the", Gpt2.Content(257));
        Assert.Equal("", Gpt2.Content(100_000));
        Assert.True(Gpt2.Bytes(-1).IsEmpty);
        Assert.True(Gpt2.Bytes(End).IsEmpty);
        Assert.Equal(Tool + 1, Gpt2.VocabularySize);
    }

    /// <summary>A quadratic algorithm would need hours.</summary>
    [Theory]
    [InlineData("the")]
    [InlineData("0")]
    [InlineData("<")]
    [InlineData("😀")]
    [InlineData("x")]
    public void A_long_text_without_spaces_is_encoded(string unit)
    {
        string text = string.Concat(Enumerable.Repeat(unit, 200_000 / unit.Length));

        Assert.Equal(text, Unsplit.Decode(Unsplit.Encode(text)));
        Assert.Equal(text, Gpt2.Decode(Gpt2.Encode(text)));
    }

    [Fact]
    public void Bytes_that_the_vocabulary_lacks_fall_back_or_become_the_unknown_token()
    {
        JsonObject json = TokenizerFixture.Metaspace("never", split: true);
        Assert.Equal([3, 0, 4], TokenizerFixture.Load(json).Encode("a€😀b"));

        JsonObject vocabulary = json["model"]!["vocab"]!.AsObject();
        foreach (byte value in Encoding.UTF8.GetBytes("€"))
            vocabulary[$"<0x{value:X2}>"] = vocabulary.Count;
        json["model"]!["byte_fallback"] = true;
        BpeTokenizer fallback = TokenizerFixture.Load(json);

        Assert.Equal([3, 9, 10, 11, 0, 4], fallback.Encode("a€😀b"));
        Assert.Equal("a€b", fallback.Decode([3, 9, 10, 11, 4]));

        json["model"]!["fuse_unk"] = false;
        Assert.Equal([3, 0, 0, 4], TokenizerFixture.Load(json).Encode("a😀😀b"));
    }

    private static string RandomText(ulong trial, int length)
    {
        var text = new StringBuilder();
        for (int i = 0; i < length; i++)
        {
            uint word = SeededValues.Word(trial, i);
            int scalar = (int)(
                (word % 4) switch
                {
                    0 => word >> 8 & 0x7F,
                    1 => word >> 8 & 0x7FF,
                    2 => word >> 8 & 0xFFFF,
                    _ => (word >> 8) % 0x110000,
                }
            );
            text.Append(Rune.IsValid(scalar) ? new Rune(scalar) : new Rune('-'));
        }
        return text.ToString();
    }

    private static int[] NaiveEncode(JsonObject json, string text)
    {
        JsonObject vocabulary = json["model"]!["vocab"]!.AsObject();
        (string, string)[] merges =
        [
            .. json["model"]!["merges"]!.AsArray().Select(merge => ((string)merge![0]!, (string)merge[1]!)),
        ];
        List<string> symbols = [.. Encoding.UTF8.GetBytes(text).Select(value => TokenizerFixture.Spell([value]))];
        while (true)
        {
            int best = int.MaxValue,
                place = -1;
            for (int i = 0; i + 1 < symbols.Count; i++)
            {
                int rank = Array.IndexOf(merges, (symbols[i], symbols[i + 1]));
                if (rank >= 0 && rank < best)
                    (best, place) = (rank, i);
            }
            if (place < 0)
                return [.. symbols.Select(symbol => (int)vocabulary[symbol]!)];
            symbols[place] += symbols[place + 1];
            symbols.RemoveAt(place + 1);
        }
    }
}
