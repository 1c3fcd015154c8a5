using System.Text.Json.Nodes;

namespace DeterministicInference.FakeBackend;

/// <summary>Control routes for tests: <c>/__fake/…</c>.</summary>
internal static class ControlEndpoints
{
    public static void Map(IEndpointRouteBuilder routes, BackendState state, LaunchArguments arguments)
    {
        routes.MapGet(
            "/__fake/arguments",
            context =>
                WriteAsync(context, new JsonArray([.. arguments.All.Select(argument => JsonValue.Create(argument))]))
        );
        routes.MapGet(
            "/__fake/requests",
            context => WriteAsync(context, new JsonArray([.. state.Requests.Select(Describe)]))
        );
        // Answered once the request with this number has arrived and ended.
        routes.MapGet(
            "/__fake/requests/{number:int}/end",
            async context =>
            {
                RequestRecord record = state.Requests[int.Parse((string)context.Request.RouteValues["number"]!, null)];
                await record.Ended.WaitAsync(context.RequestAborted);
                await WriteAsync(context, Describe(record));
            }
        );
        routes.MapPost("/__fake/gates/{name}", (string name) => state.Gate(name).TrySetResult());
        routes.MapPost(
            "/__fake/warm",
            () =>
            {
                state.HealthStatus = StatusCodes.Status200OK;
                state.WarmUp();
            }
        );
        routes.MapPost("/__fake/health/{status:int}", (int status) => state.HealthStatus = status);
        routes.MapPost(
            "/__fake/health-delay/{milliseconds:int}",
            (int milliseconds) => state.HealthDelay = milliseconds
        );
        // Number of generating requests in progress, including those at a gate.
        routes.MapGet("/__fake/running", context => WriteAsync(context, JsonValue.Create(state.Running)));
        // Healthy, but generating requests get no more bytes.
        routes.MapPost("/__fake/stick", () => state.Obstruct(Obstruction.Generation));
        // /health does not answer any more either.
        routes.MapPost("/__fake/freeze", () => state.Obstruct(Obstruction.Everything));
        routes.MapPost("/__fake/exit/{code:int}", (int code) => Environment.Exit(code));
        routes.MapPost("/__fake/die", Termination.Die);
        routes.MapPost(
            "/__fake/print",
            async context =>
            {
                using var body = new StreamReader(context.Request.Body);
                await Output.PrintAsync(await body.ReadToEndAsync(context.RequestAborted));
            }
        );
        routes.MapPost("/__fake/log/{lines:int}", (int lines) => Output.Flood(lines));
        routes.MapPost("/__fake/line/{characters:int}", (int characters) => Output.Line(characters));
        routes.MapPost("/__fake/garbage/{bytes:int}", (int bytes) => Output.Garbage(bytes));
    }

    private static JsonNode Describe(RequestRecord record) =>
        new JsonObject
        {
            ["number"] = record.Number,
            ["line"] = record.Line,
            ["headers"] = new JsonObject(
                record.Headers.Select(header =>
                    KeyValuePair.Create(header.Key.ToLowerInvariant(), (JsonNode?)header.Value)
                )
            ),
            ["body"] = record.Body,
            ["state"] = record.State,
        };

    private static Task WriteAsync(HttpContext context, JsonNode json)
    {
        context.Response.ContentType = "application/json";
        return context.Response.WriteAsync(json.ToJsonString(), context.RequestAborted);
    }
}
