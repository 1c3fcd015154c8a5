// A stand-in for inference engines, written from documentation and compared with recordings of running ones: see
// README.md.
using System.Net.Sockets;
using System.Text;
using DeterministicInference.FakeBackend;
using DeterministicInference.FakeBackend.Dialects;
using DeterministicInference.FakeBackend.Replay;

Dialect dialect;
try
{
    dialect = DialectChoice.Of(args);
}
catch (UsageException e)
{
    await Console.Error.WriteLineAsync(e.Message);
    return e.ExitCode;
}
if (dialect.Conflict is { } conflict)
{
    await Console.Error.WriteLineAsync(conflict);
    return 1;
}

LaunchArguments arguments = dialect.Arguments;
var behaviour = new ProcessBehaviour();
if (behaviour.FirstLine is { } first)
    Output.Log(first);
if (behaviour.PrintsArguments)
    Output.Log($"server_args={arguments.Describe(dialect.ArgumentsName)}");
if (behaviour.LinesFile is { } file)
    await Output.PrintAsync(await File.ReadAllTextAsync(file));
if (behaviour.ExitLines is { } lines)
{
    for (int i = 1; i <= lines; i++)
        Output.Log($"Loading failed, line {i} of {lines}");
    return behaviour.ExitCode;
}
if (behaviour.IgnoreSigterm)
    Termination.IgnoreFromStart();
Helpers.Start(behaviour.Children, behaviour.Daemons);
if (behaviour.ReplayFolder is { } folder)
{
    await ReplayServer.RunAsync(folder, dialect);
    return 0;
}

int port = arguments.Port(dialect.DefaultPort);
LoadingPhase loading = dialect.Loading;
TimeSpan warmup = behaviour.Warmup < TimeSpan.Zero ? Timeout.InfiniteTimeSpan : behaviour.Warmup;
Socket? bound =
    loading != LoadingPhase.BoundUntilReady ? null
    : arguments.Socket is { } path ? ReusedPort.Bind(path)
    : ReusedPort.Bind(arguments.Host, port);
if (loading != LoadingPhase.Answered)
    await Task.Delay(behaviour.StartDelay);
if (loading is LoadingPhase.BoundUntilReady or LoadingPhase.RefusedUntilReady)
    await Task.Delay(warmup);

using var state = new BackendState(behaviour.KeepsRequests, dialect.Slots)
{
    HealthDelay = (int)behaviour.HealthDelay.TotalMilliseconds,
};
WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { Args = [] });
builder.Logging.ClearProviders();

// Signals have the engine's meaning, not the host's.
builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
builder.WebHost.UseUrls(arguments.Socket is { } socket ? $"http://unix:{socket}" : $"http://{arguments.Host}:{port}");
if (bound is not null)
    builder.WebHost.UseSockets(sockets => sockets.CreateBoundListenSocket = _ => bound);
builder.WebHost.ConfigureKestrel(kestrel =>
{
    kestrel.AddServerHeader = false;
    kestrel.Limits.KeepAliveTimeout = TimeSpan.FromSeconds(5);
    kestrel.Limits.MaxRequestBodySize = null;
    kestrel.ResponseHeaderEncodingSelector = _ => Encoding.Latin1;
});

WebApplication app = builder.Build();
state.StopServer = () => app.StopAsync();
app.Use(
    async (context, next) =>
    {
        if (dialect.ServerHeader is { } server)
            context.Response.Headers.Server = server;
        if (context.Request.Path.StartsWithSegments("/__fake"))
        {
            await next(context);
            return;
        }
        context.Response.OnStarting(() =>
        {
            dialect.AddHeaders(context);
            return Task.CompletedTask;
        });
        await state.PassAsync(context, Obstruction.Everything);
        if (await dialect.AllowAsync(context) || await dialect.RefuseAsync(context, state))
            return;
        await next(context);
        if (
            context.Response is
            {
                HasStarted: false,
                ContentType: null,
                StatusCode: StatusCodes.Status404NotFound or StatusCodes.Status405MethodNotAllowed,
            }
        )
            await dialect.AnswerUnknownAsync(context);
    }
);
new GenerationEndpoints(state, dialect).Map(app);
dialect.MapInfo(app, state);
ControlEndpoints.Map(app, state, arguments);
await app.StartAsync();
foreach (string url in app.Urls)
    Output.Log(dialect.AddressLine(url));

bool isWarm = true;
if (loading == LoadingPhase.Answered)
{
    await Task.Delay(behaviour.StartDelay);
    await Task.WhenAny(state.Warm, Task.Delay(warmup));
}
else if (loading == LoadingPhase.RefusedThenWarming)
{
    isWarm = warmup != Timeout.InfiniteTimeSpan;
    if (isWarm)
        await Task.Delay(warmup);
}
if (!behaviour.IgnoreSigterm)
    Termination.HandleSignal(state, dialect);
Output.Flood(behaviour.LogLines);
if (isWarm && !behaviour.NeverHealthy)
{
    state.HealthStatus = StatusCodes.Status200OK;
    if (dialect.ReadyLine is { } ready)
        Output.Log(ready);
}
if (behaviour.ExitAfterReady is { } time)
{
    await Task.Delay(time);
    return behaviour.ExitCode;
}
await app.WaitForShutdownAsync();
return 0;
