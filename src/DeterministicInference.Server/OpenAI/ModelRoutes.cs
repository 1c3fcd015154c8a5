using System.Text.Json;

namespace DeterministicInference.Server.OpenAI;

/// <summary><c>GET /v1/models</c> and <c>/v1/models/{id}</c>.</summary>
/// <param name="served">The models that are served now.</param>
/// <param name="time">Clock for the models' creation time.</param>
internal sealed class ModelRoutes(Func<ServedModels> served, TimeProvider time)
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
        ServedModels models = served();
        ServedModel model = models.Find(id) ?? throw OpenAIException.UnknownModel(id, models);
        return ApiJson.WriteAsync(context, StatusCodes.Status200OK, json => WriteModel(json, model));
    }

    private void WriteList(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("object", "list");
        json.WriteStartArray("data");
        foreach (ServedModel model in served().All)
            WriteModel(json, model);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>Paths of the engine's machine are nobody else's business.</summary>
    private static bool IsPath(string text) =>
        Path.IsPathRooted(text) || text.StartsWith('.') || text.StartsWith('~') || text.Contains('\\');

    private void WriteModel(Utf8JsonWriter json, ServedModel model)
    {
        json.WriteStartObject();
        json.WriteString("id", model.Id);
        json.WriteString("object", "model");
        json.WriteNumber("created", _created);
        json.WriteString("owned_by", "deterministic-inference-server");
        if (model.Root is { } root && !IsPath(root))
            json.WriteString("root", root);
        if (model.Parent is { } parent)
            json.WriteString("parent", parent);
        if (model.MaxLength is { } tokens)
            json.WriteNumber("max_model_len", tokens);
        json.WriteEndObject();
    }
}
