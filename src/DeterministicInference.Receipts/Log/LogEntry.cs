using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace DeterministicInference.Receipts.Log;

/// <summary>
/// A line of the log: <c>dis-log/2 open VKEY</c> (the log's verifier key) or <c>dis-log/2 receipt DIGEST</c> (SHA-256
/// of the statement, hexadecimal), with its line feed. It has no text of a request or an answer, and no signature.
/// </summary>
public sealed class LogEntry
{
    private const string Form = "dis-log/2";

    private LogEntry(string line) => Bytes = Encoding.ASCII.GetBytes(line + "\n");

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
        return new LogEntry($"{Form} open {key}");
    }

    /// <summary>The line of a receipt.</summary>
    public static LogEntry Receipt(ReadOnlySpan<byte> statement) => Receipt(Sha256Value.Of(statement));

    /// <summary>The line of a receipt, by the SHA-256 of its statement.</summary>
    public static LogEntry Receipt(Sha256Value statementDigest) =>
        new($"{Form} receipt {statementDigest}") { StatementDigest = statementDigest };

    /// <summary>Reads the first line of a log; false for any other bytes.</summary>
    /// <param name="line">With its line feed.</param>
    /// <param name="key">The log's name and key.</param>
    public static bool TryParseOpen(ReadOnlySpan<byte> line, [NotNullWhen(true)] out NoteKey? key)
    {
        const string Beginning = Form + " open ";
        key = null;
        string text = Encoding.ASCII.GetString(line);
        if (!text.StartsWith(Beginning, StringComparison.Ordinal) || !text.EndsWith('\n'))
            return false;
        try
        {
            key = NoteKey.Parse(text[Beginning.Length..^1]);
            return true;
        }
        catch (LogFormatException)
        {
            return false;
        }
    }

    /// <summary>Reads the line of a receipt; false for any other bytes.</summary>
    public static bool TryParseReceipt(ReadOnlySpan<byte> line, [NotNullWhen(true)] out LogEntry? entry)
    {
        const string Beginning = Form + " receipt ";
        entry = null;
        string text = Encoding.ASCII.GetString(line);
        if (!text.StartsWith(Beginning, StringComparison.Ordinal) || !text.EndsWith('\n'))
            return false;
        if (!Sha256Value.TryParse(text[Beginning.Length..^1], out Sha256Value digest))
            return false;
        entry = Receipt(digest);
        return true;
    }
}
