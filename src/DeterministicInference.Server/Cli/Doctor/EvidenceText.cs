using System.Text;
using DeterministicInference.Receipts.Json;
using DeterministicInference.Server.Engines;
using DeterministicInference.Server.Engines.Evidence;

namespace DeterministicInference.Server.Cli.Doctor;

/// <summary>
/// Writes what is known of configurations, good and bad, row by row, with its source and when that was read.
/// </summary>
internal static class EvidenceText
{
    /// <summary>The rows of all engines.</summary>
    public static IEnumerable<(string Engine, EvidenceRow Row)> RowsOf(EngineRegistry engines) =>
        engines.All.SelectMany(engine => engine.Determinism.Evidence.Select(row => (engine.Name, row)));

    /// <param name="engines">The engines.</param>
    /// <param name="diagnosis">What the settings are worth; its reasons are marked.</param>
    public static string Write(EngineRegistry engines, Diagnosis diagnosis)
    {
        var text = new StringBuilder();
        foreach ((string engine, EvidenceRow row) in RowsOf(engines))
        {
            text.Append(IsMeant(engine, row, diagnosis) ? "* " : "  ")
                .Append($"{engine}, {row.Versions}: {row.Condition}\n")
                .Append($"    {row.VerdictText}{(row.Code is { } code ? $" ({code})" : "")}; ")
                .Append($"{row.Source}; {row.Read}\n");
        }
        return text.ToString();
    }

    /// <inheritdoc cref="Write"/>
    public static string WriteJson(EngineRegistry engines, Diagnosis diagnosis) =>
        JsonBytes.WriteText(json =>
        {
            json.WriteStartArray();
            foreach ((string engine, EvidenceRow row) in RowsOf(engines))
            {
                json.WriteStartObject();
                json.WriteString("id", row.Id);
                json.WriteString("engine", engine);
                json.WriteString("from", row.Versions.From);
                json.WriteString("before", row.Versions.Before);
                json.WriteString("condition", row.Condition);
                json.WriteString("verdict", row.VerdictText);
                json.WriteString("code", row.Code);
                json.WriteString("source", row.Source);
                json.WriteString("read", row.Read);
                json.WriteBoolean("applies", IsMeant(engine, row, diagnosis));
                json.WriteEndObject();
            }
            json.WriteEndArray();
        });

    private static bool IsMeant(string engine, EvidenceRow row, Diagnosis diagnosis) =>
        diagnosis.Engine.Name == engine
        && row.Versions.MayContain(diagnosis.Machine.Installation?.EngineVersion)
        && diagnosis.Assessment.Findings.Any(finding => finding.Code == row.Code);
}
