using System.Globalization;
using System.Text;
using System.Text.Json;
using DeterministicInference.Receipts.Json;

namespace DeterministicInference.Receipts.Canonical;

/// <summary>
/// Finds the member or element at an offset. Only errors pay for it: nothing is tracked while reading.
/// </summary>
internal static class JsonPlace
{
    private const int NameLimit = 64;
    private const int PlaceLimit = 400;

    /// <summary>The path of the token at <paramref name="offset"/>, as far as the text before it is JSON.</summary>
    public static string At(ReadOnlySpan<byte> json, long offset)
    {
        var open = new Stack<Container>();
        try
        {
            var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = 1024 });
            while (reader.Read())
            {
                bool ends = reader.TokenType is JsonTokenType.EndObject or JsonTokenType.EndArray;
                if (ends)
                    open.Pop();
                else if (reader.TokenType == JsonTokenType.PropertyName)
                    open.Peek().Name = Name(ref reader);
                else if (open.TryPeek(out Container? container) && container.IsArray)
                    container.Index++;

                if (reader.TokenStartIndex >= offset)
                    break;
                if (reader.TokenType is JsonTokenType.StartObject)
                    open.Push(new Container(IsArray: false));
                if (reader.TokenType is JsonTokenType.StartArray)
                    open.Push(new Container(IsArray: true));
            }
        }
        catch (JsonException)
        {
            // What was read before the broken token is the place.
        }
        string place = string.Concat(open.Reverse().Select(container => container.Text)).TrimStart('.');
        return place.Length <= PlaceLimit ? place : place[..PlaceLimit] + "…";
    }

    private static string Name(ref Utf8JsonReader reader)
    {
        var name = new StringBuilder();
        foreach (char unit in JsonStrings.Decode(reader.ValueSpan))
        {
            if (name.Length >= NameLimit)
                return name.Append('…').ToString();
            name.Append(char.IsControl(unit) || char.IsSurrogate(unit) ? '?' : unit);
        }
        return name.ToString();
    }

    private sealed record Container(bool IsArray)
    {
        public int Index { get; set; } = -1;

        public string? Name { get; set; }

        public string Text =>
            IsArray && Index >= 0 ? string.Create(CultureInfo.InvariantCulture, $"[{Index}]")
            : Name is null ? ""
            : "." + Name;
    }
}
