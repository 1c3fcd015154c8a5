using Xunit;

[assembly: AssemblyFixture(typeof(DeterministicInference.Server.Tests.Engines.Embedded.SharedEngines))]

namespace DeterministicInference.Server.Tests.Engines.Embedded;

/// <summary>Engines that tests share, each started when the first test needs it.</summary>
public sealed class SharedEngines : IAsyncDisposable
{
    private readonly Lazy<Task<EngineProcess>> _chat = new(() => EngineProcess.StartAsync(TestModels.Chat));
    private readonly Lazy<Task<EngineProcess>> _scripted = new(() => EngineProcess.StartAsync(TestModels.Scripted));

    /// <summary>The bundled chat model.</summary>
    internal async Task<ApiClient> ChatAsync() => (await _chat.Value).Api;

    /// <summary>The model whose answers are known.</summary>
    internal async Task<ApiClient> ScriptedAsync() => (await _scripted.Value).Api;

    public async ValueTask DisposeAsync()
    {
        foreach (Lazy<Task<EngineProcess>> engine in (Lazy<Task<EngineProcess>>[])[_chat, _scripted])
        {
            // One that did not start has ended already.
            if (engine is { IsValueCreated: true, Value.IsCompletedSuccessfully: true })
                await (await engine.Value).DisposeAsync();
        }
    }
}
