using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace DeterministicInference.Receipts.Json;

/// <summary>Writes strings as JSON.</summary>
internal static class JsonText
{
    /// <summary>Quotes a string.</summary>
    public static string Quote(string text) =>
        $"\"{JsonEncodedText.Encode(text, JavaScriptEncoder.UnsafeRelaxedJsonEscaping)}\"";

    /// <summary>Quotes a string, in UTF-8.</summary>
    public static byte[] QuoteBytes(string text) => Encoding.UTF8.GetBytes(Quote(text));
}
