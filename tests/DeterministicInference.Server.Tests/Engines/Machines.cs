using DeterministicInference.Server.Machine;

namespace DeterministicInference.Server.Tests.Engines;

/// <summary>Machines as tests describe them.</summary>
internal static class Machines
{
    public const string NoGpu = "none";

    /// <summary>
    /// GPU generations for which launches are written down: Turing, Ampere, Ada, Hopper, both Blackwells, and no GPU.
    /// </summary>
    public static readonly string[] Generations = ["7.5", "8.0", "8.9", "9.0", "10.0", "12.0", NoGpu];

    /// <summary>Every kind of machine for which a launch is written down.</summary>
    public static readonly string[] Kinds = [.. Generations, "gfx90a", "gfx942", "gfx950", "gfx1100", "xpu", "cpu"];

    /// <summary>
    /// A machine by one of <see cref="Kinds"/>; after a space the version of the engine that is installed there.
    /// </summary>
    public static MachineFacts Of(string name)
    {
        string[] words = name.Split(' ');
        string kind = words[0];
        MachineFacts machine =
            kind.StartsWith("gfx", StringComparison.Ordinal)
                ? With() with
                {
                    Compute = ComputeKind.Rocm,
                    Others = new OtherGpus { Amd = [new OtherGpu("AMD Instinct", kind)] },
                }
            : kind == "xpu"
                ? With() with
                {
                    Compute = ComputeKind.Xpu,
                    Others = new OtherGpus { Intel = [new OtherGpu("Intel 0xe20b")] },
                }
            : kind == "cpu" ? With() with { Compute = ComputeKind.Cpu }
            : With(kind);
        return words is [_, var version]
            ? machine with
            {
                Installation = new EngineInstallation("/venv/bin/python3", []) { EngineVersion = version },
            }
            : machine;
    }

    /// <param name="capabilities">One GPU each, with this compute capability; "none" for no GPU.</param>
    public static MachineFacts With(params string[] capabilities) => With(new ModelFacts(), capabilities);

    public static MachineFacts With(ModelFacts model, params string[] capabilities) =>
        new()
        {
            Processors = 16,
            Compute = capabilities.Any(text => text != NoGpu) ? ComputeKind.Cuda : ComputeKind.Unknown,
            Model = model,
            Gpu = new GpuEnvironment
            {
                Gpus =
                [
                    .. capabilities
                        .Where(text => text != NoGpu)
                        .Select((text, index) => new GpuDevice(index, "A GPU", 85_520_809_984, Capability(text))),
                ],
            },
        };

    private static ComputeCapability? Capability(string text) =>
        text == "?" ? null : new(int.Parse(text.Split('.')[0], null), int.Parse(text.Split('.')[1], null));
}
