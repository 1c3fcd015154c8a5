namespace DeterministicInference.Receipts.Tokens;

/// <summary>A place in the generated tokens.</summary>
/// <param name="Choice">Index of the choice, from 0.</param>
/// <param name="Token">Number of the token in it, from 0.</param>
public readonly record struct TokenPlace(int Choice, int Token);
