using System.Text;

namespace DeterministicInference.Engine.Scheduling;

/// <summary>
/// Turns the bytes of generated tokens into text: whole characters only, nothing that may yet become a stop text.
/// The text does not depend on how it was cut into tokens.
/// </summary>
internal sealed class TextAssembler(IReadOnlyList<string> stops)
{
    private readonly Decoder _decoder = new UTF8Encoding(
        encoderShouldEmitUTF8Identifier: false,
        throwOnInvalidBytes: false
    ).GetDecoder();
    private readonly StringBuilder _pending = new();

    /// <summary>Whether a stop text was completed. Nothing may be added afterwards.</summary>
    public bool Stopped { get; private set; }

    /// <summary>Adds a token's bytes and returns the text that is now certain.</summary>
    public string Add(ReadOnlySpan<byte> bytes) => Take(bytes, flush: false);

    /// <summary>Returns what was held back; incomplete bytes become U+FFFD.</summary>
    public string Finish() => Stopped ? "" : Take([], flush: true);

    private string Take(ReadOnlySpan<byte> bytes, bool flush)
    {
        Span<char> characters = stackalloc char[256];
        char[]? large = bytes.Length > 250 ? new char[bytes.Length + 4] : null;
        if (large is not null)
            characters = large;
        int count = _decoder.GetChars(bytes, characters, flush);
        _pending.Append(characters[..count]);
        if (_pending.Length == 0)
            return "";

        string pending = _pending.ToString();
        int cut = FirstStop(pending);
        if (cut >= 0)
        {
            Stopped = true;
            _pending.Clear();
            return pending[..cut];
        }
        int held = flush ? 0 : HeldBack(pending);
        _pending.Clear().Append(pending, pending.Length - held, held);
        return pending[..^held];
    }

    /// <summary>
    /// Where the stop text begins that is completed first, or −1; of those completed by the same character the longest
    /// counts. Any other rule would let the cut into tokens decide where stop texts overlap.
    /// </summary>
    private int FirstStop(string pending)
    {
        int first = -1,
            firstEnd = int.MaxValue;
        foreach (string stop in stops)
        {
            int place = pending.IndexOf(stop, StringComparison.Ordinal);
            if (place < 0)
                continue;
            int end = place + stop.Length;
            if (end < firstEnd || (end == firstEnd && place < first))
                (first, firstEnd) = (place, end);
        }
        return first;
    }

    /// <summary>
    /// The length of the longest end of the text with which a stop text begins. A high surrogate waits for its other
    /// half, so that every piece of text is valid by itself.
    /// </summary>
    private int HeldBack(string pending)
    {
        int held = char.IsHighSurrogate(pending[^1]) ? 1 : 0;
        foreach (string stop in stops)
        {
            for (int length = Math.Min(stop.Length - 1, pending.Length); length > held; length--)
            {
                if (string.CompareOrdinal(pending, pending.Length - length, stop, 0, length) == 0)
                    held = length;
            }
        }
        return held;
    }
}
