using System.CommandLine;
using DeterministicInference.Server.Configuration;

namespace DeterministicInference.Server.Cli;

/// <summary>
/// An option that stands for a setting. Any number of values is accepted here, and checked with the rest.
/// </summary>
internal sealed class SettingOption : Option<string[]>
{
    /// <param name="setting">The setting.</param>
    /// <param name="description">Its meaning, with the default.</param>
    /// <param name="values">The values, for completion, if they are few.</param>
    public SettingOption(Setting setting, string description, IReadOnlyList<string> values)
        : base(setting.Flag, [.. setting.FlagAliases])
    {
        Setting = setting;
        HelpName = setting.Placeholder;
        Description = description;
        Arity = ArgumentArity.ZeroOrMore;
        CompletionSources.Add([.. values]);
    }

    public Setting Setting { get; }
}
