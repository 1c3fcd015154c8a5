using System.Text;
using DeterministicInference.Receipts;

namespace DeterministicInference.Server.Backends.Facts;

/// <summary>The Python distributions that compute an engine's answers, as one fact.</summary>
internal static class PackageFacts
{
    private static readonly string[] Exact =
        ["torch", "triton", "sgl-kernel", "sglang", "vllm", "xformers", "transformers", "tokenizers", "xgrammar", "llguidance", "pillow", "torchvision"];

    private static readonly string[] Beginnings = ["flashinfer", "outlines", "nvidia-"];

    /// <param name="inputs">What was found.</param>
    /// <param name="engine">The engine's own distribution: a folder without it is not the one that it imports from.</param>
    /// <param name="sheet">Gets the fact, or that it is lacking.</param>
    public static void Describe(FactInputs inputs, string engine, FactSheet sheet)
    {
        if (inputs.Packages is not { } packages || !packages.ContainsKey(engine))
        {
            sheet.Lacks("packages_unknown", $"The Python packages of the engine are not found. Give --backend-command the interpreter or program of the virtual environment in which {engine} is installed.");
            return;
        }
        IEnumerable<string> lines = packages.Where(package => IsListed(package.Key)).Select(package => $"{package.Key} {package.Value}\n").Order(StringComparer.Ordinal);
        sheet.Measured("packages.sha256", Sha256Value.Of(Encoding.UTF8.GetBytes(string.Concat(lines))).ToString());
    }

    private static bool IsListed(string name) => Exact.Contains(name) || Beginnings.Any(beginning => name.StartsWith(beginning, StringComparison.Ordinal));
}
