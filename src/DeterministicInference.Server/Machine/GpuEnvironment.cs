using System.Text.Json;
using DeterministicInference.Receipts.Json;

namespace DeterministicInference.Server.Machine;

/// <summary>
/// The graphics hardware and driver of this machine, which answers contain as their member <c>environment</c>.
/// </summary>
internal sealed record GpuEnvironment
{
    public const string Unknown = "unknown";

    public IReadOnlyList<GpuDevice> Gpus { get; init; } = [];

    public string DriverVersion { get; init; } = Unknown;

    /// <summary>The newest CUDA version that the driver supports, for example 12.4.</summary>
    public string CudaVersion { get; init; } = Unknown;

    /// <summary>
    /// Collects the GPUs of this machine. Without an NVIDIA driver there are none, which is no error.
    /// </summary>
    public static GpuEnvironment Collect()
    {
        try
        {
            return Nvml.Read();
        }
        catch (Exception e)
            when (e is DllNotFoundException or EntryPointNotFoundException or BadImageFormatException or NvmlException)
        {
            return new GpuEnvironment();
        }
    }

    /// <summary>The description as JSON text.</summary>
    public string ToJson()
    {
        return JsonBytes.WriteText(json =>
        {
            json.WriteStartObject();
            json.WriteNumber("gpu_count", Gpus.Count);
            json.WriteStartArray("gpus");
            foreach (GpuDevice gpu in Gpus)
            {
                json.WriteStartObject();
                json.WriteNumber("index", gpu.Index);
                json.WriteString("name", gpu.Name);
                json.WriteNumber("memory_total_bytes", gpu.MemoryBytes);
                json.WriteNumber("memory_total_mib", Math.Round(gpu.MemoryBytes / 1048576m, 2));
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteString("driver_version", DriverVersion);
            json.WriteString("cuda_version", CudaVersion);
            json.WriteEndObject();
        });
    }

    /// <summary>The value of the member <c>environment</c>: a JSON string that contains <see cref="ToJson"/>.</summary>
    public byte[] ToJsonString() =>
        [(byte)'"', .. JsonEncodedText.Encode(ToJson(), JsonBytes.WriterOptions.Encoder).EncodedUtf8Bytes, (byte)'"'];
}
