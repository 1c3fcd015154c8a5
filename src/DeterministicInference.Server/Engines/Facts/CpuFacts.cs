using System.Text;
using DeterministicInference.Receipts;

namespace DeterministicInference.Server.Engines.Facts;

/// <summary>Facts about the processor, for engines that compute on it.</summary>
internal static class CpuFacts
{
    /// <summary>The available instruction sets determine the order of summation.</summary>
    /// <param name="flags">The instruction sets, sorted.</param>
    /// <param name="sheet">Receives the facts.</param>
    public static void Describe(IReadOnlyList<string> flags, FactSheet sheet)
    {
        if (flags.Count > 0)
            sheet.Measured(
                "cpu.flags.sha256",
                Sha256Value.Of(Encoding.UTF8.GetBytes(string.Join('\n', flags))).ToString()
            );
        else
            sheet.AddMissing(
                "cpu_not_measured",
                "The processor's instruction sets are unknown (/proc/cpuinfo). Use a system that lists them."
            );
    }
}
