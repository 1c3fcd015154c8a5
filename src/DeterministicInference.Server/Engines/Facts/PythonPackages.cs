using System.Text;
using DeterministicInference.Receipts;
using DeterministicInference.Server.Machine;

namespace DeterministicInference.Server.Engines.Facts;

/// <summary>
/// The Python distributions of an engine, all of them: which ones compute changes from release to release. One fact has
/// the hash of the whole set; further ones show the versions that tell most.
/// </summary>
/// <param name="Engine">
/// The engine's own module: an environment without it is not the one that the engine imports from.
/// </param>
internal sealed record PythonPackages(string Engine)
{
    /// <summary>Distributions whose versions are facts of their own, so that a difference is named.</summary>
    private static readonly string[] Shown =
    [
        "torch",
        "triton",
        "sglang-kernel",
        "sgl-kernel",
        "flashinfer-python",
        "transformers",
        "tokenizers",
        "numpy",
        "intel-openmp",
        "compressed-tensors",
    ];

    /// <summary>Adds the facts, or records that they are missing.</summary>
    public void Describe(FactInputs inputs, FactSheet sheet)
    {
        if (inputs.Machine.Installation is not { EngineVersion: { } version } installation)
        {
            sheet.AddMissing(
                "packages_unknown",
                "The engine's Python packages were not found. Give --backend-command the interpreter or program "
                    + $"of the virtual environment in which {Engine} is installed."
            );
            return;
        }
        IReadOnlyList<PythonDistribution> all = installation.Distributions;
        string lines = string.Concat(all.Select(one => one.Line + "\n").Order(StringComparer.Ordinal));
        sheet.Measured("packages.sha256", Sha256Value.Of(Encoding.UTF8.GetBytes(lines)).ToString());
        sheet.Measured($"package.{Engine}", version);
        foreach (PythonDistribution one in all.Where(one => Shown.Contains(one.Name)))
        {
            sheet.Measured(
                $"package.{one.Name.Replace('-', '_')}",
                // The name of its metadata may lack what the build is for.
                one.Name == "torch"
                && installation.Torch is { } torch
                    ? torch.Version
                    : one.Version
            );
        }
        if (installation.PythonVersion is { } python)
            sheet.Measured("python.version", python);
        if (installation.Plugins.Count > 0)
            sheet.Measured("plugins", string.Join(' ', installation.Plugins));
        if (all.FirstOrDefault(one => one.IsEditable) is { } editable)
        {
            sheet.AddMissing(
                "packages_editable",
                $"The Python package {editable.Name} is installed from a folder that can change (pip install -e). "
                    + "Install a built one."
            );
        }
    }
}
