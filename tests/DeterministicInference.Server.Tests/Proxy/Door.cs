using DeterministicInference.Server.Admission;
using DeterministicInference.Server.Backends;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Determinism;
using DeterministicInference.Server.Hosting;
using DeterministicInference.Server.Proxy;
using DeterministicInference.Server.Receipts;
using DeterministicInference.Server.Tests.EndToEnd;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace DeterministicInference.Server.Tests.Proxy;

/// <summary>The server's routes on a real socket inside the test process, in front of an engine that a test chose.</summary>
internal sealed class Door : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ProxyEndpoints _endpoints;

    private Door(WebApplication app, ProxyEndpoints endpoints, BackendStatus status, EngineActivity activity, LogLines log)
    {
        _app = app;
        _endpoints = endpoints;
        Status = status;
        Activity = activity;
        Log = log;
        Api = new ApiClient(app.Urls.Single());
    }

    public static InferenceOptions Options { get; } = new() { ModelPath = "/models/org/some-model", Backend = "external" };

    public BackendStatus Status { get; }

    public EngineActivity Activity { get; }

    public LogLines Log { get; }

    public ConcurrencyLimit Limit => _endpoints.Limit;

    public ApiClient Api { get; }

    public string Url => Api.Url;

    /// <summary>The door of an engine that is ready.</summary>
    public static Task<Door> StartAsync(string backendUrl) => StartAsync(backendUrl, Options);

    public static async Task<Door> StartAsync(string backendUrl, InferenceOptions options)
    {
        var status = new BackendStatus(new Uri(backendUrl));
        status.Set(new BackendState.Ready(status.Address));
        var log = new LogLines();
        WebApplicationBuilder builder = HttpServer.CreateBuilder("127.0.0.1", 0, options.MaxRequestBytes);
        builder.Logging.ClearProviders().AddProvider(log).SetMinimumLevel(LogLevel.Debug).AddFilter("Microsoft", LogLevel.Warning);
        WebApplication app = HttpServer.Build(builder, "deterministic_inference.server");
        var activity = new EngineActivity(TimeProvider.System);
        var endpoints = new ProxyEndpoints(
            options, BackendRegistry.Find(options.Backend)!, status, activity, new GpuEnvironment(), new EnvironmentRegistry(null), null,
            TimeProvider.System, app.Services.GetRequiredService<ILoggerFactory>());
        endpoints.Map(app);
        await app.StartAsync(Xunit.TestContext.Current.CancellationToken);
        return new Door(app, endpoints, status, activity, log);
    }

    public async ValueTask DisposeAsync()
    {
        Api.Dispose();
        await _app.DisposeAsync();
        _endpoints.Dispose();
    }
}
