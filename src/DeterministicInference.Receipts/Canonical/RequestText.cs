using System.Runtime.InteropServices;
using System.Text.Json;
using DeterministicInference.Receipts.Json;

namespace DeterministicInference.Receipts.Canonical;

/// <summary>The text of a request: what it must be to have a canonical form, and where it is not.</summary>
internal static class RequestText
{
    private static readonly JsonDocumentOptions Options = new()
    {
        MaxDepth = CanonicalRequest.MaxDepth,
        AllowDuplicateProperties = false,
    };

    /// <summary>Parses a copy of a body.</summary>
    /// <exception cref="CanonicalFormException">The body has no canonical form.</exception>
    public static JsonDocument Parse(ReadOnlySpan<byte> body) => ParseInPlace(body.ToArray());

    /// <summary>Parses a body, which the document needs as long as it is used.</summary>
    /// <inheritdoc cref="Parse"/>
    public static JsonDocument ParseInPlace(ReadOnlyMemory<byte> body)
    {
        ReadOnlySpan<byte> text = CanonicalJson.WithoutMark(body.Span);
        CanonicalJson.RequireUtf8(text);
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(body[^text.Length..], Options);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: half of a surrogate pair in a name.
            throw Diagnose(text);
        }
        try
        {
            if (document.RootElement.ValueKind != JsonValueKind.Object)
                throw Diagnose(text);
            RequireWellFormed(document.RootElement, text);
            return document;
        }
        catch
        {
            document.Dispose();
            throw;
        }
    }

    /// <summary>Requires that no string and no name has half of a surrogate pair.</summary>
    /// <param name="request">The parsed object.</param>
    /// <param name="text">The text that offsets count from; the object is the only value in it.</param>
    /// <exception cref="CanonicalFormException">One has.</exception>
    public static void RequireWellFormed(JsonElement request, ReadOnlySpan<byte> text)
    {
        // Only an escape can write half a pair, and most requests have none.
        if (text.IndexOf("\\u"u8) >= 0 && !IsWellFormed(request))
            throw Diagnose(text);
    }

    private static bool IsWellFormed(JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (JsonProperty member in value.EnumerateObject())
                {
                    if (JsonStrings.HasUnpairedSurrogate(JsonMarshal.GetRawUtf8PropertyName(member)))
                        return false;
                    if (!IsWellFormed(member.Value))
                        return false;
                }
                return true;
            case JsonValueKind.Array:
                foreach (JsonElement item in value.EnumerateArray())
                {
                    if (!IsWellFormed(item))
                        return false;
                }
                return true;
            case JsonValueKind.String:
                return !JsonStrings.HasUnpairedSurrogate(JsonMarshal.GetRawUtf8Value(value)[1..^1]);
            default:
                return true;
        }
    }

    /// <summary>
    /// Says what keeps a body in UTF-8 from having a canonical form: the first such thing in the text.
    /// </summary>
    private static CanonicalFormException Diagnose(ReadOnlySpan<byte> body)
    {
        var names = new ObjectNames();
        Utf8JsonReader reader = CanonicalJson.Reader(body, CanonicalRequest.MaxDepth);
        try
        {
            while (reader.Read())
            {
                CanonicalJson.RequireDepth(ref reader, body, CanonicalRequest.MaxDepth);
                if (TokenError(ref reader, names) is { } found)
                    return new CanonicalFormException(found.Error, found.What, body, reader.TokenStartIndex);
                if (
                    reader.CurrentDepth == 0
                    && reader.TokenType is not (JsonTokenType.StartObject or JsonTokenType.EndObject)
                )
                {
                    return new CanonicalFormException(
                        CanonicalFormError.NotAnObject,
                        "A request must be a JSON object, but another value is",
                        body,
                        0
                    );
                }
            }
        }
        catch (JsonException)
        {
            // As for any other text that is not JSON.
        }
        catch (CanonicalFormException e)
        {
            return e;
        }
        return CanonicalJson.NotJson(body, reader.BytesConsumed);
    }

    private static (CanonicalFormError Error, string What)? TokenError(ref Utf8JsonReader reader, ObjectNames names)
    {
        if (reader.TokenType == JsonTokenType.StartObject)
            names.Open(reader.CurrentDepth);
        if (reader.TokenType is not (JsonTokenType.PropertyName or JsonTokenType.String))
            return null;
        if (JsonStrings.HasUnpairedSurrogate(reader.ValueSpan))
            return (CanonicalFormError.UnpairedSurrogate, "Half of a surrogate pair");
        bool isRepeated =
            reader.TokenType == JsonTokenType.PropertyName
            && !names.Add(reader.CurrentDepth - 1, JsonStrings.Decode(reader.ValueSpan));
        return isRepeated ? (CanonicalFormError.DuplicateName, "A second member of the same name") : null;
    }
}
