using DeterministicInference.Engine;
using DeterministicInference.Server.EngineHost;
using DeterministicInference.Server.Tests.Models;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging;

namespace DeterministicInference.Server.Tests.EndToEnd;

/// <summary>The real server on a real socket inside the test process, so that a test can stop the engine between two steps.</summary>
internal sealed class InProcessEngine : IAsyncDisposable
{
    private readonly WebApplication _app;

    private InProcessEngine(EmbeddedEngine engine, WebApplication app)
    {
        Engine = engine;
        _app = app;
        Api = new ApiClient(app.Urls.Single());
    }

    public EmbeddedEngine Engine { get; }

    public ApiClient Api { get; }

    /// <summary>Serves <see cref="ScriptedModel"/>.</summary>
    public static Task<InProcessEngine> StartAsync() => StartAsync(new EngineOptions());

    /// <inheritdoc cref="StartAsync()"/>
    /// <param name="own">Settings of the test.</param>
    public static async Task<InProcessEngine> StartAsync(EngineOptions own)
    {
        EngineOptions options = own with { ModelPath = TestModels.Scripted, Port = 0, LogLevel = LogLevel.Error, Threads = 1, CacheMebibytes = 256 };
        EmbeddedEngine engine = EmbeddedEngine.Load(options.ModelFolder, EngineServer.Limits(options));
        WebApplication app = EngineServer.Build(options, engine);
        await app.StartAsync(Xunit.TestContext.Current.CancellationToken);
        return new InProcessEngine(engine, app);
    }

    public async ValueTask DisposeAsync()
    {
        Api.Dispose();
        await _app.DisposeAsync();
        Engine.Dispose();
    }
}
