using System.Collections.Frozen;

namespace DeterministicInference.Server.Backends;

/// <summary>The engines there are, by the name that <c>--backend</c> takes. A new one is one line here.</summary>
internal static class BackendRegistry
{
    public static IReadOnlyList<IBackend> All { get; } =
        [new SglangBackend(), new VllmBackend(), new LlamaCppBackend(), new TgiBackend(), new EmbeddedBackend(), new ExternalBackend()];

    private static readonly FrozenDictionary<string, IBackend> ByName = All.ToFrozenDictionary(backend => backend.Name);

    public static IBackend? Find(string name) => ByName.GetValueOrDefault(name);
}
