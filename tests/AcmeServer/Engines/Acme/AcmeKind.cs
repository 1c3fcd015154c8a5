using DeterministicInference.Server.Configuration;

namespace DeterministicInference.Server.Engines.Acme;

/// <summary>Acme Serve 2, an engine that does not exist.</summary>
internal sealed class AcmeKind : IEngineKind
{
    public string Name => "acme";

    public string Title => "Acme server";

    /// <summary>/health answers also while the engine hangs; the other one runs a token.</summary>
    public EngineHealthRoutes Health { get; } = new("/health") { ProgressPath = "/health/deep" };

    public IEngineLauncher Launcher { get; } = new AcmeLauncher();

    public IEngineDeterminism Determinism { get; } = new AcmeDeterminism();

    public IEngineFacts Facts { get; } = new AcmeFacts();

    /// <summary>Its kernels are of a fixed order for up to eight requests.</summary>
    public int? RequestsAtOnce(ServeOptions options) => options.Enforces ? 8 : null;
}
