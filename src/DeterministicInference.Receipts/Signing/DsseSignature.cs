namespace DeterministicInference.Receipts.Signing;

/// <summary>A signature of an envelope.</summary>
/// <param name="KeyId">A hint which key it is by: not signed, never trusted.</param>
/// <param name="Signature">ASN.1 DER. Signatures are randomised and malleable: nothing may hash or compare one.</param>
public sealed record DsseSignature(string KeyId, ReadOnlyMemory<byte> Signature);
