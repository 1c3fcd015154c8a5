using System.Security.Cryptography;
using System.Text.Json;
using DeterministicInference.Receipts.Json;
using DeterministicInference.Receipts.Log;
using DeterministicInference.Receipts.Signing;
using DeterministicInference.Receipts.Statements;
using DeterministicInference.Receipts.Verification;

namespace DeterministicInference.Receipts.Trust;

/// <summary>A key that a receipt is checked with, and the name of its log if that is given too.</summary>
/// <param name="Key">The key.</param>
/// <param name="Log">The log's name and key; null for the key under any name.</param>
internal sealed record TrustedKey(VerificationKey Key, NoteKey? Log)
{
    /// <summary>How long the key is good; null for ever.</summary>
    public KeyLimit? Limit { get; init; }

    /// <summary>Reads a log's verifier key that came with a receipt or from a server; null for none.</summary>
    /// <exception cref="ReceiptFormatException">It is no verifier key.</exception>
    public static TrustedKey? Read(string? vkey)
    {
        if (vkey is null)
            return null;
        try
        {
            return Of(NoteKey.Parse(vkey));
        }
        catch (LogFormatException e)
        {
            throw new ReceiptFormatException("vkey", $"can't be read: {e.Message.TrimEnd('.')}");
        }
    }

    /// <summary>The key of a log.</summary>
    public static TrustedKey Of(NoteKey log) => new(log.Key, log);

    /// <summary>
    /// Reads keys: verifier keys, one per line, public keys in PEM, or what a server tells of its key
    /// (<c>GET /v1/receipts/key</c>).
    /// </summary>
    /// <returns>One key or more.</returns>
    /// <exception cref="FormatException">There is none, or something else.</exception>
    public static IReadOnlyList<TrustedKey> OfText(string text)
    {
        text = text.Trim();
        try
        {
            TrustedKey[] keys =
                text is ['{', ..] ? [Told(text)]
                : text.Contains("-----BEGIN", StringComparison.Ordinal)
                    ? [.. Blocks(text).Select(pem => new TrustedKey(VerificationKey.FromPem(pem), null))]
                :
                [
                    .. text.Split('\n')
                        .Select(line => line.Trim())
                        .Where(line => line.Length > 0)
                        .Select(line => Read(line)!),
                ];
            return keys.Length > 0 ? keys : throw new FormatException("a key is missing");
        }
        catch (Exception e) when (e is CryptographicException or ReceiptFormatException or JsonException)
        {
            throw new FormatException("a key is neither a verifier key (ORIGIN+ID+BASE64) nor in PEM", e);
        }
    }

    /// <summary>
    /// The key that a receipt's checkpoint names; the first one if it names none of them, so that the verifier says so.
    /// </summary>
    /// <param name="trusted">One key or more.</param>
    /// <param name="receipt">The receipt.</param>
    public static TrustedKey Named(IReadOnlyList<TrustedKey> trusted, Receipt receipt)
    {
        try
        {
            SignedNote note = SignedNote.Parse(TlogProof.Parse(receipt.Proof).Checkpoint);
            string origin = Checkpoint.Parse(note.Text).Origin;
            if (!LogOrigin.IsValid(origin))
                return trusted[0];
            HashSet<uint> ids =
            [
                .. note.Signatures.Where(signature => signature.Name == origin).Select(signature => signature.KeyId),
            ];
            return trusted.FirstOrDefault(key =>
                    (key.Log is null || key.Log.Name == origin)
                    && ids.Contains((key.Log ?? new NoteKey(origin, key.Key)).Id)
                ) ?? trusted[0];
        }
        catch (LogFormatException)
        {
            // The verifier reports this.
            return trusted[0];
        }
    }

    private static TrustedKey Told(string json)
    {
        using JsonDocument document = JsonDocument.Parse(json);
        return Read(ForeignText.GetStringOrNull(document.RootElement, "vkey"))
            ?? throw new FormatException("a key is missing");
    }

    private static IEnumerable<string> Blocks(string text)
    {
        int at = 0;
        while (PemEncoding.TryFind(text.AsSpan(at), out PemFields fields))
        {
            (int start, int length) = fields.Location.GetOffsetAndLength(text.Length - at);
            at += start + length;
            yield return text[(at - length)..at];
        }
        // What is left of a file that holds keys is none.
        if (text.AsSpan(at).Contains("-----BEGIN", StringComparison.Ordinal))
            throw new FormatException("a key is missing");
    }

    /// <summary>Whether it is the same key, of logs that may be the same.</summary>
    public bool IsSame(TrustedKey other) =>
        Key.KeyId == other.Key.KeyId && (Log is null || other.Log is null || Log.Name == other.Log.Name);

    /// <summary>Whether it is the key of a log, under its name if one is given.</summary>
    public bool Is(NoteKey log) => (Log?.Name ?? log.Name, Key.KeyId) == (log.Name, log.Key.KeyId);
}
