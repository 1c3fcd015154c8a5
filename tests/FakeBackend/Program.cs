// A stand-in for SGLang's server, written from documentation and never compared with a running one: see README.md.
using System.Text;
using DeterministicInference.FakeBackend;

LaunchArguments arguments;
try
{
    arguments = LaunchArguments.Parse(args);
}
catch (UsageException e)
{
    await Console.Error.WriteLineAsync("usage: launch_server.py [-h] --model-path MODEL_PATH [--host HOST] [--port PORT] ...");
    await Console.Error.WriteLineAsync($"launch_server.py: error: {e.Message}");
    return 2;
}
if (arguments.Conflict() is { } conflict)
{
    await Console.Error.WriteLineAsync(conflict);
    return 1;
}

var behaviour = new ProcessBehaviour();
if (behaviour.FirstLine is { } first) Output.Log(first);
if (behaviour.PrintsArguments) Output.Log($"server_args={arguments.Describe()}");
if (behaviour.ExitLines is { } lines)
{
    for (int i = 1; i <= lines; i++) Output.Log($"Loading failed, line {i} of {lines}");
    return behaviour.ExitCode;
}
if (behaviour.IgnoreSigterm) Termination.IgnoreFromStart();
Helpers.Start(behaviour.Children, behaviour.Daemons);
await Task.Delay(behaviour.StartDelay);

var state = new BackendState(behaviour.KeepsRequests) { HealthDelay = (int)behaviour.HealthDelay.TotalMilliseconds };
WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { Args = [] });
builder.Logging.ClearProviders();
// Signals have SGLang's meaning, not the host's.
builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
builder.WebHost.UseUrls($"http://{arguments.Host}:{arguments.Port}");
builder.WebHost.ConfigureKestrel(kestrel =>
{
    kestrel.AddServerHeader = false;
    kestrel.Limits.KeepAliveTimeout = TimeSpan.FromSeconds(5);
    kestrel.Limits.MaxRequestBodySize = null;
    kestrel.ResponseHeaderEncodingSelector = _ => Encoding.Latin1;
});

WebApplication app = builder.Build();
app.Use(async (context, next) =>
{
    context.Response.Headers.Server = "uvicorn";
    if (!context.Request.Path.StartsWithSegments("/__fake")) await state.PassAsync(context, Obstruction.Everything);
    if (InfoEndpoints.IsAllowed(context.Request, arguments))
    {
        await next(context);
        return;
    }
    context.Response.StatusCode = StatusCodes.Status401Unauthorized;
    await context.Response.WriteAsync("""{"error": "Unauthorized"}""");
});
new GenerationEndpoints(state, arguments).Map(app);
InfoEndpoints.Map(app, state, arguments);
ControlEndpoints.Map(app, state, arguments);
await app.StartAsync();
foreach (string url in app.Urls) Output.Log($"Uvicorn running on {url} (Press CTRL+C to quit)");

await Task.Delay(behaviour.Warmup < TimeSpan.Zero ? TimeSpan.Zero : behaviour.Warmup);
if (!behaviour.IgnoreSigterm) Termination.DrainOnSignal(state);
Output.Flood(behaviour.LogLines);
if (behaviour.Warmup >= TimeSpan.Zero && !behaviour.NeverHealthy)
{
    state.HealthStatus = StatusCodes.Status200OK;
    if (arguments.LogsInfo) Output.Log("The server is fired up and ready to roll!");
}
if (behaviour.ExitAfterReady is { } time)
{
    await Task.Delay(time);
    return behaviour.ExitCode;
}
await app.WaitForShutdownAsync();
return 0;
