using System.Runtime.InteropServices;
using System.Text.Json;
using DeterministicInference.Receipts.Json;
using DeterministicInference.Server.Assessment;
using DeterministicInference.Server.Engines;
using DeterministicInference.Server.Machine;

namespace DeterministicInference.Server.Cli.Doctor;

/// <summary>Writes a diagnosis as one JSON object.</summary>
internal static class DiagnosisJson
{
    public static string Write(Diagnosis diagnosis)
    {
        return JsonBytes.WriteText(json =>
        {
            json.WriteStartObject();
            WriteMachine(json, diagnosis.Machine);
            json.WriteString("backend", diagnosis.Engine.Name);
            json.WriteString("launch", diagnosis.Command);
            json.WriteString("attach", diagnosis.Address);
            json.WriteStartArray("findings");
            foreach (Finding finding in diagnosis.Assessment.Findings)
                WriteFinding(json, finding);
            json.WriteEndArray();
            json.WriteStartArray("pending");
            foreach (PendingCheck check in diagnosis.Assessment.Pending)
                WritePending(json, check);
            json.WriteEndArray();
            json.WriteBoolean("can_start", diagnosis.CanStart);
            json.WriteString(
                "class",
                diagnosis.IsDeterministic ? EngineAssessment.Deterministic : EngineAssessment.BestEffort
            );
            json.WriteString("basis", diagnosis.IsDeterministic ? diagnosis.Assessment.Basis : null);
            WriteDigests(json, diagnosis.Digests);
            json.WriteEndObject();
        });
    }

    private static void WriteMachine(Utf8JsonWriter json, MachineFacts machine)
    {
        json.WriteString("platform", RuntimeInformation.RuntimeIdentifier);
        json.WriteNumber("processors", machine.Processors);
        json.WriteStartArray("gpus");
        foreach (GpuDevice gpu in machine.Gpu.Gpus)
        {
            json.WriteStartObject();
            json.WriteNumber("index", gpu.Index);
            json.WriteString("name", gpu.Name);
            json.WriteNumber("memory_total_bytes", gpu.MemoryBytes);
            json.WriteString("compute_capability", gpu.Capability?.ToString());
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteString("driver_version", machine.Gpu.DriverVersion);
        json.WriteString("cuda_version", machine.Gpu.CudaVersion);
    }

    private static void WriteFinding(Utf8JsonWriter json, Finding finding)
    {
        json.WriteStartObject();
        json.WriteString("kind", DiagnosisText.Label(finding.Kind));
        json.WriteString("code", finding.Code);
        json.WriteString("text", finding.Text);
        json.WriteBoolean("needs_engine", finding.NeedsEngine);
        json.WriteEndObject();
    }

    private static void WritePending(Utf8JsonWriter json, PendingCheck check)
    {
        json.WriteStartObject();
        json.WriteString("question", check.Question);
        json.WriteStartArray("codes");
        foreach (string code in check.Codes)
            json.WriteStringValue(code);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteDigests(Utf8JsonWriter json, EmbeddedDigests? digests)
    {
        if (digests is null)
        {
            json.WriteNull("digests");
            return;
        }
        json.WriteStartObject("digests");
        json.WriteString("model", digests.Model);
        json.WriteString("numerics", EmbeddedDigests.Numerics);
        json.WriteString("instructions", digests.Instructions);
        json.WriteString("threads", digests.Schedule);
        json.WriteString("logits", digests.Logits);
        json.WriteString("sampled", digests.Sampled);
        json.WriteEndObject();
    }
}
