using Xunit;

namespace DeterministicInference.Server.Tests.Fixtures;

/// <summary>
/// A real llama-server and a small model, which lie beside the repository and not in it, or where
/// <c>DIS_ENGINE_RECORDINGS</c> says.
/// </summary>
/// <param name="Program">The program.</param>
/// <param name="Model">A GGUF file.</param>
internal sealed record RealLlamaServer(string Program, string Model)
{
    /// <summary>Skips the running test where there is none.</summary>
    public static RealLlamaServer Require()
    {
        string engines = RecordedEngines.Folder,
            program = Path.Combine(engines, "llama-server", "llama-server"),
            model = Path.Combine(engines, "..", "models", "SmolLM2-135M-Instruct", "SmolLM2-135M-Instruct.Q4_1.gguf");
        Assert.SkipUnless(
            OperatingSystem.IsLinux() && File.Exists(program) && File.Exists(model),
            "skipped: needs a real llama-server and its model beside the repository"
        );
        return new RealLlamaServer(Path.GetFullPath(program), Path.GetFullPath(model));
    }

    /// <summary>Settings that launch it.</summary>
    public string[] Arguments => ["--backend", "llamacpp", "--backend-command", Program, "--model-path", Model];

    /// <summary>
    /// Serves it, with one slot of 512 tokens and one thread: several wait for each other by spinning
    /// (ggml/src/ggml-cpu/ggml-cpu.c, ggml_barrier), which takes a hundred times as long on a busy machine.
    /// </summary>
    public async Task<ServeProcess> ServeAsync(Settings settings)
    {
        ServeProcess server = await ServeProcess.StartAsync(
            ServerProgram.Built,
            [.. Arguments, "--", "-c", "512", "-t", "1", "-tb", "1", .. settings.Arguments],
            settings.Variables
        );
        await server.ReadyAsync("llama.cpp server");
        return server;
    }

    /// <summary>What a test changes.</summary>
    internal sealed record Settings
    {
        /// <summary>Further arguments of llama-server.</summary>
        public string[] Arguments { get; init; } = [];

        /// <summary>Variables of the server, which the engine inherits.</summary>
        public (string Name, string Value)[] Variables { get; init; } = [];
    }
}
