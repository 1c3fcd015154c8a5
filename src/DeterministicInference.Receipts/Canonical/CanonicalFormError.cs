namespace DeterministicInference.Receipts.Canonical;

/// <summary>Why a text has no canonical form.</summary>
public enum CanonicalFormError
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

    /// <summary>A member that the form reads has a value of another type.</summary>
    WrongType,
}
