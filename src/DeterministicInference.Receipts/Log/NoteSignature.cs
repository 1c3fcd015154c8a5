namespace DeterministicInference.Receipts.Log;

/// <summary>A signature line of a note.</summary>
/// <param name="Name">Of the signer.</param>
/// <param name="KeyId">The four bytes that tell the signer's keys apart. A hint: nothing is trusted because of it.</param>
/// <param name="Signature">What the key has made, without the key id.</param>
public sealed record NoteSignature(string Name, uint KeyId, ReadOnlyMemory<byte> Signature);
