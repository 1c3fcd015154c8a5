using System.Security.Cryptography;
using System.Text;
using DeterministicInference.Receipts.Log;
using DeterministicInference.Receipts.Signing;
using DeterministicInference.Server.Native;

namespace DeterministicInference.Server.Witness;

/// <summary>
/// The two keys of a witness, Ed25519 and ML-DSA-44, under one name. They are created with the folder and sign
/// cosignatures only.
/// </summary>
internal sealed class WitnessKeys : IDisposable
{
    private readonly SigningKey _ed25519;
    private readonly MLDsa44SigningKey _mlDsa44;

    private WitnessKeys(string name, SigningKey ed25519, MLDsa44SigningKey mlDsa44)
    {
        (_ed25519, _mlDsa44) = (ed25519, mlDsa44);
        Cosigners = [new Cosigner(name, ed25519), new Cosigner(name, mlDsa44)];
    }

    /// <summary>Each makes a cosignature of its own.</summary>
    public IReadOnlyList<Cosigner> Cosigners { get; }

    /// <summary>The verifier keys, one per line.</summary>
    public string VerifierKeys => string.Concat(Cosigners.Select(cosigner => $"{cosigner.Key}\n"));

    /// <summary>Reads the keys of a folder; creates them if it has no file <c>vkey</c>.</summary>
    /// <param name="folder">The folder, which this process holds.</param>
    /// <param name="name">The required name; null for any.</param>
    /// <param name="mayCreate">Whether the folder has no state, so that new keys contradict nothing.</param>
    /// <exception cref="IOException">The keys are missing, damaged or readable by others.</exception>
    public static WitnessKeys Open(string folder, string? name, bool mayCreate)
    {
        string vkeys = Path.Combine(folder, "vkey"),
            ed25519 = Path.Combine(folder, "signing-key-ed25519.pem"),
            mlDsa44 = Path.Combine(folder, "signing-key-ml-dsa-44.pem");
        bool isNew = !File.Exists(vkeys);
        if (isNew && !mayCreate)
            throw new IOException($"--data-dir: {vkeys} is missing beside the witness's state. Restore it.");
        try
        {
            if (isNew)
            {
                // What a crash has left of keys that nobody has seen is used.
                if (!File.Exists(ed25519))
                    AtomicFile.Create(ed25519, NewEd25519());
                if (!File.Exists(mlDsa44))
                    AtomicFile.Create(mlDsa44, NewMLDsa44());
            }
            string stored = isNew ? "" : File.ReadAllText(vkeys);
            string used = isNew
                ? name ?? LogOrigin.Create(LogOrigin.DefaultName)
                : CosignerKey.Parse(stored.Split('\n')[0]).Name;
            if (name is not null && name != used)
            {
                throw new IOException(
                    $"--name: the witness in {folder} is named '{used}', and a witness keeps its name. Leave the "
                        + "option out, or give another --data-dir."
                );
            }
            var keys = new WitnessKeys(
                used,
                SigningKeyFile.Read(ed25519),
                MLDsa44SigningKey.FromPem(SigningKeyFile.ReadText(mlDsa44))
            );
            if (isNew)
                AtomicFile.Create(vkeys, Encoding.UTF8.GetBytes(keys.VerifierKeys));
            else if (stored != keys.VerifierKeys)
                throw new IOException(
                    $"--data-dir: {vkeys} names other keys than those beside it. Restore the folder."
                );
            return keys;
        }
        catch (Exception e) when (e is CryptographicException or LogFormatException or FileNotFoundException)
        {
            throw new IOException(
                $"--data-dir: the keys in {folder} can't be used: {e.Message.TrimEnd('.')}. Restore them, or begin a "
                    + "new witness in another --data-dir."
            );
        }
    }

    /// <summary>The cosignatures of a checkpoint.</summary>
    /// <exception cref="LogFormatException">It can't be cosigned.</exception>
    public IReadOnlyList<NoteSignature> Cosign(SignedNote note, long timestamp) =>
        [.. Cosigners.Select(cosigner => cosigner.Sign(note, timestamp))];

    public void Dispose()
    {
        _ed25519.Dispose();
        _mlDsa44.Dispose();
    }

    private static byte[] NewEd25519()
    {
        using SigningKey key = SigningKey.Create();
        return SigningKeyFile.Content(key);
    }

    private static byte[] NewMLDsa44()
    {
        using MLDsa44SigningKey key = MLDsa44SigningKey.Create();
        return Encoding.ASCII.GetBytes(key.ToPem() + "\n");
    }
}
