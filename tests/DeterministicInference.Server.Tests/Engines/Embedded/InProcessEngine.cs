using DeterministicInference.Engine;
using DeterministicInference.Server.Engines.Embedded;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging;

namespace DeterministicInference.Server.Tests.Engines.Embedded;

/// <summary>
/// The real server on a real socket inside the test process, so that a test can pause the engine between two steps.
/// </summary>
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
    public static Task<InProcessEngine> StartAsync() => StartAsync(new EmbeddedEngineOptions());

    /// <inheritdoc cref="StartAsync()"/>
    /// <param name="own">Settings of the test.</param>
    public static async Task<InProcessEngine> StartAsync(EmbeddedEngineOptions own)
    {
        EmbeddedEngineOptions options = own with
        {
            ModelPath = TestModels.Scripted,
            Port = 0,
            LogLevel = LogLevel.Error,
            Threads = 1,
            CacheMebibytes = 256,
        };
        EmbeddedEngine engine = EmbeddedEngine.Load(options.ModelFolder, EmbeddedServer.Limits(options));
        WebApplication app = EmbeddedServer.Build(options, engine);
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
