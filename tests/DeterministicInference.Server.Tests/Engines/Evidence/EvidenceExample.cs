using System.Text.Json;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Engines;
using DeterministicInference.Server.Machine;

namespace DeterministicInference.Server.Tests.Engines.Evidence;

/// <summary>A configuration to which a row of evidence applies.</summary>
/// <param name="Row">The row's id.</param>
/// <param name="Machine">One of <see cref="Machines.Kinds"/>.</param>
/// <param name="Arguments">The user's arguments.</param>
internal sealed record EvidenceExample(string Row, string Machine = "8.9", string Arguments = "")
{
    /// <summary>A release of the row; null for an unknown one.</summary>
    public string? Version { get; init; }

    /// <summary>A release to which the row does not apply, where it has a range.</summary>
    public string? Other { get; init; }

    public ModelFacts? Model { get; init; }

    /// <summary>Variables, as <c>NAME=value</c> with spaces between them.</summary>
    public string Variables { get; init; } = "";

    public bool IsStrict { get; init; }

    /// <summary>What an attached engine reports; null for a launched engine.</summary>
    public string? Report { get; init; }

    public bool IsAttached { get; init; }

    public IReadOnlyList<string> Plugins { get; init; } = [];

    /// <summary>All that is found of it.</summary>
    /// <param name="engine">The row's engine.</param>
    /// <param name="version">The engine's release.</param>
    public IReadOnlyList<Finding> Findings(IEngineKind engine, string? version)
    {
        var options = new ServeOptions
        {
            Backend = engine.Name,
            Determinism = IsStrict ? DeterminismMode.Strict : DeterminismMode.Enforce,
            ModelPath = "/models/tiny.gguf",
            BackendArguments = Arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries),
            BackendUrl = IsAttached || Report is not null ? new Uri("http://127.0.0.1:9") : null,
        };
        MachineFacts machine = Machines.Of(Machine) with
        {
            Model = Model ?? new ModelFacts { GgufFiles = ["/models/tiny.gguf"] },
            Variables = Variables
                .Split(' ', StringSplitOptions.RemoveEmptyEntries)
                .Select(pair => pair.Split('=', 2))
                .ToDictionary(pair => pair[0], pair => pair[1]),
            Installation = new EngineInstallation("/venv/bin/python3", [])
            {
                EngineVersion = version,
                Plugins = Plugins,
            },
        };
        JsonElement? report = Report is null ? null : JsonDocument.Parse(Report).RootElement;
        return Checks.Of(engine, options, machine, report);
    }
}
