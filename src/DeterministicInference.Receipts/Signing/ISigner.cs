namespace DeterministicInference.Receipts.Signing;

/// <summary>Signs with one Ed25519 key, which it may keep elsewhere. Safe for use by several threads.</summary>
internal interface ISigner : IDisposable
{
    /// <summary>The public half of the key.</summary>
    VerificationKey PublicKey { get; }

    /// <summary>
    /// A signature of <paramref name="data"/>: 64 bytes, which <see cref="PublicKey"/> verifies. A signer that can't
    /// give one throws an exception of its own.
    /// </summary>
    byte[] Sign(ReadOnlySpan<byte> data);
}
