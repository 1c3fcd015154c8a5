using System.Text;
using DeterministicInference.Engine.Scheduling;
using Xunit;

namespace DeterministicInference.Engine.Tests.Scheduling;

/// <summary>Bytes to text: stop texts, characters and their borders.</summary>
public sealed class TextAssemblerTests
{
    [Fact]
    public void A_stop_text_across_tokens_is_cut_off()
    {
        (List<string> pieces, bool stopped) = Assemble(["END"], "one E", "N", "D two");

        Assert.Equal(["one ", "", "", ""], pieces);
        Assert.True(stopped);
    }

    [Fact]
    public void What_may_become_a_stop_text_waits_and_comes_when_it_does_not()
    {
        (List<string> pieces, bool stopped) = Assemble(["END"], "one E", "N", "x", "E");

        Assert.Equal(["one ", "", "ENx", "", "E"], pieces);
        Assert.False(stopped);
    }

    [Fact]
    public void A_stop_text_that_repeats_its_beginning_is_found()
    {
        (List<string> pieces, bool stopped) = Assemble(["aab"], "xa", "a", "a", "b");

        Assert.Equal("xa", string.Concat(pieces));
        Assert.True(stopped);
    }

    [Theory]
    [InlineData("abc|b", "xabcd", "xa")]
    [InlineData("bcd|cd|d", "abcd", "a")]
    [InlineData("abcd|bc", "abcd", "a")]
    [InlineData("ab|abc", "abcd", "")]
    [InlineData("zz|", "abcd", "abcd")]
    public void Of_several_stop_texts_the_one_completed_first_counts(string stops, string text, string expected)
    {
        string[] parts = stops.Split('|', StringSplitOptions.RemoveEmptyEntries);

        Assert.Equal(expected, string.Concat(Assemble(parts, text).Pieces));
        Assert.Equal(expected, string.Concat(Assemble(parts, [.. text.Select(c => c.ToString())]).Pieces));
    }

    [Fact]
    public void A_character_comes_whole_wherever_its_bytes_are_split()
    {
        const string text = "aé€😀z";
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        for (int cut = 0; cut <= bytes.Length; cut++)
        {
            var assembler = new TextAssembler([]);
            string first = assembler.Add(bytes.AsSpan(0, cut)),
                second = assembler.Add(bytes.AsSpan(cut));

            Assert.Equal(text, first + second + assembler.Finish());
            Assert.DoesNotContain('\uFFFD', first + second);
            Assert.False(first.Length > 0 && char.IsHighSurrogate(first[^1]));
        }
    }

    [Fact]
    public void Incomplete_bytes_at_the_end_become_one_replacement_character()
    {
        var assembler = new TextAssembler([]);

        Assert.Equal("a", assembler.Add([(byte)'a', 0xF0, 0x9F]));
        Assert.Equal("\uFFFD", assembler.Finish());
    }

    [Fact]
    public void A_stop_text_may_end_in_the_replacement_character_of_incomplete_bytes()
    {
        var assembler = new TextAssembler(["b\uFFFD"]);

        Assert.Equal("a", assembler.Add([(byte)'a', (byte)'b', 0xE2]));
        Assert.Equal("", assembler.Finish());
        Assert.True(assembler.Stopped);
    }

    [Fact]
    public void A_token_of_many_bytes_is_no_problem()
    {
        string text = string.Concat(Enumerable.Repeat("dé€😀", 500));

        Assert.Equal(text, string.Concat(Assemble(["never"], text).Pieces));
    }

    /// <summary>Random bytes, valid and invalid, cut at random, with stop texts that overlap.</summary>
    [Fact]
    public void The_text_does_not_depend_on_the_cut_into_tokens()
    {
        string[] alphabet = ["a", "b", "c", "é", "€", "😀", "\uFFFD"];
        int stoppedCases = 0;
        for (ulong trial = 0; trial < 3000; trial++)
        {
            var bytes = new List<byte>();
            for (int i = 0; i < 30; i++)
            {
                int pick = SeededValues.Below(alphabet.Length + 1, trial, i);
                if (pick < alphabet.Length)
                    bytes.AddRange(Encoding.UTF8.GetBytes(alphabet[pick]));
                else
                    bytes.Add((byte)SeededValues.Word(trial, 100 + i));
            }
            string[] stops =
            [
                .. Enumerable.Range(0, (int)(trial % 4)).Select(s => RandomStop(alphabet, trial, 200 + 10 * s)),
            ];

            (string whole, bool stoppedWhole) = Run(stops, bytes, _ => bytes.Count);
            (string single, bool stoppedSingle) = Run(stops, bytes, _ => 1);
            (string random, bool stoppedRandom) = Run(stops, bytes, i => 1 + SeededValues.Below(7, trial, 500 + i));

            Assert.Equal((whole, stoppedWhole), (single, stoppedSingle));
            Assert.Equal((whole, stoppedWhole), (random, stoppedRandom));
            Assert.All(stops, stop => Assert.DoesNotContain(stop, whole, StringComparison.Ordinal));
            if (stoppedWhole)
                stoppedCases++;
            else
                Assert.Equal(Encoding.UTF8.GetString([.. bytes]), whole);
        }

        Assert.InRange(stoppedCases, 500, 2500);
    }

    private static string RandomStop(string[] alphabet, ulong trial, int index) =>
        string.Concat(
            Enumerable
                .Range(0, 1 + SeededValues.Below(4, trial, index))
                .Select(i => alphabet[SeededValues.Below(alphabet.Length, trial, index + 1 + i)])
        );

    private static (string Text, bool Stopped) Run(string[] stops, List<byte> bytes, Func<int, int> cut)
    {
        var assembler = new TextAssembler(stops);
        var text = new StringBuilder();
        for (int i = 0; i < bytes.Count && !assembler.Stopped; )
        {
            int length = Math.Min(cut(i), bytes.Count - i);
            text.Append(assembler.Add([.. bytes.GetRange(i, length)]));
            i += length;
        }
        text.Append(assembler.Finish());
        return (text.ToString(), assembler.Stopped);
    }

    private static (List<string> Pieces, bool Stopped) Assemble(string[] stops, params string[] tokens)
    {
        var assembler = new TextAssembler(stops);
        var pieces = new List<string>();
        foreach (string token in tokens)
        {
            if (assembler.Stopped)
                break;
            pieces.Add(assembler.Add(Encoding.UTF8.GetBytes(token)));
        }
        pieces.Add(assembler.Finish());
        return (pieces, assembler.Stopped);
    }
}
