using System.Text;
using DeterministicInference.Receipts.Log;
using DeterministicInference.Receipts.Signing;
using Xunit;

namespace DeterministicInference.Receipts.Tests.Log;

/// <summary>The vectors of the log in docs/determinism.md.</summary>
public sealed class LogEntryTests
{
    public const string Origin = "log.example/a";

    /// <summary>The example of C2SP signed-note.</summary>
    public const string PublishedKey = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";

    [Fact]
    public void Vectors()
    {
        LogEntry open = LogEntry.Open(NoteKey.Parse(PublishedKey));
        LogEntry first = LogEntry.Receipt("""{"_type":"https://in-toto.io/Statement/v1"}"""u8);
        LogEntry second = LogEntry.Receipt("second"u8);

        Assert.Equal($"dis-log/2 open {PublishedKey}\n", Encoding.ASCII.GetString(open.Bytes.Span));
        Assert.Equal("5460349826b489138402988da651dc07497a044760b2944224d8e8265a2c304f", open.Leaf.ToString());
        Assert.Equal(
            "dis-log/2 receipt efd35cf5b72b5b9eeee4ee292f5d6b079191324b19ee9231892fb391c82c1d51\n",
            Encoding.ASCII.GetString(first.Bytes.Span)
        );
        Assert.Equal(83, first.Bytes.Length);
        Assert.Equal("d76a2459cafb9ff202184ad7e3f0dc562863b030cdaf95c261a51addd891eb96", first.Leaf.ToString());
        Assert.Equal("ed59a1bd511e6206a54e98bd4f441306ac3a1fa169bba33e9d9d39cd3e1aa2a7", second.Leaf.ToString());

        var tree = new MerkleTree();
        foreach (LogEntry entry in (LogEntry[])[open, first, second])
            tree.Append(entry.Leaf);
        Assert.Equal("4i4Hu/TWQnoyeZmxvjavBrlcUbn7WZ1nTyLeBVpdEn0=", Convert.ToBase64String(tree.Root.ToArray()));
        Assert.Equal([open.Leaf, second.Leaf], tree.Inclusion(1));
    }

    [Fact]
    public void The_first_line_is_read_and_no_other()
    {
        NoteKey key = NoteKey.Parse(PublishedKey);
        string line = Encoding.ASCII.GetString(LogEntry.Open(key).Bytes.Span);
        Assert.True(LogEntry.TryParseOpen(Encoding.ASCII.GetBytes(line), out NoteKey? read));
        Assert.Equal(PublishedKey, read.ToString());
        foreach (
            string other in (string[])
                [
                    line[..^1],
                    line + "\n",
                    " " + line,
                    line.Replace("open", "close", StringComparison.Ordinal),
                    line.Replace("/2", "/1", StringComparison.Ordinal),
                    line.Replace("foo", "bar", StringComparison.Ordinal),
                    line.Replace("Aeky", "Aekz", StringComparison.Ordinal),
                    "dis-log/2 open \n",
                    "",
                ]
        )
        {
            Assert.False(LogEntry.TryParseOpen(Encoding.ASCII.GetBytes(other), out _), other);
        }
    }

    [Fact]
    public void The_line_of_a_receipt_is_read_and_no_other()
    {
        LogEntry entry = LogEntry.Receipt("second"u8);
        string line = Encoding.ASCII.GetString(entry.Bytes.Span);
        Assert.True(LogEntry.TryParseReceipt(entry.Bytes.Span, out LogEntry? read));
        Assert.Equal(entry.Leaf, read.Leaf);
        Assert.Equal(Sha256Value.Of("second"u8), read.StatementDigest);
        foreach (
            string bad in (string[])
                [
                    "",
                    line[..^1],
                    line + "\n",
                    line.ToUpperInvariant(),
                    line.Replace("/2", "/3", StringComparison.Ordinal),
                    " " + line,
                ]
        )
        {
            Assert.False(LogEntry.TryParseReceipt(Encoding.ASCII.GetBytes(bad), out _), bad);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("a b")]
    [InlineData("a+b")]
    [InlineData("a\nb")]
    [InlineData("caf\u00e9")]
    public void An_origin_that_would_not_stay_one_word_is_refused(string origin)
    {
        using SigningKey key = SigningKey.Create();
        Assert.False(LogOrigin.IsValid(origin));
        Assert.False(LogOrigin.IsName(origin));
        Assert.Throws<ArgumentException>(() => new NoteKey(origin, key.PublicKey));
    }

    /// <summary>So that two logs of one name are two logs.</summary>
    [Fact]
    public void An_origin_is_the_name_and_a_random_part()
    {
        string origin = LogOrigin.Create("log.example/a");
        Assert.Matches("^log\\.example/a/[0-9a-f]{12}$", origin);
        Assert.NotEqual(origin, LogOrigin.Create("log.example/a"));
        Assert.True(LogOrigin.HasName(origin, "log.example/a"));
        Assert.False(LogOrigin.HasName(origin, "log.example"));
        Assert.False(LogOrigin.HasName(origin, "log.example/b"));
        string longest = new('a', LogOrigin.MaxNameLength);
        Assert.True(LogOrigin.IsName(longest) && LogOrigin.IsValid(LogOrigin.Create(longest)));
        Assert.False(LogOrigin.IsName(longest + "a"));
    }
}
