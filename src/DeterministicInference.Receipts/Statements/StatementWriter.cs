using System.Text.Json;
using DeterministicInference.Receipts.Canonical;
using DeterministicInference.Receipts.Environments;
using DeterministicInference.Receipts.Json;
using DeterministicInference.Receipts.Output;

namespace DeterministicInference.Receipts.Statements;

/// <summary>Writes a statement as minified JSON.</summary>
internal static class StatementWriter
{
    /// <summary>The bytes that the log seals.</summary>
    public static byte[] Write(ReceiptStatement statement)
    {
        ArgumentNullException.ThrowIfNull(statement);
        return JsonBytes.Write(json => Write(json, statement));
    }

    private static void Write(Utf8JsonWriter json, ReceiptStatement statement)
    {
        json.WriteStartObject();
        json.WriteString("_type", ReceiptStatement.Type);
        WriteSubject(json, statement);
        json.WriteString("predicateType", ReceiptStatement.PredicateType);
        json.WriteStartObject("predicate");
        WritePredicate(json, statement);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteSubject(Utf8JsonWriter json, ReceiptStatement statement)
    {
        json.WriteStartArray("subject");
        json.WriteStartObject();
        json.WriteString("name", OutputDigest.Form);
        json.WriteStartObject("digest");
        json.WriteString("sha256", statement.OutputCommitment.ToString());
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndArray();
    }

    private static void WritePredicate(Utf8JsonWriter json, ReceiptStatement statement)
    {
        json.WriteString("receipt_id", statement.ReceiptId);
        json.WriteString("issued_at", StatementNames.Of(statement.IssuedAt));
        json.WriteBoolean("complete", statement.Complete);
        json.WriteString("class", EnvironmentNames.Of(statement.Class));
        json.WriteString("execution", StatementNames.Of(statement.Execution));
        if (statement.Origin is { } origin)
            json.WriteString("origin", origin);

        json.WriteStartObject("request");
        json.WriteString("form", CanonicalRequest.Form);
        json.WriteString("path", statement.RequestPath);
        json.WriteString("commitment", statement.RequestCommitment.ToString());
        json.WriteStartObject("pins");
        foreach ((string name, string value) in statement.Pins.Values)
            json.WriteString(name, value);
        json.WriteEndObject();
        json.WriteEndObject();

        json.WriteStartObject("output");
        json.WriteString("delivery", StatementNames.Of(statement.Delivery));
        WriteTokens(json, "tokens", statement.Tokens);
        WriteTokens(json, "prompt", statement.Prompt);
        json.WriteString("logprobs", statement.LogprobsCommitment?.ToString());
        json.WriteString("extras", statement.ExtrasCommitment?.ToString());
        json.WriteString("model", statement.AnswerModel);
        WriteUsage(json, statement.Usage);
        if (statement.WeightVersion is { } version)
            json.WriteString("weight_version", version);
        json.WriteEndObject();

        json.WriteStartObject("environment");
        json.WriteString("id", statement.EnvironmentId.ToString());
        json.WriteString("source", EnvironmentNames.Of(statement.EnvironmentSource));
        json.WriteEndObject();

        json.WriteStartObject("model");
        json.WriteString("name", statement.ModelName);
        json.WriteString("sha256", statement.ModelDigest?.ToString());
        json.WriteEndObject();
        WriteProbe(json, statement.Probe);
    }

    private static void WriteTokens(Utf8JsonWriter json, string name, TokenBinding? tokens)
    {
        if (tokens is null)
        {
            json.WriteNull(name);
            return;
        }
        json.WriteStartObject(name);
        json.WriteString("digest", tokens.Digest.ToString());
        json.WriteStartArray("counts");
        foreach (int count in tokens.Counts)
            json.WriteNumberValue(count);
        json.WriteEndArray();
        if (tokens.TrailDigest is { } trail)
            json.WriteString("trail_sha256", trail.ToString());
        json.WriteEndObject();
    }

    private static void WriteUsage(Utf8JsonWriter json, AnswerUsage? usage)
    {
        if (usage is null)
        {
            json.WriteNull("usage");
            return;
        }
        json.WriteStartObject("usage");
        WriteCount(json, "prompt_tokens", usage.Prompt);
        WriteCount(json, "completion_tokens", usage.Completion);
        WriteCount(json, "total_tokens", usage.Total);
        json.WriteEndObject();
    }

    private static void WriteCount(Utf8JsonWriter json, string name, long? count)
    {
        if (count is { } number)
            json.WriteNumber(name, number);
        else
            json.WriteNull(name);
    }

    private static void WriteProbe(Utf8JsonWriter json, ProbeRecord? probe)
    {
        if (probe is null)
        {
            json.WriteNull("probe");
            return;
        }
        json.WriteStartObject("probe");
        json.WriteString("verdict", probe.Verdict);
        json.WriteNumber("trials", probe.Trials);
        json.WriteString("at", StatementNames.Of(probe.At));
        json.WriteEndObject();
    }
}
