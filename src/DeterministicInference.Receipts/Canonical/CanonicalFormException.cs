namespace DeterministicInference.Receipts.Canonical;

/// <summary>A request or an answer has no canonical form. The message names the place, never the content.</summary>
public sealed class CanonicalFormException : Exception
{
    internal CanonicalFormException(CanonicalFormError error, string what, ReadOnlySpan<byte> json, long offset)
        : this(error, what, JsonPlace.At(json, offset), offset)
    {
    }

    private CanonicalFormException(CanonicalFormError error, string what, string place, long offset)
        : base($"{what} at {(place.Length == 0 ? "the top level" : $"'{place}'")} (byte {offset}).")
    {
        Error = error;
        Place = place;
        Offset = offset;
    }

    /// <summary>What is wrong.</summary>
    public CanonicalFormError Error { get; }

    /// <summary>The innermost member or element, such as <c>messages[0].content</c>; empty at the top level.</summary>
    public string Place { get; }

    /// <summary>Bytes before the place, without a leading byte order mark.</summary>
    public long Offset { get; }
}
