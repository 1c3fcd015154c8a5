using DeterministicInference.Server.Backends;

namespace DeterministicInference.Server.Configuration;

/// <summary>What the settings must know of an engine that <c>--backend</c> can name.</summary>
/// <param name="Name">The value of <c>--backend</c>.</param>
/// <param name="NeedsModelPath">Whether it can't be launched without <c>--model-path</c>.</param>
/// <param name="CanLaunch">Whether it can be launched; otherwise <c>--backend-url</c> must be given.</param>
internal sealed record BackendChoice(string Name, bool NeedsModelPath, bool CanLaunch)
{
    public static IReadOnlyList<BackendChoice> Known { get; } =
        [.. BackendRegistry.All.Select(backend => new BackendChoice(backend.Name, backend.NeedsModelPath, backend.CanLaunch))];
}
