namespace DeterministicInference.FakeBackend.Dialects;

/// <summary>Selects the dialect for a command line.</summary>
internal static class DialectChoice
{
    /// <summary>FAKE_DIALECT selects it if set, else the command line.</summary>
    /// <exception cref="UsageException">The engine can't use the command line.</exception>
    public static Dialect Of(string[] args) =>
        (Environment.GetEnvironmentVariable("FAKE_DIALECT") is { Length: > 0 } name ? name : Guess(args)) switch
        {
            "sglang" => SGLangDialect.Create(args),
            "vllm" => VllmDialect.Create(args),
            "llamacpp" => LlamaCppDialect.Create(args),
            "tgi" => TgiDialect.Create(args),
            var other => throw new UsageException(
                2,
                $"FAKE_DIALECT: '{other}' is none of sglang, vllm, llamacpp, tgi."
            ),
        };

    private static string Guess(string[] args)
    {
        if (args is ["serve", ..] or ["-m", "vllm.entrypoints.cli.main" or "vllm.entrypoints.openai.api_server", ..])
            return "vllm";
        // Python's -m names a module, llama-server's a file.
        int model = Array.FindIndex(args, argument => argument is "-m" or "--model");
        return
            model >= 0
            && model + 1 < args.Length
            && args[model + 1].EndsWith(".gguf", StringComparison.OrdinalIgnoreCase)
            ? "llamacpp"
            : "sglang";
    }
}
