using System.Text;
using DeterministicInference.Engine.Tokenization;

namespace DeterministicInference.Server.Engines.Embedded;

/// <summary>Names of single tokens in log-probabilities.</summary>
internal static class TokenPieces
{
    /// <summary>
    /// A control token's name; a token's text; or, where its bytes are not whole characters, <c>bytes:\xNN…</c>, as
    /// OpenAI writes them, so that different tokens never share a name.
    /// </summary>
    public static string Of(BpeTokenizer tokenizer, int token)
    {
        if (tokenizer.IsSpecial(token))
            return tokenizer.Content(token);
        ReadOnlySpan<byte> bytes = tokenizer.Bytes(token);
        if (System.Text.Unicode.Utf8.IsValid(bytes))
            return Encoding.UTF8.GetString(bytes);
        var text = new StringBuilder("bytes:");
        foreach (byte b in bytes)
            text.Append(null, $"\\x{b:x2}");
        return text.ToString();
    }

    /// <summary>The bytes of a token's text.</summary>
    public static ReadOnlySpan<byte> Bytes(BpeTokenizer tokenizer, int token) =>
        tokenizer.IsSpecial(token) ? Encoding.UTF8.GetBytes(tokenizer.Content(token)) : tokenizer.Bytes(token);
}
