using System.Runtime.InteropServices;
using System.Text;
using DeterministicInference.Receipts;
using DeterministicInference.Server.Engines;
using DeterministicInference.Server.Machine;

namespace DeterministicInference.Server.Cli.Doctor;

/// <summary>Writes a diagnosis as aligned lines of a label and a value.</summary>
internal static class DiagnosisText
{
    private const int LabelWidth = 14;

    public static string Write(Diagnosis diagnosis)
    {
        var text = new StringBuilder();
        MachineFacts machine = diagnosis.Machine;
        Add("machine", $"{RuntimeInformation.RuntimeIdentifier}, {machine.Processors} processors");
        if (!machine.HasGpu)
            Add("gpus", "none seen by NVML");
        foreach (GpuDevice gpu in machine.Gpu.Gpus)
            Add(
                $"gpu {gpu.Index}",
                $"{gpu.Name}, {gpu.MemoryBytes >> 20} MiB, compute capability "
                    + $"{gpu.Capability?.ToString() ?? GpuEnvironment.Unknown}"
            );
        if (machine.HasGpu)
            Add("driver", $"{machine.Gpu.DriverVersion}, CUDA {machine.Gpu.CudaVersion}");
        Add("engine", diagnosis.Engine.Title);
        if (diagnosis.Command is { } command)
            Add("launch", command);
        if (diagnosis.Address is { } address)
            Add("attach", address);
        foreach (Finding finding in diagnosis.Assessment.Findings)
            Add(Label(finding.Kind), finding.Text);
        foreach (PendingCheck check in diagnosis.Assessment.Pending)
            Add(
                "needs engine",
                check.Codes.Count == 0 ? check.Question : $"{check.Question} ({string.Join(", ", check.Codes)})"
            );
        Add("verdict", Verdict(diagnosis));
        if (diagnosis.Digests is { } digests)
        {
            Add("model", digests.Model);
            Add("numerics", EmbeddedDigests.Numerics);
            Add("instructions", digests.Instructions);
            Add("threads", digests.Schedule);
            Add("logits", digests.Logits);
            Add("sampled", digests.Sampled);
        }
        return text.ToString();

        void Add(string label, string value) =>
            text.Append(label.PadRight(LabelWidth)).Append(OneLine.Of(value)).Append('\n');
    }

    public static string Label(FindingKind kind) =>
        kind switch
        {
            FindingKind.Refused => "refused",
            FindingKind.Degrades => "degrades",
            _ => "note",
        };

    /// <summary>What the answers are worth.</summary>
    public static string Verdict(Diagnosis diagnosis) =>
        diagnosis switch
        {
            { CanStart: false } => "can't start",
            { IsDeterministic: true } => $"deterministic: {diagnosis.Assessment.Basis}",
            _ => $"best-effort ({string.Join(", ", diagnosis.Assessment.Reasons.Select(reason => reason.Code))})",
        };
}
