using System.Text;
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
    public static byte[] Set(ReadOnlySpan<byte> json, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        Found found = Find(json, name);
        return Apply(json, [found.IsThere ? new Edit(found.Value, [.. value]) : found.Added([(byte)'"', .. name, .. "\":"u8, .. value])]);
    }

    /// <summary>Adds members, which the object does not have, as the last ones.</summary>
    /// <inheritdoc cref="Set"/>
    public static byte[] Append(ReadOnlySpan<byte> json, IEnumerable<KeyValuePair<string, string>> members)
    {
        string text = string.Join(',', members.Select(member => $"\"{member.Key}\":{member.Value}"));
        return Apply(json, [Find(json, default).Added(Encoding.UTF8.GetBytes(text))]);
    }

    /// <summary>Takes a member out with its comma; the text as it is where there is none.</summary>
    /// <inheritdoc cref="Set"/>
    public static byte[] Remove(ReadOnlySpan<byte> json, ReadOnlySpan<byte> name)
    {
        Found found = Find(json, name);
        return found.IsThere ? Apply(json, [new Edit(found.Whole, [])]) : json.ToArray();
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

    private static Found Find(ReadOnlySpan<byte> json, ReadOnlySpan<byte> name)
    {
        var reader = new Utf8JsonReader(json, ReaderOptions);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject) throw new JsonException("The text is not a JSON object.");
        int end = (int)reader.BytesConsumed, from = -1;
        bool isFirst = true, isNext = false;
        Range? value = null, whole = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            // The first member goes with the comma behind it, any other one with the comma before it.
            if (isNext) whole = from..(int)reader.TokenStartIndex;
            isNext = false;
            bool matches = reader.ValueTextEquals(name);
            if (matches) from = isFirst ? (int)reader.TokenStartIndex : end;
            reader.Read();
            int start = (int)reader.TokenStartIndex;
            reader.Skip();
            end = (int)reader.BytesConsumed;
            if (matches)
            {
                if (value is not null) throw new JsonException("The object has a member twice.");
                value = start..end;
                whole = from..end;
                isNext = isFirst;
            }
            isFirst = false;
        }
        // Only white space may follow: anything else makes this throw.
        reader.Read();
        return new Found(value ?? default, whole ?? default, value is not null, end, isFirst);
    }

    /// <param name="Value">Where the member's value stands.</param>
    /// <param name="Whole">What has to go for the member to go.</param>
    /// <param name="IsThere">Whether the object has it.</param>
    /// <param name="End">The place behind the last member.</param>
    /// <param name="IsEmpty">Whether the object has no member at all.</param>
    private readonly record struct Found(Range Value, Range Whole, bool IsThere, int End, bool IsEmpty)
    {
        /// <summary>The edit that makes these members the last ones.</summary>
        public Edit Added(byte[] members) => new(End..End, IsEmpty ? members : [(byte)',', .. members]);
    }
}
