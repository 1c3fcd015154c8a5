using System.Text.Json;

namespace DeterministicInference.Server.OpenAI;

/// <summary><c>GET /v1/models</c> and <c>/v1/models/{id}</c> of a server with one model.</summary>
/// <param name="name">The model's id.</param>
/// <param name="time">Clock for the model's creation time.</param>
/// <param name="maxLength">Longest sequence in tokens, if known.</param>
internal sealed class ModelRoutes(string name, TimeProvider time, int? maxLength = null)
{
    private readonly long _created = time.GetUtcNow().ToUnixTimeSeconds();

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapMethods(
            "/v1/models",
            ["GET", "HEAD"],
            context => ApiJson.WriteAsync(context, StatusCodes.Status200OK, WriteList)
        );
        routes.MapMethods("/v1/models/{**id}", ["GET", "HEAD"], ModelAsync);
    }

    private Task ModelAsync(HttpContext context)
    {
        // Kestrel decodes everything except an encoded slash (dotnet/aspnetcore, src/Shared/UrlDecoder), which SDKs
        // send for ids like org/name.
        string id = ((string?)context.Request.RouteValues["id"] ?? "").Replace(
            "%2F",
            "/",
            StringComparison.OrdinalIgnoreCase
        );
        if (id != name)
            throw OpenAIException.UnknownModel(id, name);
        return ApiJson.WriteAsync(context, StatusCodes.Status200OK, WriteModel);
    }

    private void WriteList(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("object", "list");
        json.WriteStartArray("data");
        WriteModel(json);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private void WriteModel(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("id", name);
        json.WriteString("object", "model");
        json.WriteNumber("created", _created);
        json.WriteString("owned_by", "deterministic-inference-server");
        if (maxLength is { } tokens)
            json.WriteNumber("max_model_len", tokens);
        json.WriteEndObject();
    }
}
