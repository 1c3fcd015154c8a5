namespace DeterministicInference.Engine.Tokenization;

/// <summary>What a <c>tokenizer.json</c> describes, ready for use.</summary>
/// <param name="Model">The byte-pair encoder.</param>
/// <param name="Ids">Vocabulary string → id.</param>
/// <param name="Contents">Id → vocabulary string.</param>
/// <param name="Bytes">Id → UTF-8 bytes that the token adds to a text.</param>
/// <param name="AddedTokens">Tokens recognised before splitting.</param>
/// <param name="Normalizers">Applied to the text in order.</param>
/// <param name="PreTokenizers">Applied to the pieces in order.</param>
/// <param name="Prefix">Ids in front of every text.</param>
/// <param name="Suffix">Ids behind every text.</param>
internal sealed record TokenizerParts(
    BpeModel Model,
    Dictionary<string, int> Ids,
    string[] Contents,
    byte[][] Bytes,
    IReadOnlyList<AddedToken> AddedTokens,
    IReadOnlyList<Func<string, string>> Normalizers,
    IReadOnlyList<PreTokenizer> PreTokenizers,
    IReadOnlyList<int> Prefix,
    IReadOnlyList<int> Suffix
);
