using System.Collections.Concurrent;

namespace DeterministicInference.Server.Tests.EndToEnd.FakeBackend;

/// <summary>
/// One FakeBackend of each dialect for the tests of a class, which run one after another; started when the first needs
/// it. Tests that end it, signal it or pass settings start their own.
/// </summary>
public sealed class FakeEngines : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, Lazy<Task<FakeBackendProcess>>> _engines = new();

    internal Task<FakeBackendProcess> OfAsync(string dialect) =>
        _engines
            .GetOrAdd(dialect, name => new Lazy<Task<FakeBackendProcess>>(() => FakeDialect.StartAsync(name)))
            .Value;

    public async ValueTask DisposeAsync()
    {
        foreach (Lazy<Task<FakeBackendProcess>> engine in _engines.Values)
        {
            if (engine.Value.IsCompletedSuccessfully)
                await (await engine.Value).DisposeAsync();
        }
    }
}
