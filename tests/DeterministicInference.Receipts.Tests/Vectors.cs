namespace DeterministicInference.Receipts.Tests;

/// <summary>The salt of all vectors of docs/determinism.md.</summary>
internal static class Vectors
{
    public static Salt Salt { get; } = new([.. Enumerable.Range(0, 32).Select(i => (byte)i)]);

    public static ReceiptSalts Salts { get; } = ReceiptSalts.Of(Salt);

    public static Salt TokenSalt { get; } = Salts[SaltLabel.Tokens]!;

    public static Salt PromptSalt { get; } = Salts[SaltLabel.Prompt]!;
}
