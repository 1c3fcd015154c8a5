namespace DeterministicInference.FakeBackend;

/// <summary>A command line that can't be used.</summary>
/// <param name="exitCode">With which the engine ends.</param>
/// <param name="text">What it prints to standard error.</param>
internal sealed class UsageException(int exitCode, string text) : Exception(text)
{
    public int ExitCode { get; } = exitCode;
}

/// <summary>
/// The part of an engine's command line that a launcher is likely to use: what is not here is refused, as the engine
/// refuses what it does not know.
/// </summary>
internal abstract class FlagTable
{
    /// <summary>Flags that stand alone.</summary>
    public HashSet<string> Switches { get; init; } = [];

    /// <summary>Flags with one value.</summary>
    public HashSet<string> Values { get; init; } = [];

    /// <summary>Flags with one or more values.</summary>
    public HashSet<string> Lists { get; init; } = [];

    /// <summary>Other spellings.</summary>
    public Dictionary<string, string> Aliases { get; init; } = [];

    /// <summary>Flags whose value is a whole number.</summary>
    public HashSet<string> Numbers { get; init; } = [];

    /// <summary>Flags whose value is one of a few.</summary>
    public Dictionary<string, string[]> Choices { get; init; } = [];

    /// <summary>Whether a value may begin as a flag does.</summary>
    public abstract bool TakesFlagsAsValues { get; }

    /// <param name="rest">The unknown argument and all behind it.</param>
    public abstract UsageException Unknown(string[] rest);

    public abstract UsageException MissingValue(string flag);

    public abstract UsageException NotANumber(string flag, string value);

    public abstract UsageException NotAChoice(string flag, string value);
}

/// <summary>As Python's argparse refuses: code 2.</summary>
/// <param name="program">Its name in messages.</param>
/// <param name="usage">What follows the name in the line of usage.</param>
internal sealed class ArgparseFlags(string program, string usage) : FlagTable
{
    public override bool TakesFlagsAsValues => false;

    public UsageException Refuse(string message) => new(2, $"usage: {program} {usage}\n{program}: error: {message}");

    public override UsageException Unknown(string[] rest) =>
        Refuse($"unrecognized arguments: {string.Join(' ', rest)}");

    public override UsageException MissingValue(string flag) => Refuse($"argument {flag}: expected one argument");

    public override UsageException NotANumber(string flag, string value) =>
        Refuse($"argument {flag}: invalid int value: '{value}'");

    public override UsageException NotAChoice(string flag, string value) =>
        Refuse(
            $"argument {flag}: invalid choice: '{value}' (choose from {string.Join(", ", Choices[flag].Select(choice => $"'{choice}'"))})"
        );
}
