using System.Text;
using DeterministicInference.Receipts.Log;
using DeterministicInference.Receipts.Signing;
using Xunit;

namespace DeterministicInference.Receipts.Tests.Log;

/// <summary>The vectors of the log in docs/determinism.md.</summary>
public sealed class LogEntryTests
{
    public const string Origin = "log.example/a";

    [Fact]
    public void Vectors()
    {
        using VerificationKey key = VerificationKey.FromSpki(Convert.FromBase64String(RekorNote.Spki));
        LogEntry open = LogEntry.Open(Origin, key);
        LogEntry first = LogEntry.Receipt("""{"_type":"https://in-toto.io/Statement/v1"}"""u8);
        LogEntry second = LogEntry.Receipt("second"u8);

        Assert.Equal($"dis-log/1 open log.example/a {RekorNote.Spki}\n", Encoding.ASCII.GetString(open.Bytes.Span));
        Assert.Equal(154, open.Bytes.Length);
        Assert.Equal("71b545667e77627dd42a28d1de4c60714452a664185b4fefd43a369b91eeac1b", open.Leaf.ToString());
        Assert.Equal(
            "dis-log/1 receipt efd35cf5b72b5b9eeee4ee292f5d6b079191324b19ee9231892fb391c82c1d51\n",
            Encoding.ASCII.GetString(first.Bytes.Span)
        );
        Assert.Equal(83, first.Bytes.Length);
        Assert.Equal("8f417c294529cc69efcf7530fa7ee0b266784d153ea714de9b883218009fda43", first.Leaf.ToString());
        Assert.Equal("03362284321fa0e37fe2e51e050fc392f68a3feb35d4a15e4a5d51064a3236e4", second.Leaf.ToString());

        var tree = new MerkleTree();
        foreach (LogEntry entry in (LogEntry[])[open, first, second])
            tree.Append(entry.Leaf);
        Assert.Equal("4kvmiPmFFrf2bXY/BkPGJUSlqWpgHCPwgKpo+IyKFHE=", Convert.ToBase64String(tree.Root.ToArray()));
        IReadOnlyList<Tile> tiles = tree.TakeChanged();
        Assert.Equal([open.Leaf, second.Leaf], MerkleProof.Inclusion(1, 3, (_, _) => tiles[0].Hashes));
    }

    [Fact]
    public void The_first_line_is_read_and_no_other()
    {
        using VerificationKey key = VerificationKey.FromSpki(Convert.FromBase64String(RekorNote.Spki));
        string line = Encoding.ASCII.GetString(LogEntry.Open(Origin, key).Bytes.Span);
        Assert.True(
            LogEntry.TryParseOpen(Encoding.ASCII.GetBytes(line), out string? origin, out VerificationKey? read)
        );
        Assert.Equal((Origin, key.KeyId), (origin, read.KeyId));
        read.Dispose();
        foreach (
            string other in (string[])
                [
                    line[..^1],
                    line + "\n",
                    " " + line,
                    line.Replace("open", "close", StringComparison.Ordinal),
                    line.Replace("/1", "/2", StringComparison.Ordinal),
                    line.Replace(Origin, "a+b", StringComparison.Ordinal),
                    line.Replace("MFkw", "MFkx", StringComparison.Ordinal),
                    "dis-log/1 open \n",
                    "",
                ]
        )
        {
            Assert.False(LogEntry.TryParseOpen(Encoding.ASCII.GetBytes(other), out _, out _), other);
        }
    }

    [Fact]
    public void The_line_of_a_receipt_is_read_and_no_other()
    {
        LogEntry entry = LogEntry.Receipt("second"u8);
        string line = Encoding.ASCII.GetString(entry.Bytes.Span);
        Assert.True(LogEntry.TryParseReceipt(entry.Bytes.Span, out LogEntry? read));
        Assert.Equal(entry.Leaf, read.Leaf);
        Assert.Equal(Sha256Value.Of("second"u8), read.PayloadDigest);
        foreach (
            string bad in (string[])
                [
                    "",
                    line[..^1],
                    line + "\n",
                    line.ToUpperInvariant(),
                    line.Replace("/1", "/2", StringComparison.Ordinal),
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
        Assert.Throws<ArgumentException>(() => LogEntry.Open(origin, key.PublicKey));
        Assert.Throws<ArgumentException>(() => new NoteKey(origin, key.PublicKey));
    }

    [Fact]
    public void The_default_origin_names_the_key()
    {
        using VerificationKey key = VerificationKey.FromSpki(Convert.FromBase64String(RekorNote.Spki));
        Assert.Equal("deterministic-inference.local/c0d23d6a", LogOrigin.Default(key.KeyId));
        Assert.True(LogOrigin.IsValid(LogOrigin.Default(key.KeyId)));
    }
}
