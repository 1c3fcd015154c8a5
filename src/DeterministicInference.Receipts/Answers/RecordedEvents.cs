namespace DeterministicInference.Receipts.Answers;

/// <summary>
/// The data of the events of a recorded stream, up to <c>[DONE]</c>. An event without the blank line that ends it is
/// dropped, and so is one without data.
/// </summary>
/// <param name="body">The stream, after content decoding.</param>
public ref struct RecordedEvents(ReadOnlySpan<byte> body)
{
    private readonly ReadOnlySpan<byte> _body = body;
    private EventCutter _cutter;

    /// <summary>Whether <c>[DONE]</c> was read.</summary>
    public bool HasEnd { get; private set; }

    /// <summary>Whether data is the mark for the end. Clients look at its beginning only.</summary>
    public static bool IsEnd(ReadOnlySpan<byte> data) => data.StartsWith("[DONE]"u8);

    /// <summary>Reads the next event; false at the end.</summary>
    /// <param name="data">Gets its data.</param>
    public bool Next(out ReadOnlySpan<byte> data)
    {
        data = default;
        while (!HasEnd && _cutter.Next(_body, isLast: true, out EventCut cut))
        {
            data = cut.IsSplit ? cut.Join(_body) : _body[cut.Data];
            HasEnd = IsEnd(data);
            if (data.Length > 0)
                return !HasEnd;
        }
        return false;
    }
}
