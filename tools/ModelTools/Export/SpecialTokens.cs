namespace DeterministicInference.ModelTools.Export;

/// <summary>
/// The special tokens of every model that these tools write; a token's id is its position. A turn of a chat is a role
/// token, the text and <see cref="End"/>.
/// </summary>
internal static class SpecialTokens
{
    public const int Bos = 0;
    public const int End = 1;
    public const int System = 2;
    public const int User = 3;
    public const int Assistant = 4;

    /// <summary>Number of special tokens, which is also the id of the first ordinary token.</summary>
    public const int Count = 5;

    /// <summary>The texts by id.</summary>
    public static IReadOnlyList<string> Texts { get; } =
    ["<|bos|>", "<|end|>", "<|system|>", "<|user|>", "<|assistant|>"];
}
