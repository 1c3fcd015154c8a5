using System.Text.Json;

namespace DeterministicInference.Receipts.Json;

/// <summary>
/// Edits a JSON object in its text. All other bytes stay unchanged: order, spaces, number literals and escapes, which a
/// parser would lose.
/// </summary>
internal static class JsonSplice
{
    private static readonly JsonReaderOptions ReaderOptions = new() { MaxDepth = 512 };

    /// <summary>A range of the text and its replacement.</summary>
    public readonly record struct Edit(Range Place, byte[] Text);

    /// <summary>Sets a member: in its place if the object has it, else as the last one.</summary>
    /// <param name="json">One object, in UTF-8.</param>
    /// <param name="name">The member's name, of characters that need no escape.</param>
    /// <param name="value">Its value, as JSON.</param>
    /// <exception cref="JsonException">The text is not one JSON object, or has the member twice.</exception>
    public static byte[] Set(ReadOnlySpan<byte> json, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        Found found = Find(json, name);
        return Apply(
            json,
            [
                found.Value is { } place
                    ? new Edit(place, [.. value])
                    : found.Added([(byte)'"', .. name, .. "\":"u8, .. value]),
            ]
        );
    }

    /// <summary>Applies all edits in one pass.</summary>
    /// <param name="json">The text.</param>
    /// <param name="edits">In order of their positions, without overlap.</param>
    public static byte[] Apply(ReadOnlySpan<byte> json, ReadOnlySpan<Edit> edits)
    {
        int length = json.Length;
        foreach (Edit edit in edits)
            length += edit.Text.Length - (edit.Place.End.Value - edit.Place.Start.Value);
        var result = new byte[length];
        int read = 0,
            written = 0;
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

    private static Found Find(ReadOnlySpan<byte> json, ReadOnlySpan<byte> name)
    {
        var reader = new Utf8JsonReader(json, ReaderOptions);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            throw new JsonException("The text is not a JSON object.");
        int end = (int)reader.BytesConsumed;
        bool isEmpty = true;
        Range? value = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            bool matches = reader.ValueTextEquals(name);
            reader.Read();
            int start = (int)reader.TokenStartIndex;
            reader.Skip();
            end = (int)reader.BytesConsumed;
            isEmpty = false;
            if (!matches)
                continue;
            if (value is not null)
                throw new JsonException("The object has a member twice.");
            value = start..end;
        }
        // Only white space may follow; Read throws for anything else.
        reader.Read();
        return new Found(value, end, isEmpty);
    }

    /// <param name="Value">Position of the member's value; null if the object does not have it.</param>
    /// <param name="End">Position after the last member.</param>
    /// <param name="IsEmpty">Whether the object has no member at all.</param>
    private readonly record struct Found(Range? Value, int End, bool IsEmpty)
    {
        /// <summary>The edit that appends members.</summary>
        public Edit Added(byte[] members) => new(End..End, IsEmpty ? members : [(byte)',', .. members]);
    }
}
