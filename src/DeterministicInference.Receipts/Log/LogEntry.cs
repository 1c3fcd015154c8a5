using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using DeterministicInference.Receipts.Signing;

namespace DeterministicInference.Receipts.Log;

/// <summary>
/// A line of the log: <c>dis-log/1 open ORIGIN SPKI</c> (base64) or <c>dis-log/1 receipt DIGEST</c> (SHA-256 of the
/// signed payload, hexadecimal), with its line feed. It has no text of a request or an answer, and no signature.
/// </summary>
public sealed class LogEntry
{
    private const string Form = "dis-log/1";

    private LogEntry(string line) => Bytes = Encoding.ASCII.GetBytes(line + "\n");

    /// <summary>The line with its line feed, ASCII.</summary>
    public ReadOnlyMemory<byte> Bytes { get; }

    /// <summary>The leaf of the tree.</summary>
    public Sha256Value Leaf => MerkleHash.Leaf(Bytes.Span);

    /// <summary>The SHA-256 of the signed payload; null for another kind.</summary>
    public Sha256Value? PayloadDigest { get; private init; }

    /// <summary>The first line of a log.</summary>
    /// <exception cref="ArgumentException">The origin is not valid.</exception>
    public static LogEntry Open(string origin, VerificationKey key)
    {
        ArgumentNullException.ThrowIfNull(key);
        if (!LogOrigin.IsValid(origin))
            throw new ArgumentException("The origin of a log is visible ASCII without '+'.", nameof(origin));
        return new LogEntry($"{Form} open {origin} {Convert.ToBase64String(key.Spki.Span)}");
    }

    /// <summary>The line of a receipt.</summary>
    public static LogEntry Receipt(ReadOnlySpan<byte> payload) => Receipt(Sha256Value.Of(payload));

    /// <summary>The line of a receipt, by the SHA-256 of its payload.</summary>
    public static LogEntry Receipt(Sha256Value payloadDigest) =>
        new($"{Form} receipt {payloadDigest}") { PayloadDigest = payloadDigest };

    /// <summary>Reads the first line of a log; false for any other bytes.</summary>
    /// <param name="line">With its line feed.</param>
    /// <param name="origin">The log's name.</param>
    /// <param name="key">Its key.</param>
    public static bool TryParseOpen(
        ReadOnlySpan<byte> line,
        [NotNullWhen(true)] out string? origin,
        [NotNullWhen(true)] out VerificationKey? key
    )
    {
        (origin, key) = (null, null);
        string[] words = Encoding.ASCII.GetString(line).Split(' ');
        if (
            words is not [Form, "open", { } name, { } spki]
            || !LogOrigin.IsValid(name)
            || !spki.EndsWith('\n')
            || !Base64Text.TryDecodeStandard(spki[..^1], out byte[]? bytes)
        )
            return false;
        try
        {
            (origin, key) = (name, VerificationKey.FromSpki(bytes));
            return true;
        }
        catch (CryptographicException)
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
