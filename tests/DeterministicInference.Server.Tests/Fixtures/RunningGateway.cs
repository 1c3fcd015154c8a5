using DeterministicInference.Receipts.Environments;
using DeterministicInference.Server.Assessment;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Engines;
using DeterministicInference.Server.Gateway;
using DeterministicInference.Server.Gateway.Admission;
using DeterministicInference.Server.Hosting;
using DeterministicInference.Server.Machine;
using DeterministicInference.Server.OpenAI;
using DeterministicInference.Server.Receipts.Store;
using DeterministicInference.Server.Supervision;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace DeterministicInference.Server.Tests.Fixtures;

/// <summary>
/// The server's routes on a real socket inside the test process, in front of an engine of the test's choice.
/// </summary>
internal sealed class RunningGateway : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly GatewayComposition _gateway;
    private readonly ReceiptStore? _receipts;
    private bool _isDisposed;

    private RunningGateway(
        WebApplication app,
        GatewayComposition gateway,
        EngineStatus.Writer status,
        EngineActivity activity,
        ReceiptStore? receipts,
        LogLines log
    )
    {
        _app = app;
        _gateway = gateway;
        _receipts = receipts;
        Status = status;
        Activity = activity;
        Log = log;
        Api = new ApiClient(app.Urls.Single());
    }

    public static ServeOptions Options { get; } = new() { ModelPath = "/models/org/some-model", Backend = "external" };

    /// <summary>Sets the engine's state, as the supervisor would.</summary>
    public EngineStatus.Writer Status { get; }

    public EngineActivity Activity { get; }

    public LogLines Log { get; }

    public ConcurrencyLimit Limit => _gateway.Limit;

    public ApiClient Api { get; }

    public string Url => Api.Url;

    /// <summary>The gateway of an engine that is ready.</summary>
    public static Task<RunningGateway> StartAsync(string backendUrl) => StartAsync(backendUrl, Options);

    /// <param name="backendUrl">The engine.</param>
    /// <param name="options">Settings.</param>
    /// <param name="time">The gateway's clock; null is the real one.</param>
    /// <param name="models">What the engine lists; null is the model of the settings.</param>
    public static Task<RunningGateway> StartAsync(
        string backendUrl,
        ServeOptions options,
        TimeProvider? time = null,
        ServedModels? models = null
    ) => StartAsync(backendUrl, options, time, receipts: null, models);

    /// <summary>A gateway that issues receipts, of an environment without facts.</summary>
    public static Task<RunningGateway> StartWithReceiptsAsync(
        string backendUrl,
        string backend = "external",
        TimeProvider? time = null,
        ServedModels? models = null
    ) =>
        StartAsync(
            backendUrl,
            Options with
            {
                Backend = backend,
            },
            time,
            ReceiptStore.Open(
                new ReceiptStoreSettings(Path.Combine(TestModels.NewFolder("receipts"), "data")),
                TimeProvider.System,
                NullLogger.Instance
            ),
            models
        );

    private static async Task<RunningGateway> StartAsync(
        string backendUrl,
        ServeOptions options,
        TimeProvider? time,
        ReceiptStore? receipts,
        ServedModels? models = null
    )
    {
        var status = new EngineStatus.Writer(new Uri(backendUrl));
        status.Set(new EngineState.Ready(status.Status.Address));
        status.Set(EngineAssessment.NotBegun with { Models = models ?? ServedModels.Named(options.ModelName) });
        var log = new LogLines();
        WebApplicationBuilder builder = HttpServer.CreateBuilder(
            "127.0.0.1",
            0,
            options.MaxRequestBytes,
            options.RequestHeadersTimeout
        );
        builder
            .Logging.ClearProviders()
            .AddProvider(log)
            .SetMinimumLevel(LogLevel.Debug)
            .AddFilter("Microsoft", LogLevel.Warning);
        // The last registration counts.
        builder.Services.AddSingleton(time ?? TimeProvider.System);
        WebApplication app = HttpServer.Build(builder, "deterministic_inference.server");
        var activity = new EngineActivity(time ?? TimeProvider.System);
        var environments = new EnvironmentRegistry(receipts);
        if (receipts is not null)
            await environments.PublishAsync(new InferenceEnvironment([], []), TestContext.Current.CancellationToken);
        var gateway = new GatewayComposition(
            app,
            options,
            ServeKeys.Read(options),
            EngineRegistry.BuiltIn.Of(options),
            status.Status,
            activity,
            new GpuEnvironment(),
            environments,
            receipts
        );
        await app.StartAsync(TestContext.Current.CancellationToken);
        return new RunningGateway(app, gateway, status, activity, receipts, log);
    }

    /// <summary>Stops it, which a test may do before its end, in order to see all that is logged.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, true))
            return;
        Api.Dispose();
        // Without patience, as tests leave requests that never end. What fails in it fails the test.
        await _app.StopAsync(new CancellationToken(canceled: true));
        await _app.DisposeAsync();
        _gateway.Dispose();
        if (_receipts is not null)
            await _receipts.DisposeAsync();
    }
}
