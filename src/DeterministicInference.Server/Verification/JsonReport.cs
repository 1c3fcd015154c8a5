using System.Text.Json;
using DeterministicInference.Receipts.Environments;
using DeterministicInference.Receipts.Json;
using DeterministicInference.Receipts.Log;
using DeterministicInference.Receipts.Statements;
using DeterministicInference.Receipts.Verification;

namespace DeterministicInference.Server.Verification;

/// <summary>Writes a report as one line of JSON.</summary>
internal static class JsonReport
{
    /// <param name="report">The report.</param>
    /// <param name="file">The name of the file, where there are several.</param>
    public static byte[] Write(VerificationResult report, string? file = null)
    {
        byte[] text = JsonBytes.Write(json =>
        {
            json.WriteStartObject();
            if (file is not null)
                json.WriteString("file", file);
            json.WriteString("verdict", report.Name);
            json.WriteNumber("exit_code", report.ExitCode);
            json.WriteString("reason", report.Reason);
            json.WriteString("remedy", ReceiptVerification.RemedyOf(report));
            WriteReceipt(json, report.Statement);
            WriteKey(json, report);
            json.WriteStartArray("checks");
            foreach (CheckResult check in report.Checks)
            {
                json.WriteStartObject();
                json.WriteString("check", CheckNames.ForPrograms(check.Check));
                json.WriteString("outcome", CheckNames.ForPrograms(check.Outcome));
                json.WriteString("detail", check.Detail);
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteStartArray("pins");
            foreach (PinnedMember pin in report.Pins)
            {
                json.WriteStartObject();
                json.WriteString("name", pin.Name);
                json.WriteString("sent", pin.Sent);
                json.WriteString("set", pin.Set);
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteStartArray("never_compared");
            foreach (string member in VerificationResult.NotBound.Concat(report.Unbound))
                json.WriteStringValue(member);
            json.WriteEndArray();
            WriteCosignatures(json, report.Cosignatures);
            WriteReplay(json, report.Replay);
            json.WriteEndObject();
        });
        return [.. text, (byte)'\n'];
    }

    /// <summary>The line of a file of a folder that is no receipt.</summary>
    public static byte[] WriteUnusable(string file, string error)
    {
        byte[] text = JsonBytes.Write(json =>
        {
            json.WriteStartObject();
            json.WriteString("file", file);
            json.WriteNull("verdict");
            json.WriteString("error", error);
            json.WriteEndObject();
        });
        return [.. text, (byte)'\n'];
    }

    private static void WriteReceipt(Utf8JsonWriter json, ReceiptStatement? statement)
    {
        if (statement is null)
        {
            json.WriteNull("receipt");
            return;
        }
        json.WriteStartObject("receipt");
        json.WriteString("id", statement.ReceiptId);
        json.WriteString("issued_at", StatementNames.Of(statement.IssuedAt));
        json.WriteString("class", EnvironmentNames.Of(statement.Class));
        json.WriteString("delivery", StatementNames.Of(statement.Delivery));
        json.WriteString("environment", statement.EnvironmentId.ToString());
        json.WriteString("source", EnvironmentNames.Of(statement.EnvironmentSource));
        json.WriteString("model", statement.ModelName);
        json.WriteString("weight_version", statement.WeightVersion);
        json.WriteString("path", statement.RequestPath);
        json.WriteString("execution", StatementNames.Of(statement.Execution));
        json.WriteBoolean("complete", statement.Complete);
        WriteCounts(json, "tokens", statement.Tokens);
        WriteCounts(json, "prompt_tokens", statement.Prompt);
        json.WriteEndObject();
    }

    private static void WriteCounts(Utf8JsonWriter json, string name, TokenBinding? tokens)
    {
        if (tokens is null)
        {
            json.WriteNull(name);
            return;
        }
        json.WriteStartArray(name);
        foreach (int count in tokens.Counts)
            json.WriteNumberValue(count);
        json.WriteEndArray();
    }

    private static void WriteKey(Utf8JsonWriter json, VerificationResult report)
    {
        if (report.KeyId is not { } key)
        {
            json.WriteNull("key");
            return;
        }
        json.WriteStartObject("key");
        json.WriteString("id", key.ToString());
        json.WriteBoolean("pinned", report.KeyPinned);
        json.WriteEndObject();
    }

    private static void WriteCosignatures(Utf8JsonWriter json, IReadOnlyList<WitnessCosignature> cosignatures)
    {
        json.WriteStartArray("cosignatures");
        foreach (WitnessCosignature cosignature in cosignatures)
        {
            json.WriteStartObject();
            json.WriteString("witness", cosignature.Witness.Name);
            json.WriteString("key_name", cosignature.Witness.Key.Name);
            json.WriteString("at", StatementNames.OfTimestamp(cosignature.Timestamp));
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static void WriteReplay(Utf8JsonWriter json, ReplayReport? replay)
    {
        if (replay is null)
        {
            json.WriteNull("replay");
            return;
        }
        json.WriteStartObject("replay");
        json.WriteString("delivery", StatementNames.Of(replay.Delivery));
        json.WriteNumber("answers", replay.Answers);
        json.WriteString("log", replay.Log?.ToString());
        json.WriteBoolean("is_issuer", replay.IsIssuer);
        json.WriteString("environment", replay.EnvironmentId?.ToString());
        json.WriteString("class", replay.EnvironmentPromise is { } promise ? EnvironmentNames.Of(promise.Class) : null);
        json.WriteString("source", replay.EnvironmentPromise is { } of ? EnvironmentNames.Of(of.Source) : null);
        json.WriteStartArray("differing_facts");
        foreach (string fact in replay.DifferingFacts)
            json.WriteStringValue(fact);
        json.WriteEndArray();
        json.WriteString("note", replay.Note);
        WriteDifference(json, replay);
        json.WriteEndObject();
    }

    private static void WriteDifference(Utf8JsonWriter json, ReplayReport replay)
    {
        if (replay.Difference is not { } difference)
        {
            json.WriteNull("difference");
            return;
        }
        json.WriteStartObject("difference");
        json.WriteString("part", difference.Part.ToString().ToLowerInvariant());
        if (difference.Token is { } place)
        {
            json.WriteNumber("choice", place.Choice);
            json.WriteNumber("token", place.Token);
            WriteToken(json, "recorded", replay.Recorded);
            WriteToken(json, "replayed", replay.Replayed);
        }
        else if (difference.Text is { } text)
        {
            json.WriteNumber("choice", text.Choice);
            json.WriteString("channel", text.Channel);
            json.WriteNumber("byte", text.Offset);
        }
        json.WriteEndObject();
    }

    private static void WriteToken(Utf8JsonWriter json, string name, ReportedToken? token)
    {
        if (token is null)
        {
            json.WriteNull(name);
            return;
        }
        json.WriteStartObject(name);
        json.WriteNumber("id", token.Id);
        json.WriteString("text", token.Text);
        json.WriteEndObject();
    }
}
