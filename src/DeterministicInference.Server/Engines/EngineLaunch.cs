using DeterministicInference.Server.Configuration;

namespace DeterministicInference.Server.Engines;

/// <summary>How an engine is started: data, so that tests can compare it.</summary>
/// <param name="File">Executable, looked up in PATH where it has no slash.</param>
/// <param name="Arguments">Its arguments.</param>
/// <param name="Environment">Variables on top of the inherited ones.</param>
internal sealed record EngineLaunch(
    string File,
    IReadOnlyList<string> Arguments,
    IReadOnlyDictionary<string, string> Environment
)
{
    /// <summary>Inherited variables that the engine must not see.</summary>
    public IReadOnlyList<string> Unset { get; init; } = [];

    /// <summary>
    /// Contents of files that only this user can read, by path; all in the endpoint's folder, for what a command line
    /// would show to everybody.
    /// </summary>
    public IReadOnlyDictionary<string, string> Files { get; init; } = new Dictionary<string, string>();

    /// <summary>A shell command line for the same start, with secrets masked.</summary>
    public string Describe() =>
        string.Join(
            ' ',
            (IEnumerable<string>)
                [
                    .. Unset.Count > 0 ? ["env", .. Unset.SelectMany(name => (string[])["-u", name])] : (string[])[],
                    .. Environment.Select(variable => $"{variable.Key}={Quote(Shown(variable.Key, variable.Value))}"),
                    .. SecretArguments.Redact([File, .. Arguments]).Select(Quote),
                ]
        );

    private static string Shown(string variable, string value) =>
        SecretArguments.IsSecretVariable(variable) ? SecretArguments.Mask : value;

    private static string Quote(string word) =>
        word.Length > 0
        && word.All(c => char.IsAsciiLetterOrDigit(c) || "-_./:=,+@%*".Contains(c, StringComparison.Ordinal))
            ? word
            : $"'{word.Replace("'", @"'\''", StringComparison.Ordinal)}'";
}
