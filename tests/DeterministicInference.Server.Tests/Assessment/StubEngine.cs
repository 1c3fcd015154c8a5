using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Xunit;

namespace DeterministicInference.Server.Tests.Assessment;

/// <summary>
/// A server on a real socket that answers like an engine; the test decides its text by prompt, seed and number of the
/// request.
/// </summary>
internal sealed class StubEngine : IAsyncDisposable
{
    private readonly WebApplication _app;
    private int _completions;

    private StubEngine(WebApplication app) => _app = app;

    public Uri Url => new(_app.Urls.Single());

    /// <summary>Route and Authorization header of every request.</summary>
    public ConcurrentQueue<(string Path, string? Authorization)> Requests { get; } = new();

    /// <summary>The bodies of requests for text.</summary>
    public ConcurrentQueue<JsonNode> Bodies { get; } = new();

    /// <summary>Whether its health routes answer 200.</summary>
    public bool IsWell { get; set; } = true;

    /// <summary>Answer of /server_info; null is 404.</summary>
    public string? Report { get; set; }

    /// <summary>Answers of other routes, by path.</summary>
    public ConcurrentDictionary<string, string> Answers { get; } = new();

    /// <param name="text">
    /// The text by prompt, seed and number of the request, from 1; or a task that does not end.
    /// </param>
    /// <param name="report"><see cref="Report"/>.</param>
    /// <param name="key">Key that a client must send.</param>
    public static async Task<StubEngine> StartAsync(
        Func<string, long, int, Task<IResult>> text,
        string? report = null,
        string? key = null
    )
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        WebApplication app = builder.Build();
        app.Urls.Add("http://127.0.0.1:0");
        var engine = new StubEngine(app) { Report = report };
        app.Use(
            async (context, next) =>
            {
                string? shown = context.Request.Headers.Authorization;
                engine.Requests.Enqueue((context.Request.Path.Value!, shown));
                if (key is not null && shown != $"Bearer {key}")
                    context.Response.StatusCode = StatusCodes.Status401Unauthorized;
                else
                    await next(context);
            }
        );
        foreach (string path in (string[])["/health", "/health_generate"])
        {
            app.MapGet(
                path,
                () => engine.IsWell ? Results.Ok() : Results.StatusCode(StatusCodes.Status503ServiceUnavailable)
            );
        }
        app.MapGet(
            "/server_info",
            () => engine.Report is null ? Results.NotFound() : Results.Text(engine.Report, "application/json")
        );
        app.MapFallback(
            (HttpRequest request) =>
                engine.Answers.TryGetValue(request.Path.Value!, out string? answer)
                    ? Results.Text(answer, "application/json")
                    : Results.NotFound()
        );
        app.MapPost(
            "/v1/completions",
            async (HttpRequest request) =>
            {
                JsonNode body = (await JsonNode.ParseAsync(request.Body))!;
                engine.Bodies.Enqueue(body);
                return await text(
                    (string)body["prompt"]!,
                    (long)body["seed"]!,
                    Interlocked.Increment(ref engine._completions)
                );
            }
        );
        await app.StartAsync(TestContext.Current.CancellationToken);
        return engine;
    }

    public static IResult Text(string text) =>
        Results.Text(
            new JsonObject { ["choices"] = new JsonArray(new JsonObject { ["text"] = text }) }.ToJsonString(),
            "application/json"
        );

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
