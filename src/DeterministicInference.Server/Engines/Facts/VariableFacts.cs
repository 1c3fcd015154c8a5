using System.Globalization;
using System.Text;
using DeterministicInference.Server.Configuration;

namespace DeterministicInference.Server.Engines.Facts;

/// <summary>
/// Describes the environment variables that change how an engine computes, as facts <c>variable.name</c>. A variable
/// that names files is the hash of their content.
/// </summary>
internal static class VariableFacts
{
    /// <summary>
    /// Variables of GPUs, processors, and the libraries that compute on them or add up between them; one that ends in
    /// an underscore is the beginning of a name, any other a whole one.
    /// </summary>
    public static readonly string[] OfMachine =
    [
        // NVIDIA: kernels, their precision, and the order in which GPUs add up.
        "CUBLAS_",
        "CUBLASLT_",
        "CUDA_",
        "CUDNN_",
        "NCCL_",
        "NVIDIA_TF32_OVERRIDE",
        "NVSHMEM_",
        // AMD.
        "AMD_",
        "GPU_",
        "HIP_",
        "HIPBLASLT_",
        "HSA_",
        "MIOPEN_",
        "RCCL_",
        "ROCBLAS_",
        "ROCM_",
        "TENSILE_",
        // Intel's GPUs, and its sums over several.
        "CCL_",
        "IGC_",
        "ONEAPI_",
        "SYCL_",
        "XPU_",
        "ZE_",
        // Processors: which instruction sets are used, and how many threads split a sum.
        "ATEN_",
        "BLIS_",
        "DNNL_",
        "GLIBC_TUNABLES",
        "GOMP_",
        "GOTO_",
        "KMP_",
        "LD_PRELOAD",
        "MKL_",
        "OMP_",
        "ONEDNN_",
        "OPENBLAS_",
        // Sums over several processes (UCX, MPI).
        "GLOO_",
        "UCX_",
    ];

    /// <summary>The same, and those of PyTorch, its compilers, and the kernels of engines on it.</summary>
    public static readonly string[] OfPyTorch =
    [
        .. OfMachine,
        // PyTorch and its compilers.
        "INDUCTOR_",
        "PYTORCH_",
        "TORCH_",
        "TORCHDYNAMO_",
        "TORCHINDUCTOR_",
        "TRITON_",
        "XLA_",
        // Libraries of kernels, which choose variants and tiles by them or compile by them.
        "AITER_",
        "BNB_",
        "CUTE_DSL_",
        "CUTLASS_",
        "DEEP_GEMM_",
        "DG_",
        "FLA_",
        "FLASHINFER_",
        "FLASH_ATTENTION_",
        "FLASH_ATTN_",
        "IPEX_",
        "NVTE_",
        "QUACK_",
        "TILELANG_",
        "TRTLLM_",
        "TVM_",
        "XFORMERS_",
        // Python's own arithmetic, of samplers and of what prepares inputs.
        "NPY_",
        "NUMBA_",
        "NUMEXPR_",
        "PYTHONHASHSEED",
    ];

    /// <summary>
    /// Suffixes of variables that name places for what is written or was compiled there, or addresses. A number or a
    /// truth value is neither: <c>…_ENABLE_CACHE=1</c> is a switch.
    /// </summary>
    private static readonly string[] LeftOutEndings =
    [
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
        "_PROFILER_DIR",
        "_ROOT",
        "_RPC_BASE_PATH",
        "_SERVER",
        "_URL",
        "_WORKSPACE_BASE",
    ];

    /// <summary>Suffixes of variables that select devices, which are facts themselves, and ports.</summary>
    private static readonly string[] LeftOutAlways = ["VISIBLE_DEVICES", "_PORT"];

    /// <summary>Places of tools, orders of devices (facts themselves) and logs.</summary>
    private static readonly string[] LeftOutNames =
    [
        "AMD_LOG_",
        "CUDA_BIN_PATH",
        "CUDA_DEVICE_ORDER",
        "CUDA_PATH",
        "CUDA_PATH_",
        "CUDA_TOOLKIT_",
        "GPU_DEVICE_ORDINAL",
        "NCCL_DEBUG",
        "NCCL_DEBUG_",
        "ROCM_PATH",
        "TORCH_LOGS",
        "TORCH_LOGS_",
        "UCX_LOG_",
        "ZE_AFFINITY_MASK",
    ];

    private static readonly string[] TruthValues = ["true", "false", "on", "off", "yes", "no"];

    /// <param name="variables">The engine's variables.</param>
    /// <param name="names">
    /// Variables that affect answers: whole names, and beginnings that end in an underscore.
    /// </param>
    /// <param name="leftOut">Exceptions that do not affect answers, likewise.</param>
    /// <param name="sheet">Receives the facts.</param>
    public static void Describe(
        IReadOnlyDictionary<string, string> variables,
        IReadOnlyList<string> names,
        IReadOnlyList<string> leftOut,
        FactSheet sheet
    )
    {
        foreach ((string name, string value) in variables)
        {
            if (
                !IsAmong(name, names)
                || IsAmong(name, leftOut)
                || IsAmong(name, LeftOutNames)
                || HasEnding(name, LeftOutAlways)
                || (HasEnding(name, LeftOutEndings) && !IsSwitch(value))
                || SecretArguments.IsSecretVariable(name)
            )
                continue;
            string key = string.Concat(
                name.ToLowerInvariant().Select(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) ? c : '_')
            );
            // Values that are not UTF-8 contain lone surrogates, which can't be written as text.
            if (!NamedFiles.AreIn(name, value))
                sheet.Measured("variable." + key, Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(value)));
            else if (NamedFiles.HashOf(name, value) is { } hash)
                sheet.Measured("variable." + key, $"sha256:{hash}");
            else
                sheet.AddMissing(
                    "variable_not_measured",
                    $"The engine's variable {name} names a folder, a large file, one that can't be read, or an "
                        + "address, whose content is not measured. Leave it out."
                );
        }
    }

    private static bool IsSwitch(string value) =>
        double.TryParse(value, CultureInfo.InvariantCulture, out _)
        || TruthValues.Contains(value, StringComparer.OrdinalIgnoreCase);

    private static bool HasEnding(string name, string[] endings) =>
        endings.Any(ending => name.EndsWith(ending, StringComparison.Ordinal));

    /// <summary>
    /// Beginnings end with an underscore, so that <c>VLLM_LOG_</c> does not hide <c>VLLM_LOGITS_PROCESSOR_THREADS</c>.
    /// </summary>
    private static bool IsAmong(string name, IReadOnlyList<string> names) =>
        names.Any(other => other[^1] == '_' ? name.StartsWith(other, StringComparison.Ordinal) : name == other);
}
