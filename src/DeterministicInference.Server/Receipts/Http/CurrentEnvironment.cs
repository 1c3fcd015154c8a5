using System.Text;
using System.Text.Json;
using DeterministicInference.Receipts;
using DeterministicInference.Receipts.Environments;
using DeterministicInference.Receipts.Json;

namespace DeterministicInference.Server.Receipts.Http;

/// <summary>
/// The document of the environment that answers are computed in now. It also has top-level members with names that
/// HyperBEAM's devices read from an inventory; readers of environments ignore unknown members.
/// </summary>
internal static class CurrentEnvironment
{
    private static readonly string[] BuildFacts = ["engine.", "packages."];

    public static byte[] Write(InferenceEnvironment environment)
    {
        return JsonBytes.Write(json =>
        {
            json.WriteStartObject();
            using JsonDocument document = JsonDocument.Parse(EnvironmentDocument.Write(environment));
            foreach (JsonProperty member in document.RootElement.EnumerateObject())
                member.WriteTo(json);
            if (environment.Facts.TryGetValue("model.sha256", out EnvironmentFact? model))
                Write(json, model.Value, "model-sha256", "model_sha256");
            Write(json, BuildHash(environment), "runtime-build-hash", "runtime_build_hash");
            Write(json, $"dis-env/2:{environment.Id}", "inference-profile", "inference_profile", "profile");
            json.WriteEndObject();
        });
    }

    private static void Write(Utf8JsonWriter json, string value, params ReadOnlySpan<string> names)
    {
        foreach (string name in names)
            json.WriteString(name, value);
    }

    /// <summary>Hash of the facts that identify the engine and its packages.</summary>
    private static string BuildHash(InferenceEnvironment environment) =>
        Sha256Value
            .Of(
                Encoding.UTF8.GetBytes(
                    string.Concat(
                        environment
                            .Facts.Where(fact =>
                                BuildFacts.Any(prefix => fact.Key.StartsWith(prefix, StringComparison.Ordinal))
                            )
                            .Select(fact => $"{fact.Key} {fact.Value.Value}\n")
                    )
                )
            )
            .ToString();
}
