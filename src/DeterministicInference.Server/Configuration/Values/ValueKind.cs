namespace DeterministicInference.Server.Configuration.Values;

/// <summary>Converts between a setting's text and its value.</summary>
internal abstract class ValueKind<T>
{
    /// <summary>Placeholder for the value in help, such as PORT.</summary>
    public abstract string Placeholder { get; }

    /// <summary>The values, if they are few and fixed.</summary>
    public virtual IReadOnlyList<string> Choices => [];

    /// <summary>Whether the flag without a value means true.</summary>
    public virtual bool IsSwitch => false;

    /// <summary>Whether a JSON array is a value.</summary>
    public virtual bool IsList => false;

    /// <param name="text">The text as given.</param>
    /// <param name="value">The value, if there is no complaint.</param>
    /// <returns>Null, or a complaint with the remedy: continues the sentence "'text' …".</returns>
    public abstract string? Read(string text, out T value);

    /// <summary>The shortest text that reads as the value.</summary>
    public abstract string Write(T value);

    /// <summary>The text with secrets removed.</summary>
    public virtual string Redact(string text) => text;
}
