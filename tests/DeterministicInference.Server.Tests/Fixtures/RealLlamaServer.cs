using DeterministicInference.Server.Tests.Documentation;
using Xunit;

namespace DeterministicInference.Server.Tests.Fixtures;

/// <summary>
/// A real llama-server and a small model, which lie beside the repository and not in it, or where
/// <c>DIS_ENGINE_RECORDINGS</c> says.
/// </summary>
internal static class RealLlamaServer
{
    /// <summary>Settings that launch it. Skips the running test where it is missing.</summary>
    public static string[] Require()
    {
        string engines = Environment.GetEnvironmentVariable("DIS_ENGINE_RECORDINGS") is { Length: > 0 } named
            ? named
            : Path.Combine(RepositoryFiles.Root, "..", "shared", "engines");
        string program = Path.Combine(engines, "llama-server", "llama-server"),
            model = Path.Combine(engines, "..", "models", "SmolLM2-135M-Instruct", "SmolLM2-135M-Instruct.Q4_1.gguf");
        Assert.SkipUnless(
            File.Exists(program) && File.Exists(model),
            "skipped: needs llama-server and a model in shared/ beside the repository"
        );
        return ["--backend", "llamacpp", "--backend-command", program, "--model-path", Path.GetFullPath(model)];
    }
}
