using DeterministicInference.Server.Configuration;

namespace DeterministicInference.Server.Backends;

/// <summary>
/// A description of an engine, without side effects: what to start, where its health is. Everything that acts is in
/// <see cref="BackendSupervisor"/>. How to add one: docs/adding-a-backend.md.
/// </summary>
internal interface IBackend
{
    /// <summary>The value of <c>--backend</c>, and the last part of its log module's name.</summary>
    string Name { get; }

    /// <summary>What messages call it, at the beginning of a sentence.</summary>
    string Title { get; }

    /// <summary>Whether <c>--model-path</c> must be given to launch it.</summary>
    bool NeedsModelPath { get; }

    /// <summary>Whether it is launched at all; otherwise it is only attached to, by <c>--backend-url</c>.</summary>
    bool CanLaunch => true;

    /// <summary>GET on it answers 200 once the engine is ready.</summary>
    string HealthPath { get; }

    /// <summary>
    /// GET on it passes only while the engine computes. Asked where there is reason to doubt that, as it may cost a token;
    /// it must not wait behind other requests. Without such a route: the health path.
    /// </summary>
    string ProgressPath => HealthPath;

    /// <summary>What to do when its executable is not there.</summary>
    string MissingExecutableRemedy { get; }

    /// <summary>What is changed or refused in requests to it.</summary>
    RequestRules Requests => RequestRules.None;

    /// <summary>What to start, or null for an engine that is only attached to.</summary>
    BackendLaunch? Launch(InferenceOptions options);
}
