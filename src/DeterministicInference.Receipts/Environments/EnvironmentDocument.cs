using System.Text.Json;
using DeterministicInference.Receipts.Json;

namespace DeterministicInference.Receipts.Environments;

/// <summary>The environment as JSON: <c>{id, class, reasons, facts:{key:{value,source}}}</c>.</summary>
internal static class EnvironmentDocument
{
    /// <summary>
    /// What the server adds to the document of the environment that it has at present, for devices that look for these
    /// names.
    /// </summary>
    private static readonly string[] ForDevices =
    [
        "model-sha256",
        "model_sha256",
        "runtime-build-hash",
        "runtime_build_hash",
        "inference-profile",
        "inference_profile",
        "profile",
    ];

    /// <summary>Writes the document, minified.</summary>
    public static byte[] Write(InferenceEnvironment environment)
    {
        ArgumentNullException.ThrowIfNull(environment);
        return JsonBytes.Write(json => Write(json, environment));
    }

    /// <summary>Reads a document and computes its id anew.</summary>
    /// <exception cref="ReceiptFormatException">
    /// A member is missing or malformed, or id or class are not those of the facts and reasons.
    /// </exception>
    public static InferenceEnvironment Read(ReadOnlyMemory<byte> utf8)
    {
        using var document = JsonFields.Parse(utf8, "environment");
        JsonFields root = JsonFields.Root(document, "environment");
        root.RequireOnly(["id", "class", "reasons", "facts", .. ForDevices]);
        var facts = new Dictionary<string, EnvironmentFact>(StringComparer.Ordinal);
        foreach ((string key, JsonFields fact) in root.Object("facts").Objects())
        {
            fact.RequireOnly("value", "source");
            facts.Add(key, new EnvironmentFact(fact.String("value"), fact.Named("source", EnvironmentNames.Sources)));
        }
        InferenceEnvironment environment;
        try
        {
            environment = new InferenceEnvironment(facts, root.Strings("reasons"));
        }
        catch (ArgumentException e)
        {
            throw new ReceiptFormatException("environment.facts", e.Message);
        }
        if (root.Hash("id") != environment.Id)
            throw new ReceiptFormatException("environment.id", "is not the id of the facts and reasons");
        if (root.Named("class", EnvironmentNames.Classes) != environment.Class)
        {
            throw new ReceiptFormatException("environment.class", "is not the class that the reasons give");
        }
        return environment;
    }

    private static void Write(Utf8JsonWriter json, InferenceEnvironment environment)
    {
        json.WriteStartObject();
        json.WriteString("id", environment.Id.ToString());
        json.WriteString("class", EnvironmentNames.Of(environment.Class));
        json.WriteStartArray("reasons");
        foreach (string reason in environment.Reasons)
            json.WriteStringValue(reason);
        json.WriteEndArray();
        json.WriteStartObject("facts");
        foreach ((string key, EnvironmentFact fact) in environment.Facts)
        {
            json.WriteStartObject(key);
            json.WriteString("value", fact.Value);
            json.WriteString("source", EnvironmentNames.Of(fact.Source));
            json.WriteEndObject();
        }
        json.WriteEndObject();
        json.WriteEndObject();
    }
}
