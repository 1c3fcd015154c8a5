using System.Text;
using System.Text.Json;
using DeterministicInference.Server.OpenAI;

namespace DeterministicInference.Server.Determinism;

/// <summary>Texts as JSON.</summary>
internal static class JsonText
{
    /// <summary>A string in its quotes.</summary>
    public static string Quote(string text) => $"\"{JsonEncodedText.Encode(text, ApiJson.WriterOptions.Encoder)}\"";

    /// <summary>A string in its quotes, as bytes.</summary>
    public static byte[] QuoteBytes(string text) => Encoding.UTF8.GetBytes(Quote(text));
}
