using System.Text.Json;

namespace DeterministicInference.Server.Determinism;

/// <summary>
/// Changes a JSON object in its text. Nothing else changes by a byte: order, spaces, number literals and escapes mean
/// something to whoever wrote them, and a parser would lose some of it.
/// </summary>
internal static class JsonSplice
{
    private static readonly JsonReaderOptions ReaderOptions = new() { MaxDepth = 512 };

    /// <summary>A piece of the text and what takes its place.</summary>
    public readonly record struct Edit(Range Place, byte[] Text);

    /// <summary>Gives a member a value: in its place where the object has it, else as the last one.</summary>
    /// <param name="json">One object, in UTF-8.</param>
    /// <param name="name">The member's name, of characters that need no escape.</param>
    /// <param name="value">Its value, as JSON.</param>
    /// <exception cref="JsonException">The text is not one JSON object, or has the member twice.</exception>
    public static byte[] Set(ReadOnlySpan<byte> json, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value) => Apply(json, [Member(json, name, value)]);

    /// <summary>The edit that <see cref="Set"/> makes.</summary>
    /// <inheritdoc cref="Set"/>
    public static Edit Member(ReadOnlySpan<byte> json, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        (Range place, bool isThere, bool isFirst) = Find(json, name);
        return new Edit(place, isThere ? [.. value] : isFirst ? [(byte)'"', .. name, .. "\":"u8, .. value] : [.. ",\""u8, .. name, .. "\":"u8, .. value]);
    }

    /// <summary>Makes all edits in one pass.</summary>
    /// <param name="json">The text.</param>
    /// <param name="edits">In the order of their places, which don't overlap.</param>
    public static byte[] Apply(ReadOnlySpan<byte> json, ReadOnlySpan<Edit> edits)
    {
        int length = json.Length;
        foreach (Edit edit in edits) length += edit.Text.Length - (edit.Place.End.Value - edit.Place.Start.Value);
        var result = new byte[length];
        int read = 0, written = 0;
        foreach (Edit edit in edits)
        {
            ReadOnlySpan<byte> kept = json[read..edit.Place.Start.Value];
            kept.CopyTo(result.AsSpan(written));
            edit.Text.CopyTo(result, written + kept.Length);
            written += kept.Length + edit.Text.Length;
            read = edit.Place.End.Value;
        }
        json[read..].CopyTo(result.AsSpan(written));
        return result;
    }

    /// <summary>Where the member's value stands, or the empty place behind the last member.</summary>
    private static (Range Place, bool IsThere, bool IsFirst) Find(ReadOnlySpan<byte> json, ReadOnlySpan<byte> name)
    {
        var reader = new Utf8JsonReader(json, ReaderOptions);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject) throw new JsonException("The text is not a JSON object.");
        int end = (int)reader.BytesConsumed;
        bool isFirst = true;
        Range? found = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            bool matches = reader.ValueTextEquals(name);
            reader.Read();
            int start = (int)reader.TokenStartIndex;
            reader.Skip();
            end = (int)reader.BytesConsumed;
            isFirst = false;
            if (!matches) continue;
            if (found is not null) throw new JsonException("The object has a member twice.");
            found = start..end;
        }
        // Only white space may follow: anything else makes this throw.
        reader.Read();
        return (found ?? end..end, found is not null, isFirst);
    }
}
