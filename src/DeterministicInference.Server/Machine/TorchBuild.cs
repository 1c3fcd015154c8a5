using System.Text.RegularExpressions;

namespace DeterministicInference.Server.Machine;

/// <summary>
/// A build of PyTorch, as its file <c>torch/version.py</c> states it, which the build writes (pytorch/pytorch 2.9,
/// tools/generate_torch_version.py). The file is read as text: to import torch takes seconds.
/// </summary>
/// <param name="Version">Its version, with the local part: <c>2.13.0+cpu</c>.</param>
/// <param name="Kind">What it computes on.</param>
internal sealed partial record TorchBuild(string Version, ComputeKind Kind)
{
    /// <summary>The file is some 500 bytes long.</summary>
    private const int LongestFile = 64 << 10;

    /// <summary>Reads the build in the first folder that has one.</summary>
    /// <param name="folders">Folders from which an interpreter imports.</param>
    public static TorchBuild? Read(IEnumerable<string> folders)
    {
        foreach (string folder in folders)
        {
            var file = new FileInfo(Path.Combine(folder, "torch", "version.py"));
            if (file.Exists && file.Length <= LongestFile)
                return Parse(File.ReadAllText(file.FullName));
        }
        return null;
    }

    /// <param name="text">The text of the file.</param>
    /// <returns>Null if it states no version.</returns>
    public static TorchBuild? Parse(string text)
    {
        var values = new Dictionary<string, string?>(StringComparer.Ordinal);
        foreach (Match line in Assignment().Matches(text))
            values[line.Groups["name"].Value] = line.Groups["value"] is { Success: true } value ? value.Value : null;
        if (values.GetValueOrDefault("__version__") is not { } version)
            return null;
        ComputeKind kind =
            values.GetValueOrDefault("hip") is not null ? ComputeKind.Rocm
            : values.GetValueOrDefault("cuda") is not null ? ComputeKind.Cuda
            : values.GetValueOrDefault("xpu") is not null ? ComputeKind.Xpu
            : values.ContainsKey("cuda") ? ComputeKind.Cpu
            : OfTag(version);
        return new TorchBuild(version, kind);
    }

    /// <summary>
    /// The kind that the local part of a version names: <c>+cpu</c>, <c>+cu128</c>, <c>+rocm6.4</c>, <c>+xpu</c>
    /// (https://pytorch.org/get-started/previous-versions).
    /// </summary>
    public static ComputeKind OfTag(string version)
    {
        string tag = version[(version.IndexOf('+') + 1)..];
        if (tag.Length == version.Length)
            return ComputeKind.Unknown;
        return tag.StartsWith("cpu", StringComparison.Ordinal) ? ComputeKind.Cpu
            : tag.StartsWith("cu", StringComparison.Ordinal) ? ComputeKind.Cuda
            : tag.StartsWith("rocm", StringComparison.Ordinal) ? ComputeKind.Rocm
            : tag.StartsWith("xpu", StringComparison.Ordinal) ? ComputeKind.Xpu
            : ComputeKind.Unknown;
    }

    [GeneratedRegex(
        """^(?<name>__version__|cuda|hip|xpu)\s*(?::[^=\n]+)?=\s*(?:['"](?<value>[^'"\n]+)['"]|None|'')\s*$""",
        RegexOptions.Multiline | RegexOptions.CultureInvariant
    )]
    private static partial Regex Assignment();
}
