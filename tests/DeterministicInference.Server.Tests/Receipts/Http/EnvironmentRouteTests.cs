using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using DeterministicInference.Receipts;
using DeterministicInference.Receipts.Environments;
using Xunit;

namespace DeterministicInference.Server.Tests.Receipts.Http;

/// <summary>Documents of environments: the current one, and every one in which an answer was computed.</summary>
public sealed class EnvironmentRouteTests(SharedServers shared)
{
    [Fact]
    public async Task The_environment_names_the_model_and_the_engines_semantics_and_nothing_of_the_machine()
    {
        ServeProcess server = await shared.ChatAsync();
        Reply now = await server.Api.GetAsync("/v1/environment");
        InferenceEnvironment environment = EnvironmentDocument.Read(Encoding.UTF8.GetBytes(now.Body));
        Assert.Equal(["engine.name", "engine.semantics", "forward.inject", "model.sha256"], environment.Facts.Keys);
        Assert.Equal((DeterminismClass.Deterministic, FactSource.Measured), (environment.Class, environment.Source));
        Assert.Equal(
            EnvironmentDocument.Write(environment),
            Encoding.UTF8.GetBytes((await server.Api.GetAsync($"/v1/environment/{environment.Id}")).Body)
        );
        // What HyperBEAM's devices look for stands beside it.
        foreach (string name in (string[])["model-sha256", "model_sha256"])
            Assert.Equal(environment.Facts["model.sha256"].Value, (string?)now.Json[name]);
        foreach (string name in (string[])["inference-profile", "inference_profile", "profile"])
            Assert.Equal($"dis-env/2:{environment.Id}", (string?)now.Json[name]);
        string build = Sha256Value
            .Of(
                Encoding.UTF8.GetBytes(
                    $"engine.name embedded\nengine.semantics {environment.Facts["engine.semantics"].Value}\n"
                )
            )
            .ToString();
        foreach (string name in (string[])["runtime-build-hash", "runtime_build_hash"])
            Assert.Equal(build, (string?)now.Json[name]);
        JsonObject health = (await server.Api.GetAsync("/health")).Json;
        Assert.Equal("deterministic", (string?)health["determinism"]!["class"]);
        Assert.Equal("ok", (string?)health["receipts"]!["status"]);
    }

    [Fact]
    public async Task An_environment_of_no_answer_is_not_found_and_a_name_that_is_no_id_is_refused()
    {
        ServeProcess server = await shared.ChatAsync();
        JsonNode unknown = OpenAIErrors.Read(
            await server.Api.GetAsync($"/v1/environment/{new string('0', 64)}"),
            HttpStatusCode.NotFound
        );
        Assert.Equal("environment_not_found", (string?)unknown["code"]);
        foreach (string id in (string[])["x", new string('A', 64), new string('0', 63)])
        {
            JsonNode malformed = OpenAIErrors.Read(
                await server.Api.GetAsync($"/v1/environment/{id}"),
                HttpStatusCode.BadRequest
            );
            Assert.Equal(("invalid_value", "id"), ((string?)malformed["code"], (string?)malformed["param"]));
        }
    }

    /// <summary>
    /// The id is the hash of the content, so caches may keep a document; the current environment may change.
    /// </summary>
    [Fact]
    public async Task A_document_may_be_kept_and_the_name_of_now_may_not()
    {
        ServeProcess server = await shared.ChatAsync();
        Reply now = await server.Api.GetAsync("/v1/environment");
        Assert.Null(now.Headers.CacheControl);
        Reply kept = await server.Api.GetAsync($"/v1/environment/{now.Json["id"]}");
        Assert.True(kept.Headers.CacheControl!.Public);
        Assert.Contains(kept.Headers.CacheControl.Extensions, extension => extension.Name == "immutable");
    }

    [Fact]
    public async Task Before_the_engine_is_ready_there_is_no_environment_of_now()
    {
        await using RunningGateway gateway = await RunningGateway.StartAsync("http://127.0.0.1:9");
        Reply reply = await gateway.Api.GetAsync("/v1/environment");
        JsonNode error = OpenAIErrors.Read(reply, HttpStatusCode.ServiceUnavailable, "server_error");
        Assert.Equal("backend_unavailable", (string?)error["code"]);
        Assert.NotNull(reply.Headers.RetryAfter);
    }
}
