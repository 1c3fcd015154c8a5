namespace DeterministicInference.Receipts.Canonical;

/// <summary>A request or an answer has no canonical form. The message names the place, never the content.</summary>
internal sealed class CanonicalFormException : Exception
{
    internal CanonicalFormException(CanonicalFormError error, string what, ReadOnlySpan<byte> json, long offset)
        : this(error, what, JsonPlace.At(json, offset), offset) { }

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

/// <summary>Why a text has no canonical form.</summary>
internal enum CanonicalFormError
{
    /// <summary>The bytes are not UTF-8.</summary>
    InvalidUtf8,

    /// <summary>The text is not one JSON value (RFC 8259).</summary>
    InvalidJson,

    /// <summary>The value is not an object.</summary>
    NotAnObject,

    /// <summary>Objects and arrays are nested too deeply.</summary>
    TooDeep,

    /// <summary>An object has two members of the same name.</summary>
    DuplicateName,

    /// <summary>A string has half of a surrogate pair.</summary>
    UnpairedSurrogate,

    /// <summary>Choices or tool calls are not in the order of their indexes, or two have the same.</summary>
    DuplicateIndex,

    /// <summary>A member that the form reads has a value of another type.</summary>
    WrongType,

    /// <summary>A name that the form does not read is another name, or something else, to some readers.</summary>
    MistakableName,

    /// <summary>Of things that readers choose between there are two that differ.</summary>
    Contradiction,

    /// <summary>A recorded stream has lines that readers cut or take in different ways.</summary>
    AmbiguousStream,
}
