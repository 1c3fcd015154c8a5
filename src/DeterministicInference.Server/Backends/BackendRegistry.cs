using System.Collections.Frozen;

namespace DeterministicInference.Server.Backends;

/// <summary>The engines there are, by the name that <c>--backend</c> takes. A new one is one line here.</summary>
internal static class BackendRegistry
{
    private static readonly FrozenDictionary<string, IBackend> Backends =
        ((IBackend[])[new SglangBackend(), new EmbeddedBackend(), new ExternalBackend()]).ToFrozenDictionary(backend => backend.Name);

    public static IReadOnlyList<string> Names { get; } = [.. Backends.Keys.Order(StringComparer.Ordinal)];

    public static IBackend? Find(string name) => Backends.GetValueOrDefault(name);
}
