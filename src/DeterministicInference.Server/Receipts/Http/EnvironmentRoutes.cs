using DeterministicInference.Receipts;
using DeterministicInference.Server.OpenAI;
using DeterministicInference.Server.Receipts.Store;

namespace DeterministicInference.Server.Receipts.Http;

/// <summary><c>GET /v1/environment</c>, the current environment, and <c>/v1/environment/{id}</c>.</summary>
internal sealed class EnvironmentRoutes(EnvironmentRegistry environments)
{
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapMethods("/v1/environment", ["GET", "HEAD"], CurrentAsync);
        routes.MapMethods("/v1/environment/{id}", ["GET", "HEAD"], FindAsync);
    }

    private Task CurrentAsync(HttpContext context) =>
        environments.Current is { } current
            ? ApiJson.WriteAsync(context, StatusCodes.Status200OK, CurrentEnvironment.Write(current))
            : throw new OpenAIException(
                StatusCodes.Status503ServiceUnavailable,
                "server_error",
                "The environment is not known before the engine is ready.",
                code: "backend_unavailable"
            )
            {
                RetryAfter = OpenAIException.UsualRetryAfter,
            };

    private async Task FindAsync(HttpContext context)
    {
        if (!Sha256Value.TryParse((string?)context.Request.RouteValues["id"], out Sha256Value id))
        {
            throw OpenAIException.Invalid(
                "An environment's id has 64 hexadecimal digits in lower case.",
                "id",
                "invalid_value"
            );
        }
        EnvironmentLookup found = await StoreErrors.ExplainAsync(environments.FindAsync(id, context.RequestAborted));
        if (found is { Document: null, Damage: not null })
            throw StoreErrors.Damaged("the document of this environment was changed");
        byte[] document =
            found.Document
            ?? throw new OpenAIException(
                StatusCodes.Status404NotFound,
                "invalid_request_error",
                "No answer of this server was computed in this environment.",
                "id",
                "environment_not_found"
            );
        context.Response.Headers.CacheControl = "public, max-age=31536000, immutable";
        await ApiJson.WriteAsync(context, StatusCodes.Status200OK, document);
    }
}
