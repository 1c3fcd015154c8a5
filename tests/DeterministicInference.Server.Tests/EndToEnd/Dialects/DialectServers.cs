using System.Collections.Concurrent;
using Xunit;

namespace DeterministicInference.Server.Tests.EndToEnd.Dialects;

/// <summary>
/// A server for each engine, started when the first test needs it. The tests that use them run one after the other:
/// concurrent requests change the answers of engines without a batch-invariant mode.
/// </summary>
public sealed class DialectServers : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, Lazy<Task<DialectServer>>> _servers = new();

    internal Task<DialectServer> StartedAsync(string dialect) =>
        _servers.GetOrAdd(dialect, name => new(() => DialectServer.StartAsync(name))).Value;

    public async ValueTask DisposeAsync()
    {
        foreach (Lazy<Task<DialectServer>> server in _servers.Values)
        {
            if (server.Value.IsCompletedSuccessfully)
                await (await server.Value).DisposeAsync();
        }
    }
}

[CollectionDefinition(Name)]
public sealed class DialectGroup : ICollectionFixture<DialectServers>
{
    public const string Name = "Dialects";
}
