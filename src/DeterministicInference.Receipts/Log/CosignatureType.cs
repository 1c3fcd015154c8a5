namespace DeterministicInference.Receipts.Log;

/// <summary>The kinds of cosignatures (C2SP tlog-cosignature), by their signature type identifier bytes.</summary>
internal enum CosignatureType
{
    /// <summary>Ed25519 over the time and the whole text of the checkpoint.</summary>
    Ed25519 = 4,

    /// <summary>ML-DSA-44 (FIPS 204) over the cosigner's name, the time, and origin, size and root.</summary>
    MLDsa44 = 6,
}
