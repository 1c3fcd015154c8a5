using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Machine;

namespace DeterministicInference.Server.Engines.Facts;

/// <summary>Facts known about an engine without querying it.</summary>
/// <param name="Options">Settings.</param>
/// <param name="Machine">Facts about the machine before the launch.</param>
internal sealed record FactInputs(ServeOptions Options, MachineFacts Machine)
{
    /// <summary>The launch of the engine; null for an attached engine.</summary>
    public EngineLaunch? Launch { get; init; }

    /// <summary>Whether this server launches the engine.</summary>
    public bool IsLaunched => Launch is not null;

    /// <summary>Variables that the running engine was seen to have; null if it was not looked at.</summary>
    public IReadOnlyDictionary<string, string>? Seen { get; init; }

    /// <summary>The environment variables of a launched engine.</summary>
    public IReadOnlyDictionary<string, string> Variables
    {
        get
        {
            if (Seen is { } seen)
                return seen;
            var variables = new Dictionary<string, string>(Machine.Variables, StringComparer.Ordinal);
            foreach (string name in Launch?.Unset ?? [])
                variables.Remove(name);
            foreach ((string name, string value) in Launch?.Environment ?? new Dictionary<string, string>())
                variables[name] = value;
            return variables;
        }
    }
}
