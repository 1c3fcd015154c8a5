using System.Text;
using DeterministicInference.Server.Configuration;

namespace DeterministicInference.Server.Backends.Facts;

/// <summary>The environment variables that change how an engine computes, as facts <c>variable.name</c>.</summary>
internal static class VariableFacts
{
    /// <summary>Of CUDA's libraries, of PyTorch, and of the engines on them.</summary>
    public static readonly string[] OfGpuEngines =
        ["CUBLAS_", "CUDA_", "CUDNN_", "NCCL_", "NVIDIA_TF32", "PYTORCH_", "SGLANG_", "SGL_", "TORCH_", "TRITON_", "VLLM_", "FLASHINFER_"];

    /// <summary>Of llama.cpp and its tensor library.</summary>
    public static readonly string[] OfLlamaCpp = ["GGML_", "LLAMA_ARG_"];

    /// <summary>Which device it is (the devices themselves are facts), where something is, what is written down.</summary>
    private static readonly string[] LeftOutEndings = ["VISIBLE_DEVICES", "_DIR", "_HOME", "_PATH", "_ROOT", "_PORT", "_HOST", "_HOST_IP", "_FILE", "_FOLDER", "_URL", "_ADDR"];

    private static readonly string[] LeftOutBeginnings = ["NCCL_DEBUG", "VLLM_LOG", "SGLANG_LOG", "TORCH_LOG", "CUDA_DEVICE_ORDER", "LLAMA_ARG_LOG", "LLAMA_ARG_ALIAS", "LLAMA_ARG_MODEL"];

    public static void Describe(IReadOnlyDictionary<string, string> variables, IReadOnlyList<string> prefixes, FactSheet sheet)
    {
        foreach ((string name, string value) in variables)
        {
            if (!prefixes.Any(prefix => name.StartsWith(prefix, StringComparison.Ordinal)) || IsLeftOut(name) || SecretArguments.IsSecretVariable(name) || PathText.IsPlace(value)) continue;
            // Lone surrogates come of names and values that are not UTF-8.
            string text = Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(value));
            string key = string.Concat(name.ToLowerInvariant().Select(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) ? c : '_'));
            sheet.Measured("variable." + key, text);
        }
    }

    private static bool IsLeftOut(string name) =>
        LeftOutEndings.Any(ending => name.EndsWith(ending, StringComparison.Ordinal)) || LeftOutBeginnings.Any(beginning => name.StartsWith(beginning, StringComparison.Ordinal));
}
