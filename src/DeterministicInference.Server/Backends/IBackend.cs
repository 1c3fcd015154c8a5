using DeterministicInference.Server.Configuration;

namespace DeterministicInference.Server.Backends;

/// <summary>
/// A description of an engine, without side effects: what to start, where its health is. Everything that acts is in
/// BackendSupervisor. How to add one: docs/adding-a-backend.md.
/// </summary>
internal interface IBackend
{
    /// <summary>The value of <c>--backend</c>.</summary>
    string Name { get; }

    /// <summary>Whether <c>--model-path</c> must be given to launch it.</summary>
    bool NeedsModelPath { get; }

    /// <summary>GET on it answers 200 once the engine is ready.</summary>
    string HealthPath { get; }

    /// <summary>What to start, or null for an engine that is only attached to.</summary>
    BackendLaunch? Launch(InferenceOptions options);
}
