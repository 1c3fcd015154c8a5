namespace DeterministicInference.Engine.Forward;

/// <summary>One token of a forward pass.</summary>
/// <param name="Token">Its id.</param>
/// <param name="Position">
/// Its place in its sequence, from 0. Earlier positions are in the cache or in the same batch.
/// </param>
/// <param name="Cache">The sequence's keys and values, with room for the position.</param>
/// <param name="WantsLogits">Whether the next token's logits are asked for.</param>
internal readonly record struct BatchRow(int Token, int Position, KeyValueCache Cache, bool WantsLogits);
