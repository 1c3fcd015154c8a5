using System.Globalization;
using DeterministicInference.Engine;
using DeterministicInference.Server.Backends.Facts;
using System.Text.Json;
using DeterministicInference.Server.Backends.Preflight;
using DeterministicInference.Server.Configuration;

namespace DeterministicInference.Server.Backends;

/// <summary>Our own engine: this program's <c>engine</c> command, a process like any other engine.</summary>
internal sealed class EmbeddedBackend : IBackend
{
    public string Name => "embedded";

    public string Title => "Embedded engine";

    public bool NeedsModelPath => false;

    public string HealthPath => "/health";

    public string MissingExecutableRemedy => "Leave --backend-command out to run this program's own engine.";

    public string Basis => "the embedded engine's arithmetic is fixed to the bit, whatever computes it and whatever else is computed";

    /// <summary>It renders the templates that it knows by itself, and none of them has a clock.</summary>
    public bool RendersModelTemplates => false;

    public RequestRules Requests { get; } = new() { TokenIdMembers = ["return_token_ids"] };

    public IReadOnlyList<string> FactPaths => ["/health"];

    /// <summary>Nothing of the machine: the same weights give the same bits on every one.</summary>
    public void DescribeEnvironment(FactInputs inputs, FactSheet sheet)
    {
        string? semantics = inputs.Answer("/health", "semantics");
        // This very program.
        if (inputs.IsLaunched && inputs.Options.BackendCommand is null) sheet.Measured("engine.semantics", EmbeddedEngine.NumericsVersion.ToString(CultureInfo.InvariantCulture));
        else if (semantics is not null) sheet.Reported("engine.semantics", semantics);
        else sheet.Lacks("engine_not_described", "This engine does not say which version of its arithmetic it has. Use a newer one.");
    }

    public IReadOnlyList<ModelPart> ModelParts(InferenceOptions options) =>
        options.BackendUrl is null || options.ModelPath is not null ? [new ModelPart(ModelPart.Model, new EngineHost.EngineOptions { ModelPath = options.ModelPath }.ModelFolder)] : [];

    public BackendLaunch Launch(InferenceOptions options, MachineFacts machine)
    {
        string self = Environment.ProcessPath ?? throw new InvalidOperationException("The path of this program is unknown.");
        // `dotnet program.dll` runs in the dotnet host, which needs the program's name again.
        bool hosted = Path.GetFileNameWithoutExtension(self) == "dotnet";
        return new BackendLaunch(
            options.BackendCommand ?? self,
            [
                .. options.BackendCommand is null && hosted ? (string[])[Path.Combine(AppContext.BaseDirectory, "deterministic-inference-server.dll")] : [],
                "engine",
                .. options.ModelPath is { } model ? (string[])["--model-path", model] : [],
                "--host", options.BackendHost,
                "--port", options.BackendPort.ToString(CultureInfo.InvariantCulture),
                "--served-model-name", options.ModelName,
                "--seed", options.Seed.ToString(CultureInfo.InvariantCulture),
                "--max-request-bytes", options.MaxRequestBytes.ToString(CultureInfo.InvariantCulture),
                .. options.BackendArguments,
            ],
            new Dictionary<string, string>());
    }

    /// <summary>No argument of it changes an answer.</summary>
    public IEnumerable<Finding> CheckAttached(JsonElement? report) => [];
}
