using System.Security.Cryptography;
using System.Text;
using DeterministicInference.Receipts;
using DeterministicInference.Receipts.Log;
using DeterministicInference.Receipts.Signing;
using DeterministicInference.Receipts.Verification;

namespace DeterministicInference.Server.Verification;

/// <summary>A key that a receipt is checked with, and the name of its log if that is given too.</summary>
/// <param name="Key">The key.</param>
/// <param name="Log">The log's name and key; null for the key under any name.</param>
internal sealed record PublicKeyInput(VerificationKey Key, NoteKey? Log)
{
    /// <summary>Reads a log's verifier key that came with a receipt or from a server; null for none.</summary>
    /// <exception cref="ReceiptFormatException">It is no verifier key.</exception>
    public static PublicKeyInput? Read(string? vkey)
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
    public static PublicKeyInput Of(NoteKey log) => new(log.Key, log);

    /// <summary>Reads a key that the user trusts: a verifier key, or a public key in PEM.</summary>
    /// <exception cref="InputException">It is no key.</exception>
    public static PublicKeyInput ReadFile(string path)
    {
        string text = Encoding.UTF8.GetString(InputFile.Read(path)).Trim();
        try
        {
            if (!text.StartsWith("-----", StringComparison.Ordinal) && text.Contains('+', StringComparison.Ordinal))
                return Read(text)!;
            return new PublicKeyInput(VerificationKey.FromPem(text), null);
        }
        catch (Exception e) when (e is CryptographicException or FormatException or ReceiptFormatException)
        {
            throw new InputException(
                $"{path}: holds neither a verifier key (ORIGIN+ID+BASE64) nor an Ed25519 public key in PEM (-----BEGIN "
                    + "PUBLIC KEY-----), as GET /v1/receipts/key has them."
            );
        }
    }

    /// <summary>Whether it is the key of a log, under its name if one is given.</summary>
    public bool Is(NoteKey log) => (Log?.Name ?? log.Name, Key.KeyId) == (log.Name, log.Key.KeyId);

    /// <summary>Checks a receipt with the key, which the verifier trusts.</summary>
    public VerificationResult Verify(ReceiptEvidence evidence) =>
        Log is { } log ? ReceiptVerifier.Verify(evidence, log) : ReceiptVerifier.Verify(evidence, Key);
}
