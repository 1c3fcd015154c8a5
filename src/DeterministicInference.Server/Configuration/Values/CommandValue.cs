namespace DeterministicInference.Server.Configuration.Values;

/// <summary>A program and its arguments, which no shell reads.</summary>
internal sealed class CommandValue() : WordsValue("COMMAND")
{
    public override string? Read(string text, out IReadOnlyList<string> value) =>
        base.Read(text, out value)
        ?? (
            value is not [{ Length: > 0 }, ..] ? "names no program. Give a program, and its arguments if it needs any."
            : value.Any(word => word.Contains('\0')) ? "has a NUL character. Leave it out."
            : null
        );
}
