namespace DeterministicInference.Receipts.Verification;

/// <summary>A member of a request that the server set before the engine got it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Sent">
/// What the client sent, as JSON; of a long one the first bytes and <c>…</c>. Null where it sent none, or where the
/// request is not known.
/// </param>
/// <param name="Set">What the server set, as JSON.</param>
public sealed record PinnedMember(string Name, string? Sent, string Set);
