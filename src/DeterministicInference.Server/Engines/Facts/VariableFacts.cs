using System.Text;
using DeterministicInference.Receipts;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Machine;

namespace DeterministicInference.Server.Engines.Facts;

/// <summary>
/// Describes the environment variables that change how an engine computes, as facts <c>variable.name</c>. A variable
/// that names files is the hash of their content.
/// </summary>
internal static class VariableFacts
{
    /// <summary>A larger file is no setting; models are measured as such.</summary>
    private const long LargestFile = 64 << 20;

    /// <summary>Prefixes of variables of GPUs, processors, and the libraries that compute on them.</summary>
    public static readonly string[] OfMachine =
    [
        "CUBLAS_",
        "CUDA_",
        "CUDNN_",
        "NCCL_",
        "NVIDIA_TF32",
        "HIP_",
        "HIPBLASLT_",
        "HSA_",
        "MIOPEN_",
        "RCCL_",
        "ROCBLAS_",
        "SYCL_",
        "XPU_",
        "ZE_",
        "ATEN_",
        "DNNL_",
        "GLIBC_TUNABLES",
        "GOMP_",
        "KMP_",
        "LD_PRELOAD",
        "MKL_",
        "OMP_",
        "ONEDNN_",
        "OPENBLAS_",
    ];

    /// <summary>The same, and those of PyTorch, its compilers, and the kernels of engines on it.</summary>
    public static readonly string[] OfPyTorch =
    [
        .. OfMachine,
        "FLASHINFER_",
        "PYTORCH_",
        "TORCH_",
        "TORCHDYNAMO_",
        "TORCHINDUCTOR_",
        "TRITON_",
    ];

    /// <summary>
    /// Suffixes of variables that select devices (which are facts themselves), name places for what is written or was
    /// compiled there, or addresses.
    /// </summary>
    private static readonly string[] LeftOutEndings =
    [
        "VISIBLE_DEVICES",
        "_ADDR",
        "_CACHE",
        "_CACHE_DIR",
        "_CACHE_PATH",
        "_CACHE_ROOT",
        "_DEBUG_DIR",
        "_DIRECTORY",
        "_DUMP_DIR",
        "_HOME",
        "_HOST",
        "_HOST_IP",
        "_LOG_DIR",
        "_LOG_FILE",
        "_LOG_PATH",
        "_PORT",
        "_PROFILER_DIR",
        "_ROOT",
        "_RPC_BASE_PATH",
        "_SERVER",
        "_URL",
        "_WORKSPACE_BASE",
    ];

    private static readonly string[] LeftOutBeginnings =
    [
        "CUDA_BIN_PATH",
        "CUDA_DEVICE_ORDER",
        "CUDA_PATH",
        "CUDA_TOOLKIT",
        "NCCL_DEBUG",
        "TORCH_LOG",
        "ZE_AFFINITY_MASK",
    ];

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
            )
                continue;
            string key = string.Concat(
                name.ToLowerInvariant().Select(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) ? c : '_')
            );
            // Values that are not UTF-8 contain lone surrogates, which can't be written as text.
            if (!NamesPaths(value))
                sheet.Measured("variable." + key, Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(value)));
            else if (HashOf(value) is { } hash)
                sheet.Measured("variable." + key, $"sha256:{hash}");
            else
                sheet.AddMissing(
                    "variable_not_measured",
                    $"The engine's variable {name} names a folder, a large file or an address whose content is not "
                        + "measured. Leave it out."
                );
        }
    }

    private static bool NamesPaths(string value) =>
        PathText.LooksLikePathOrUrl(value) || Parts(value).Any(PathText.LooksLikePathOrUrl);

    /// <summary>
    /// The hash of the hashes of the files, in order; a name without a folder stands for itself, as ld.so looks it up
    /// (https://man7.org/linux/man-pages/man8/ld.so.8.html, LD_PRELOAD).
    /// </summary>
    /// <returns>Null if one of them is no small file that can be read.</returns>
    private static Sha256Value? HashOf(string value)
    {
        var hashes = new StringBuilder();
        try
        {
            foreach (string part in File.Exists(value) ? [value] : Parts(value))
            {
                if (!PathText.LooksLikePathOrUrl(part))
                {
                    hashes.Append(part).Append('\n');
                    continue;
                }
                var file = new FileInfo(part);
                if (!file.Exists || file.Length > LargestFile)
                    return null;
                hashes.Append(Sha256Value.Of(File.ReadAllBytes(part)).ToString()).Append('\n');
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
        return Sha256Value.Of(Encoding.UTF8.GetBytes(hashes.ToString()));
    }

    private static string[] Parts(string value) =>
        value.Split([':', ',', ' '], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    private static bool BeginsWithAny(string name, IReadOnlyList<string> beginnings) =>
        beginnings.Any(beginning => name.StartsWith(beginning, StringComparison.Ordinal));
}
