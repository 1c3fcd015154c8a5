using System.Buffers;
using System.Text;
using System.Text.Json;
using DeterministicInference.Receipts;
using DeterministicInference.Receipts.Environments;
using DeterministicInference.Server.OpenAI;

namespace DeterministicInference.Server.Receipts;

/// <summary>
/// The document of the environment that answers are computed in now. It has besides, at its top, what HyperBEAM's devices look for under
/// these names in an inventory; readers of environments ignore members that they don't know.
/// </summary>
internal static class CurrentEnvironment
{
    private static readonly string[] BuildFacts = ["engine.", "packages."];

    public static byte[] Write(InferenceEnvironment environment)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, ApiJson.WriterOptions))
        {
            json.WriteStartObject();
            using JsonDocument document = JsonDocument.Parse(EnvironmentDocument.Write(environment));
            foreach (JsonProperty member in document.RootElement.EnumerateObject()) member.WriteTo(json);
            if (environment.Facts.TryGetValue("model.sha256", out EnvironmentFact? model)) Write(json, model.Value, "model-sha256", "model_sha256");
            Write(json, BuildHash(environment), "runtime-build-hash", "runtime_build_hash");
            Write(json, $"dis-env/1:{environment.Id}", "inference-profile", "inference_profile", "profile");
            json.WriteEndObject();
        }
        return buffer.WrittenSpan.ToArray();
    }

    private static void Write(Utf8JsonWriter json, string value, params ReadOnlySpan<string> names)
    {
        foreach (string name in names) json.WriteString(name, value);
    }

    /// <summary>Of the facts that say which engine it is, and of what packages.</summary>
    private static string BuildHash(InferenceEnvironment environment) => Sha256Value.Of(Encoding.UTF8.GetBytes(string.Concat(
        environment.Facts.Where(fact => BuildFacts.Any(prefix => fact.Key.StartsWith(prefix, StringComparison.Ordinal))).Select(fact => $"{fact.Key} {fact.Value.Value}\n")))).ToString();
}
