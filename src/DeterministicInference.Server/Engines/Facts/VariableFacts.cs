using System.Text;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Machine;

namespace DeterministicInference.Server.Engines.Facts;

/// <summary>
/// Describes the environment variables that change how an engine computes, as facts <c>variable.name</c>.
/// </summary>
internal static class VariableFacts
{
    /// <summary>Prefixes of variables of CUDA and its libraries.</summary>
    public static readonly string[] OfCuda = ["CUBLAS_", "CUDA_", "CUDNN_", "NCCL_", "NVIDIA_TF32"];

    /// <summary>Prefixes of variables of CUDA, PyTorch and the kernels of engines on PyTorch.</summary>
    public static readonly string[] OfPyTorch = [.. OfCuda, "PYTORCH_", "TORCH_", "TRITON_", "FLASHINFER_"];

    /// <summary>
    /// Suffixes of variables that select devices (which are facts themselves) or contain paths and addresses.
    /// </summary>
    private static readonly string[] LeftOutEndings =
    [
        "VISIBLE_DEVICES",
        "_DIR",
        "_HOME",
        "_PATH",
        "_ROOT",
        "_PORT",
        "_HOST",
        "_HOST_IP",
        "_FILE",
        "_FOLDER",
        "_URL",
        "_ADDR",
    ];

    private static readonly string[] LeftOutBeginnings = ["NCCL_DEBUG", "TORCH_LOG", "CUDA_DEVICE_ORDER"];

    /// <param name="variables">The engine's variables.</param>
    /// <param name="beginnings">Prefixes of variables that affect answers.</param>
    /// <param name="leftOut">Prefixes of exceptions that do not affect answers.</param>
    /// <param name="sheet">Receives the facts.</param>
    public static void Describe(
        IReadOnlyDictionary<string, string> variables,
        IReadOnlyList<string> beginnings,
        IReadOnlyList<string> leftOut,
        FactSheet sheet
    )
    {
        foreach ((string name, string value) in variables)
        {
            if (
                !BeginsWithAny(name, beginnings)
                || BeginsWithAny(name, leftOut)
                || BeginsWithAny(name, LeftOutBeginnings)
                || LeftOutEndings.Any(ending => name.EndsWith(ending, StringComparison.Ordinal))
                || SecretArguments.IsSecretVariable(name)
                || PathText.LooksLikePathOrUrl(value)
            )
                continue;
            // Values that are not UTF-8 contain lone surrogates, which can't be written as text.
            string text = Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(value));
            string key = string.Concat(
                name.ToLowerInvariant().Select(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) ? c : '_')
            );
            sheet.Measured("variable." + key, text);
        }
    }

    private static bool BeginsWithAny(string name, IReadOnlyList<string> beginnings) =>
        beginnings.Any(beginning => name.StartsWith(beginning, StringComparison.Ordinal));
}
