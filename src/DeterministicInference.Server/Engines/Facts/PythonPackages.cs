using System.Text;
using DeterministicInference.Receipts;

namespace DeterministicInference.Server.Engines.Facts;

/// <summary>The Python distributions that compute an engine's answers, recorded as one fact.</summary>
/// <param name="Engine">
/// The engine's own distribution: an environment without it is not the one that the engine imports from.
/// </param>
internal sealed record PythonPackages(string Engine)
{
    /// <summary>Libraries used by every engine that computes with PyTorch.</summary>
    private static readonly string[] OfPyTorch =
    [
        "torch",
        "torchvision",
        "triton",
        "transformers",
        "tokenizers",
        "xgrammar",
        "llguidance",
        "pillow",
        "xformers",
    ];

    private static readonly string[] Beginnings = ["flashinfer", "outlines", "nvidia-"];

    /// <summary>Further distributions of this engine; names normalised as in PEP 503.</summary>
    public IReadOnlyList<string> Others { get; init; } = [];

    /// <summary>Adds the fact, or records that it is missing.</summary>
    public void Describe(FactInputs inputs, FactSheet sheet)
    {
        if (inputs.Packages is not { } packages || !packages.ContainsKey(Engine))
        {
            sheet.AddMissing(
                "packages_unknown",
                "The engine's Python packages were not found. Give --backend-command the interpreter or program "
                    + $"of the virtual environment in which {Engine} is installed."
            );
            return;
        }
        IEnumerable<string> lines = packages
            .Where(package => IsListed(package.Key))
            .Select(package => $"{package.Key} {package.Value}\n")
            .Order(StringComparer.Ordinal);
        sheet.Measured("packages.sha256", Sha256Value.Of(Encoding.UTF8.GetBytes(string.Concat(lines))).ToString());
    }

    private bool IsListed(string name) =>
        name == Engine
        || Others.Contains(name)
        || OfPyTorch.Contains(name)
        || Beginnings.Any(beginning => name.StartsWith(beginning, StringComparison.Ordinal));
}
