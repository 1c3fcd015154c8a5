using System.Collections;
using System.Text.RegularExpressions;

namespace DeterministicInference.Server.Configuration;

/// <summary>
/// Settings from environment variables with the prefix <c>INFERENCE_</c>. An empty variable counts as absent.
/// </summary>
/// <param name="Values">At most one per setting.</param>
/// <param name="Warnings">Variables that have no effect.</param>
/// <param name="ConfigPath">The file that INFERENCE_CONFIG names.</param>
internal sealed partial record EnvironmentVariables(
    IReadOnlyList<GivenValue> Values,
    IReadOnlyList<string> Warnings,
    string? ConfigPath
)
{
    /// <summary>A variable of the tests that has the same prefix.</summary>
    private const string TestUrl = "INFERENCE_TEST_URL";

    public static IReadOnlyDictionary<string, string> OfProcess() =>
        Environment
            .GetEnvironmentVariables()
            .Cast<DictionaryEntry>()
            .ToDictionary(variable => (string)variable.Key, variable => (string?)variable.Value ?? "");

    public static EnvironmentVariables Read(IReadOnlyDictionary<string, string> environment)
    {
        var values = new List<GivenValue>();
        var warnings = new List<string>();
        var known = new HashSet<string> { ConfigFile.Variable, TestUrl };
        foreach (Setting setting in SettingTable.All)
        {
            GivenValue? taken = null;
            foreach (string name in (IEnumerable<string>)[setting.Variable, .. setting.VariableAliases])
            {
                known.Add(name);
                if (environment.GetValueOrDefault(name) is not { Length: > 0 } text)
                    continue;
                if (name != setting.Variable && ServiceAddress().IsMatch(text))
                {
                    warnings.Add(
                        $"{name}: '{setting.Redact(text)}' is ignored: Kubernetes sets it for a service named "
                            + $"inference. Give {setting.Variable}, or set enableServiceLinks: false."
                    );
                }
                else if (taken is null)
                {
                    taken = new GivenValue(setting, text, new Origin(OriginKind.Variable, name));
                }
                else if (text != taken.Text)
                {
                    warnings.Add(
                        $"{name}: '{setting.Redact(text)}' is ignored: {taken.Origin.Name} is set as well. Unset one "
                            + "of them."
                    );
                }
            }
            if (taken is not null)
                values.Add(taken);
        }
        foreach (
            string name in environment
                .Keys.Where(name => name.StartsWith(Setting.VariablePrefix, StringComparison.Ordinal))
                .Order(StringComparer.Ordinal)
        )
        {
            if (known.Contains(name) || ServiceVariable().IsMatch(name))
                continue;
            warnings.Add($"{name}: no setting has this variable.{NearestName.Hint(name, known.Except([TestUrl]))}");
        }
        return new EnvironmentVariables(
            values,
            warnings,
            environment.GetValueOrDefault(ConfigFile.Variable) is { Length: > 0 } path ? path : null
        );
    }

    // Variables that Kubernetes sets in every container of a namespace with a service named "inference"
    // (https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables).
    [GeneratedRegex("^INFERENCE_(SERVICE_(HOST|PORT.*)|PORT_[0-9]+_(TCP|UDP|SCTP).*)$", RegexOptions.CultureInvariant)]
    private static partial Regex ServiceVariable();

    [GeneratedRegex("^(tcp|udp|sctp)://", RegexOptions.CultureInvariant)]
    private static partial Regex ServiceAddress();
}
