namespace DeterministicInference.Server.Configuration.Values;

/// <summary>How the text of a setting, wherever it stands, becomes a value, and how a value is shown.</summary>
internal abstract class ValueKind<T>
{
    /// <summary>Stands for the value in help, such as PORT.</summary>
    public abstract string Placeholder { get; }

    /// <summary>Whether the flag alone means true.</summary>
    public virtual bool IsSwitch => false;

    /// <summary>Whether a JSON array is a value.</summary>
    public virtual bool IsList => false;

    /// <param name="text">As it was given.</param>
    /// <param name="value">The value, where there is no complaint.</param>
    /// <returns>Null, or what is wrong with the text and what to give: continues the sentence "'text' …".</returns>
    public abstract string? Read(string text, out T value);

    /// <summary>The shortest text that reads as the value.</summary>
    public abstract string Write(T value);

    /// <summary>The text without what must not be shown.</summary>
    public virtual string Redact(string text) => text;
}
