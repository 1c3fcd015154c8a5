using System.CommandLine;
using DeterministicInference.Server.Configuration;

namespace DeterministicInference.Server.Cli;

/// <summary>
/// An option that stands for a setting. Any number of values is accepted here, and checked with the rest.
/// </summary>
internal sealed class SettingOption : Option<string[]>
{
    /// <param name="setting">The setting.</param>
    /// <param name="engines">What depends on the known engines, of its meaning.</param>
    /// <param name="fallback">The default; null for none.</param>
    /// <param name="values">The values, for completion, if they are few.</param>
    public SettingOption(Setting setting, string engines, string? fallback, IReadOnlyList<string> values)
        : base(setting.Flag, [.. setting.FlagAliases])
    {
        string ending = engines + (fallback is null ? "" : $" Default: {fallback}.");
        (Setting, Brief) = (setting, setting.Brief is null ? null : setting.Brief + ending);
        HelpName = setting.Placeholder;
        Description = setting.Meaning + ending;
        Arity = ArgumentArity.ZeroOrMore;
        CompletionSources.Add([.. values]);
    }

    public Setting Setting { get; }

    /// <summary>The description in a few words, if help shows the setting first; else null.</summary>
    public string? Brief { get; }
}
