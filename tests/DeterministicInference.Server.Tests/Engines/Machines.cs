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

    /// <param name="capabilities">One GPU each, with this compute capability; "none" for no GPU.</param>
    public static MachineFacts With(params string[] capabilities) => With(new ModelFacts(), capabilities);

    public static MachineFacts With(ModelFacts model, params string[] capabilities) =>
        new()
        {
            Processors = 16,
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
