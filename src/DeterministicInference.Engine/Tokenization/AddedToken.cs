namespace DeterministicInference.Engine.Tokenization;

/// <summary>A token that is recognised in text as a whole, before any splitting.</summary>
/// <param name="Id">Token id.</param>
/// <param name="Content">The text that stands for it.</param>
/// <param name="IsSpecial">Whether it is a control token: it carries no text of its own in an answer.</param>
internal sealed record AddedToken(int Id, string Content, bool IsSpecial);
