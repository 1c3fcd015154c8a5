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
    private static readonly JsonDocumentOptions Options = new() { AllowDuplicateProperties = false };

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
    /// Reads keys: verifier keys, one per line, and public keys in PEM, or what a server tells of its key
    /// (<c>GET /v1/receipts/key</c>).
    /// </summary>
    /// <returns>One key or more.</returns>
    /// <exception cref="FormatException">There is none, or something else too; the message names it.</exception>
    public static IReadOnlyList<TrustedKey> OfText(string text)
    {
        List<TrustedKey> keys = text.AsSpan().TrimStart() is ['{', ..] ? [Told(text)] : OfLines(text);
        return keys.Count > 0 ? keys : throw new FormatException("there is no key in it");
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
        try
        {
            using JsonDocument document = JsonDocument.Parse(json, Options);
            TrustedKey told =
                Read(ForeignText.GetStringOrNull(document.RootElement, "vkey"))
                ?? throw new FormatException("the JSON has no verifier key ('vkey')");
            // One of two keys would be passed over.
            return
                ForeignText.GetStringOrNull(document.RootElement, "pem") is { } pem
                && !(OfLines(pem) is [var same] && same.Key.KeyId == told.Key.KeyId)
                ? throw new FormatException("the JSON has another key in 'pem' than in 'vkey'")
                : told;
        }
        catch (Exception e) when (e is JsonException or ReceiptFormatException)
        {
            throw new FormatException($"the JSON can't be read: {e.Message.TrimEnd('.')}", e);
        }
    }

    /// <summary>All lines are keys: what is no key may be meant to be one.</summary>
    private static List<TrustedKey> OfLines(string text)
    {
        List<TrustedKey> keys = [];
        string[] lines = text.Split('\n');
        for (int at = 0, first; at < lines.Length; at++)
        {
            first = at;
            if (lines[at].AsSpan().TrimStart().StartsWith("-----BEGIN", StringComparison.Ordinal))
            {
                while (at + 1 < lines.Length && !lines[at].Contains("-----END", StringComparison.Ordinal))
                    at++;
            }
            string key = string.Join('\n', lines[first..(at + 1)]).Trim();
            if (key.Length > 0)
                keys.Add(OfLine(key) ?? throw NoKey(first + 1));
        }
        return keys;
    }

    /// <summary>A verifier key, or the lines of a key in PEM; null for anything else.</summary>
    private static TrustedKey? OfLine(string text)
    {
        try
        {
            if (!PemEncoding.TryFind(text, out PemFields fields))
                return Read(text);
            return text[fields.Location] == text ? new TrustedKey(VerificationKey.FromPem(text), null) : null;
        }
        catch (Exception e) when (e is CryptographicException or ReceiptFormatException)
        {
            return null;
        }
    }

    private static FormatException NoKey(int line) =>
        new(
            $"line {line} is neither a verifier key (ORIGIN+ID+BASE64) nor an Ed25519 public key in PEM (-----BEGIN "
                + "PUBLIC KEY-----), as GET /v1/receipts/key has them"
        );

    /// <summary>Whether it is the same key, of logs that may be the same.</summary>
    public bool IsSame(TrustedKey other) =>
        Key.KeyId == other.Key.KeyId && (Log is null || other.Log is null || Log.Name == other.Log.Name);

    /// <summary>Whether it is the key of a log, under its name if one is given.</summary>
    public bool Is(NoteKey log) => (Log?.Name ?? log.Name, Key.KeyId) == (log.Name, log.Key.KeyId);
}
