using System.CommandLine;

namespace DeterministicInference.Server.Cli;

/// <summary>A command with what its help shows besides its options.</summary>
/// <param name="name">The word that names it.</param>
/// <param name="summary">What it does in a few words, for the list of commands.</param>
/// <param name="description">What it does.</param>
/// <param name="examples">Command lines, without the program's name, and what each is for.</param>
internal sealed class CliCommand(
    string name,
    string summary,
    string description,
    params IReadOnlyList<(string Line, string Meaning)> examples
) : Command(name, description)
{
    /// <summary>What it does in a few words.</summary>
    public string Summary { get; } = summary;

    /// <summary>Command lines, without the program's name, and what each is for; the usual one first.</summary>
    public IReadOnlyList<(string Line, string Meaning)> Examples { get; } = examples;
}
