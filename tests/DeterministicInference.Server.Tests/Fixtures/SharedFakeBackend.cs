using Xunit;

[assembly: AssemblyFixture(typeof(DeterministicInference.Server.Tests.Fixtures.SharedFakeBackend))]

namespace DeterministicInference.Server.Tests.Fixtures;

/// <summary>
/// A FakeBackend that tests share, which identify their requests by text; started when the first one needs it.
/// </summary>
public sealed class SharedFakeBackend : IAsyncDisposable
{
    private readonly Lazy<Task<FakeBackendProcess>> _fake = new(() =>
        FakeBackendProcess.StartAsync("--enable-deterministic-inference")
    );

    internal Task<FakeBackendProcess> StartedAsync() => _fake.Value;

    public async ValueTask DisposeAsync()
    {
        if (_fake is { IsValueCreated: true, Value.IsCompletedSuccessfully: true })
            await (await _fake.Value).DisposeAsync();
    }
}
