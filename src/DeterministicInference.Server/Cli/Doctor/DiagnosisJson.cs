using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using DeterministicInference.Server.Backends.Preflight;
using DeterministicInference.Server.Determinism;
using DeterministicInference.Server.OpenAI;

namespace DeterministicInference.Server.Cli.Doctor;

/// <summary>A diagnosis for programs: one JSON object.</summary>
internal static class DiagnosisJson
{
    public static string Write(Diagnosis diagnosis)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var json = new Utf8JsonWriter(buffer, ApiJson.WriterOptions))
        {
            json.WriteStartObject();
            WriteMachine(json, diagnosis.Machine);
            json.WriteString("backend", diagnosis.Backend.Name);
            json.WriteString("launch", diagnosis.Command);
            json.WriteString("attach", diagnosis.Address);
            json.WriteStartArray("findings");
            foreach (Finding finding in diagnosis.Verdict.Findings) WriteFinding(json, finding);
            json.WriteEndArray();
            json.WriteBoolean("can_start", diagnosis.CanStart);
            json.WriteString("class", diagnosis.Verdict.Class);
            json.WriteString("basis", diagnosis.Verdict.IsDeterministic ? diagnosis.Verdict.Basis : null);
            WriteDigests(json, diagnosis.Digests);
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
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
