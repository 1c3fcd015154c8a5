using DeterministicInference.Server.Configuration.Settings;

namespace DeterministicInference.Server.Configuration;

/// <summary>
/// All settings of <c>serve</c>. A new setting is a property of <see cref="ServeOptions"/>, a row in one of the groups
/// and a line in docs/configuration.md: flags, variables, keys of the file, <c>--help</c> and <c>--print-config</c>
/// follow.
/// </summary>
internal static class SettingTable
{
    public static IReadOnlyList<SettingGroup> Groups { get; } =
    [
        EngineSettings.Group,
        AccessSettings.Group,
        DeterminismSettings.Group,
        LogSettings.Group,
        TimeoutSettings.Group,
        SupervisionSettings.Group,
    ];

    /// <summary>The settings, in the order of help, <c>--print-config</c> and the documentation.</summary>
    public static IReadOnlyList<Setting> All { get; } = [.. Groups.SelectMany(group => group.Settings)];

    public static Setting Of(string key) => All.First(setting => setting.Key == key);
}
