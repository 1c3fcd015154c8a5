using DeterministicInference.Server.Configuration;

namespace DeterministicInference.Server.Engines;

/// <summary>
/// An argument that the server itself gives an engine, or that would undo one. After <c>--</c> it is refused: the last
/// one counts, so that the engine would serve another model than the one that receipts name, or listen elsewhere than
/// where the server asks it.
/// </summary>
/// <param name="Setting">The server's setting to use instead.</param>
/// <param name="Spellings">All spellings of the flag in the engine's parser.</param>
internal sealed record ReservedArgument(string Setting, params IReadOnlyList<string> Spellings)
{
    /// <summary>Whether a word that belongs to no flag means the same.</summary>
    public bool IsPositional { get; init; }

    /// <summary>Refuses the reserved arguments of an engine.</summary>
    /// <param name="launcher">The engine's launcher.</param>
    /// <param name="given">What follows <c>--</c>.</param>
    public static IEnumerable<Finding> Check(IEngineLauncher launcher, IReadOnlyList<string> given)
    {
        var own = new EngineCommandLine(given);
        foreach (ReservedArgument reserved in launcher.Reserved)
        {
            if (own.Spelling(reserved.Spellings, launcher.AllowsAbbreviations) is { } written)
                yield return reserved.Refuse(written);
            else if (reserved.IsPositional && own.HasPositional)
                yield return reserved.Refuse("a word that belongs to no flag");
        }
    }

    private Finding Refuse(string written) =>
        Finding.Refused(
            "argument_reserved",
            $"Arguments after --: {written} would replace what this server tells the engine by its own setting. Use "
                + $"{Setting} instead."
        );
}
