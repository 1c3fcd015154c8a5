using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace DeterministicInference.Receipts.Log;

/// <summary>
/// A line of a log of receipts, with its line feed. It has no text of a request or an answer, and no signature.
/// <list type="bullet">
/// <item><c>dis-log/2 open VKEY</c>, the first: the log's verifier key.</item>
/// <item><c>dis-log/2 after VKEY ENTRIES ROOT</c>, the second of a log that follows another one: how that one
/// ended.</item>
/// <item><c>dis-log/2 receipt DIGEST</c>: SHA-256 of the statement, hexadecimal.</item>
/// <item><c>dis-log/2 close VKEY</c> or <c>dis-log/2 revoke VKEY</c>, the last: the log that follows.</item>
/// </list>
/// </summary>
internal sealed class LogEntry
{
    private const string Form = "dis-log/2 ",
        OpenWord = "open",
        AfterWord = "after",
        ReceiptWord = "receipt",
        CloseWord = "close",
        RevokeWord = "revoke";

    private LogEntry(string line) => Bytes = Encoding.ASCII.GetBytes(Form + line + "\n");

    /// <summary>The line with its line feed, ASCII.</summary>
    public ReadOnlyMemory<byte> Bytes { get; }

    /// <summary>The leaf of the tree.</summary>
    public Sha256Value Leaf => MerkleHash.Leaf(Bytes.Span);

    /// <summary>The SHA-256 of the statement; null for another kind.</summary>
    public Sha256Value? StatementDigest { get; private init; }

    /// <summary>The first line of a log.</summary>
    public static LogEntry Open(NoteKey key)
    {
        ArgumentNullException.ThrowIfNull(key);
        return new LogEntry($"{OpenWord} {key}");
    }

    /// <summary>The second line of a log that follows another one.</summary>
    public static LogEntry After(LogPredecessor predecessor)
    {
        ArgumentNullException.ThrowIfNull(predecessor);
        string root = Convert.ToBase64String(predecessor.Root.ToArray());
        return new LogEntry(
            string.Create(CultureInfo.InvariantCulture, $"{AfterWord} {predecessor.Key} {predecessor.Size} {root}")
        );
    }

    /// <summary>The line of a receipt.</summary>
    public static LogEntry Receipt(ReadOnlySpan<byte> statement) => Receipt(Sha256Value.Of(statement));

    /// <summary>The line of a receipt, by the SHA-256 of its statement.</summary>
    public static LogEntry Receipt(Sha256Value statementDigest) =>
        new($"{ReceiptWord} {statementDigest}") { StatementDigest = statementDigest };

    /// <summary>The last line of a log.</summary>
    public static LogEntry Close(LogEnd end)
    {
        ArgumentNullException.ThrowIfNull(end);
        return new LogEntry($"{(end.IsRevoked ? RevokeWord : CloseWord)} {end.Next}");
    }

    /// <summary>Reads the first line of a log; false for any other bytes.</summary>
    /// <param name="line">With its line feed.</param>
    /// <param name="key">The log's name and key.</param>
    public static bool TryParseOpen(ReadOnlySpan<byte> line, [NotNullWhen(true)] out NoteKey? key)
    {
        key = Words(line) is [OpenWord, var vkey] ? KeyOf(vkey) : null;
        return key is not null && Is(line, Open(key));
    }

    /// <summary>Reads the line of a log that follows another one; false for any other bytes.</summary>
    public static bool TryParseAfter(ReadOnlySpan<byte> line, [NotNullWhen(true)] out LogPredecessor? predecessor)
    {
        predecessor =
            Words(line) is [AfterWord, var vkey, var entries, var hash]
            && KeyOf(vkey) is { } key
            && long.TryParse(entries, NumberStyles.None, CultureInfo.InvariantCulture, out long size)
            && Base64Text.TryDecodeStandard(hash, out byte[]? root)
            && root.Length == Sha256Value.Size
                ? new LogPredecessor(key, size, new Sha256Value(root))
                : null;
        return predecessor is not null && Is(line, After(predecessor));
    }

    /// <summary>Reads the line of a receipt; false for any other bytes.</summary>
    public static bool TryParseReceipt(ReadOnlySpan<byte> line, [NotNullWhen(true)] out LogEntry? entry)
    {
        entry =
            Words(line) is [ReceiptWord, var hex] && Sha256Value.TryParse(hex, out Sha256Value digest)
                ? Receipt(digest)
                : null;
        return entry is not null && Is(line, entry);
    }

    /// <summary>Reads the last line of a log; false for any other bytes.</summary>
    public static bool TryParseClose(ReadOnlySpan<byte> line, [NotNullWhen(true)] out LogEnd? end)
    {
        end =
            Words(line) is [CloseWord or RevokeWord, var vkey] words && KeyOf(vkey) is { } key
                ? new LogEnd(key, words[0] == RevokeWord)
                : null;
        return end is not null && Is(line, Close(end));
    }

    /// <summary>Checks that a line may stand at its place.</summary>
    /// <param name="line">With its line feed.</param>
    /// <param name="index">Its index.</param>
    /// <param name="size">Entries of the log.</param>
    /// <param name="key">The log's name and key.</param>
    /// <returns>A clause about the entry that says what is wrong; null if nothing is.</returns>
    public static string? ProblemAt(ReadOnlySpan<byte> line, long index, long size, NoteKey key)
    {
        if (index == 0)
            return Is(line, Open(key)) ? null : "does not open this log with this key";
        if (TryParseReceipt(line, out _))
            return null;
        if (TryParseAfter(line, out _))
            return index == 1 ? null : "names a log before this one, which only the second entry does";
        if (TryParseClose(line, out _))
            return index == size - 1 ? null : "closes the log, and others follow it";
        return "is no line of a log of receipts";
    }

    private static bool Is(ReadOnlySpan<byte> line, LogEntry entry) => line.SequenceEqual(entry.Bytes.Span);

    private static string[] Words(ReadOnlySpan<byte> line)
    {
        string text = Encoding.ASCII.GetString(line);
        return text.StartsWith(Form, StringComparison.Ordinal) && text.EndsWith('\n')
            ? text[Form.Length..^1].Split(' ')
            : [];
    }

    private static NoteKey? KeyOf(string vkey)
    {
        try
        {
            return NoteKey.Parse(vkey);
        }
        catch (LogFormatException)
        {
            return null;
        }
    }
}
