using System.CommandLine;
using System.Numerics;
using DeterministicInference.Server.Configuration.Values;

namespace DeterministicInference.Server.Configuration;

/// <summary>What the command lines of all commands have in common.</summary>
internal static class CommandSyntax
{
    /// <summary>
    /// No response files, as a value may begin with @; no bundling, as there are no one-letter options.
    /// </summary>
    public static ParserConfiguration Plain { get; } =
        new() { ResponseFileTokenReplacer = null, EnablePosixBundling = false };

    /// <summary>An option for a text that a setting takes too.</summary>
    public static Option<string?> Text<T>(string name, ValueKind<T> kind, string description)
    {
        var option = new Option<string?>(name) { HelpName = kind.Placeholder, Description = description };
        option.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var text }] && kind.Read(text, out _) is { } complaint)
                result.AddError($"{name}: '{kind.Redact(text)}' {complaint}");
        });
        return option;
    }

    /// <summary>An option for a whole number within limits.</summary>
    public static Option<T> Number<T>(string name, string description, T fallback, T minimum, T maximum)
        where T : IBinaryInteger<T>
    {
        var option = new Option<T>(name) { Description = description, DefaultValueFactory = _ => fallback };
        option.Validators.Add(result =>
        {
            if (
                result.Tokens is [{ Value: var text }]
                && (!T.TryParse(text, null, out T? value) || value < minimum || value > maximum)
            )
            {
                result.AddError($"{name}: '{text}' is not a whole number from {minimum} to {maximum}.");
            }
        });
        return option;
    }
}
