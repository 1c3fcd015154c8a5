using DeterministicInference.Server.Configuration.Values;

namespace DeterministicInference.Server.Configuration;

/// <summary>A setting whose values are of type <typeparamref name="T"/>.</summary>
internal sealed class TypedSetting<T>(
    string key,
    ValueKind<T> kind,
    Func<ServeOptions, T?> get,
    Func<ServeOptions, T, ServeOptions> set,
    string meaning
) : Setting(key, meaning)
{
    public override string Placeholder => kind.Placeholder;

    public override IReadOnlyList<string> Choices => kind.Choices;

    public override bool IsSwitch => kind.IsSwitch;

    public override bool IsList => kind.IsList;

    public override string? Apply(string text, ref ServeOptions options)
    {
        string? complaint = kind.Read(text, out T value);
        if (complaint is null)
            options = set(options, value);
        return complaint;
    }

    public override string? Write(ServeOptions options) =>
        get(options) is { } value && kind.Write(value) is { Length: > 0 } text ? text : null;

    public override string Redact(string text) => kind.Redact(text);
}
