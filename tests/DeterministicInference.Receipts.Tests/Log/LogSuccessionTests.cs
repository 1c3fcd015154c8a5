using System.Text;
using DeterministicInference.Receipts.Log;
using DeterministicInference.Receipts.Signing;
using Xunit;

namespace DeterministicInference.Receipts.Tests.Log;

/// <summary>How one log ends and the next begins.</summary>
public sealed class LogSuccessionTests : IDisposable
{
    private readonly SigningKey _key = SigningKey.Create(),
        _nextKey = SigningKey.Create();

    private NoteKey Key => new("log.example/1", _key.PublicKey);

    private NoteKey Next => new("log.example/2", _nextKey.PublicKey);

    [Fact]
    public void Vectors()
    {
        NoteKey published = NoteKey.Parse(LogEntryTests.PublishedKey);
        LogEntry close = LogEntry.Close(new LogEnd(published, IsRevoked: false)),
            revoke = LogEntry.Close(new LogEnd(published, IsRevoked: true)),
            after = LogEntry.After(new LogPredecessor(published, 3, MerkleHash.Empty));
        Assert.Equal($"dis-log/2 close {published}\n", Text(close));
        Assert.Equal($"dis-log/2 revoke {published}\n", Text(revoke));
        Assert.Equal($"dis-log/2 after {published} 3 47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n", Text(after));
    }

    [Fact]
    public void The_lines_are_read_and_no_other()
    {
        foreach (LogEntry close in (LogEntry[])[Close(revokes: false), Close(revokes: true)])
        {
            Assert.True(LogEntry.TryParseClose(close.Bytes.Span, out LogEnd? end));
            Assert.Equal(
                (Next.ToString(), Text(close).Contains("revoke", StringComparison.Ordinal)),
                (end.Next.ToString(), end.IsRevoked)
            );
        }
        LogEntry after = After(3);
        Assert.True(LogEntry.TryParseAfter(after.Bytes.Span, out LogPredecessor? predecessor));
        Assert.True(predecessor.Is(Key, new Checkpoint(Key.Name, 3, MerkleHash.Empty)));
        Assert.False(predecessor.Is(Next, new Checkpoint(Next.Name, 3, MerkleHash.Empty)));
        Assert.False(predecessor.Is(Key, new Checkpoint(Key.Name, 4, MerkleHash.Empty)));
        Assert.False(predecessor.Is(Key, new Checkpoint(Key.Name, 3, Sha256Value.Of("x"u8))));

        // Every other byte at every place, and one more or less.
        foreach (LogEntry entry in (LogEntry[])[after, Close(false), Close(true), LogEntry.Open(Key)])
        {
            foreach (byte[] other in Neighbours(entry.Bytes.ToArray()))
                Assert.True(IsOther(other, entry), Encoding.Latin1.GetString(other));
        }
        Assert.False(IsLine(Encoding.ASCII.GetBytes(Text(after).Replace(" 3 ", " 03 ", StringComparison.Ordinal))));
        Assert.False(IsLine(Encoding.ASCII.GetBytes(Text(after).Replace(" 3 ", " -3 ", StringComparison.Ordinal))));
    }

    /// <summary>What may stand where.</summary>
    [Fact]
    public void Each_line_has_its_place()
    {
        LogEntry open = LogEntry.Open(Key),
            receipt = LogEntry.Receipt("x"u8);
        Assert.Null(Problem(open, 0, 1));
        Assert.NotNull(Problem(LogEntry.Open(Next), 0, 1));
        Assert.NotNull(Problem(receipt, 0, 1));
        Assert.NotNull(Problem(Close(false), 0, 1));
        Assert.NotNull(Problem(open, 1, 2));
        Assert.Null(Problem(receipt, 1, 2));
        Assert.Null(Problem(receipt, 7, 9));
        Assert.Null(Problem(After(3), 1, 9));
        Assert.NotNull(Problem(After(3), 2, 9));
        Assert.Null(Problem(Close(false), 8, 9));
        Assert.Null(Problem(Close(true), 8, 9));
        Assert.NotNull(Problem(Close(true), 7, 9));
        Assert.NotNull(LogEntry.ProblemAt("dis-log/2 else x\n"u8, 3, 9, Key));

        string? Problem(LogEntry entry, long index, long size) =>
            LogEntry.ProblemAt(entry.Bytes.Span, index, size, Key);
    }

    [Fact]
    public void A_revocation_is_signed_by_both_keys()
    {
        var revocation = new LogRevocation(Key, 7, Sha256Value.Of("root"u8), Next);
        string note = revocation.Sign(_key, _nextKey).ToString();
        LogRevocation read = LogRevocation.Verify(note);
        Assert.Equal(revocation.Text, read.Text);
        Assert.True(read.Covers(new Checkpoint(Key.Name, 7, Sha256Value.Of("root"u8))));
        Assert.False(read.Covers(new Checkpoint(Key.Name, 6, Sha256Value.Of("root"u8))));
        Assert.False(read.Covers(new Checkpoint(Key.Name, 7, Sha256Value.Of("other"u8))));
        Assert.False(read.Covers(new Checkpoint(Next.Name, 7, Sha256Value.Of("root"u8))));

        Assert.Throws<ArgumentException>(() => revocation.Sign(_nextKey, _key));
        SignedNote alone = SignedNote.Sign(revocation.Text, Key.Name, _key);
        Assert.Throws<LogFormatException>(() => LogRevocation.Verify(alone.ToString()));
        using SigningKey third = SigningKey.Create();
        Assert.Throws<LogFormatException>(() => LogRevocation.Verify(alone.SignedAlsoBy(Next.Name, third).ToString()));
        var itself = new LogRevocation(Key, 7, Sha256Value.Of("root"u8), Key);
        Assert.Throws<LogFormatException>(() => LogRevocation.Verify(itself.Sign(_key, _key).ToString()));

        byte[] bytes = Encoding.UTF8.GetBytes(note);
        foreach (byte[] other in Neighbours(bytes))
            Assert.Throws<LogFormatException>(() => LogRevocation.Verify(Encoding.UTF8.GetString(other)));
    }

    /// <summary>No checkpoint is a revocation, and no revocation a checkpoint, though one key signs both.</summary>
    [Fact]
    public void A_revocation_and_a_checkpoint_are_not_mistaken_for_each_other()
    {
        var revocation = new LogRevocation(Key, 7, MerkleHash.Empty, Next);
        Assert.Throws<LogFormatException>(() => Checkpoint.Parse(revocation.Text));
        var named = new NoteKey("dis-revoke/1", _key.PublicKey);
        SignedNote checkpoint = new Checkpoint(named.Name, 7, MerkleHash.Empty).Sign(_key);
        Assert.Throws<LogFormatException>(() => LogRevocation.Verify(checkpoint.ToString()));
    }

    public void Dispose()
    {
        _key.Dispose();
        _nextKey.Dispose();
    }

    private LogEntry Close(bool revokes) => LogEntry.Close(new LogEnd(Next, revokes));

    private LogEntry After(long size) => LogEntry.After(new LogPredecessor(Key, size, MerkleHash.Empty));

    private static string Text(LogEntry entry) => Encoding.ASCII.GetString(entry.Bytes.Span);

    private static bool IsLine(byte[] line) =>
        LogEntry.TryParseOpen(line, out _)
        || LogEntry.TryParseAfter(line, out _)
        || LogEntry.TryParseReceipt(line, out _)
        || LogEntry.TryParseClose(line, out _);

    /// <summary>Whether bytes are no line, or one that says something else, as another size does.</summary>
    private static bool IsOther(byte[] line, LogEntry entry) =>
        !IsLine(line)
        || (
            LogEntry.TryParseAfter(line, out LogPredecessor? other)
            && !LogEntry.After(other).Bytes.Span.SequenceEqual(entry.Bytes.Span)
        );

    private static IEnumerable<byte[]> Neighbours(byte[] line)
    {
        for (int at = 0; at < line.Length; at++)
        {
            foreach (
                byte other in (byte[])
                    [0, (byte)' ', (byte)'\n', (byte)'0', (byte)(line[at] ^ 1), (byte)(line[at] ^ 0x80)]
            )
            {
                if (other != line[at])
                    yield return [.. line[..at], other, .. line[(at + 1)..]];
            }
            yield return [.. line[..at], .. line[(at + 1)..]];
        }
        yield return [.. line, (byte)'\n'];
    }
}
