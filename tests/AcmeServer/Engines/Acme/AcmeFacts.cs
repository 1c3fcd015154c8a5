using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Engines.Facts;

namespace DeterministicInference.Server.Engines.Acme;

/// <summary>What Acme Serve's answers depend on: its arguments, its variables and its version.</summary>
internal sealed class AcmeFacts : IEngineFacts
{
    /// <summary>Addresses and names; the model's files are hashed.</summary>
    private static readonly string[] LeftOut = ["--bind", "--name", "--model"];

    public IReadOnlyList<string> Paths { get; } = ["/health"];

    public void DescribeLaunch(FactInputs inputs, FactSheet sheet)
    {
        sheet.NeedsEngine("which version Acme Serve has", "engine_not_described");
        if (inputs.Launch is not { } launch)
        {
            AttachedFacts.Describe(sheet);
            return;
        }
        var given = new EngineCommandLine(launch.Arguments);
        LaunchArguments.Describe(given, new Dictionary<string, string>(), LeftOut, false, sheet);
        VariableFacts.Describe(inputs.Variables, ["ACME_"], ["ACME_LOG_"], sheet);
    }

    public void DescribeEngine(FactInputs inputs, EngineAnswers answers, FactSheet sheet)
    {
        string? version = answers.Text("/health", "semantics");
        sheet.Reported("engine.version", version);
        if (version is null)
            sheet.AddMissing("engine_not_described", "Acme Serve does not say its version. Use a build that does.");
    }
}
