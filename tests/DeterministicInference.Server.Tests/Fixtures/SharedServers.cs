using Xunit;

[assembly: AssemblyFixture(typeof(DeterministicInference.Server.Tests.Fixtures.SharedServers))]

namespace DeterministicInference.Server.Tests.Fixtures;

/// <summary>Servers that tests share, each started when the first test needs it.</summary>
public sealed class SharedServers : IAsyncDisposable
{
    private readonly Lazy<Task<ServeProcess>> _chat = new(() => ServeProcess.EmbeddedAsync(TestModels.Chat));

    /// <summary>In front of the embedded engine with the bundled chat model.</summary>
    internal Task<ServeProcess> ChatAsync() => _chat.Value;

    public async ValueTask DisposeAsync()
    {
        if (_chat is { IsValueCreated: true, Value.IsCompletedSuccessfully: true })
            await (await _chat.Value).DisposeAsync();
    }
}
