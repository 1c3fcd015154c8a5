using DeterministicInference.Server.Engines;
using Xunit;

namespace DeterministicInference.Server.Tests.EndToEnd.Dialects;

/// <summary>
/// The engines by the names that <c>--backend</c> takes; the external one is a vLLM that is not named as such.
/// </summary>
public static class Dialect
{
    public const string SGLang = "sglang",
        Vllm = "vllm",
        LlamaCpp = "llamacpp",
        Tgi = "tgi",
        External = "external",
        Embedded = "embedded";

    /// <summary>The program's engines that these tests can start.</summary>
    public static TheoryData<string> All { get; } =
    [.. EngineRegistry.BuiltIn.All.Select(engine => engine.Name).Where(DialectServer.CanStart)];

    /// <summary>The engines that FakeBackend simulates: requests control its behaviour.</summary>
    public static TheoryData<string> Faked { get; } =
    [
        .. EngineRegistry
            .BuiltIn.All.Select(engine => engine.Name)
            .Where(name => DialectServer.CanStart(name) && name != Embedded),
    ];
}
