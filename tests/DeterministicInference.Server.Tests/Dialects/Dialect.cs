using Xunit;

namespace DeterministicInference.Server.Tests.Dialects;

/// <summary>The engines by the names that <c>--backend</c> takes; the external one is a vLLM that the server does not know for one.</summary>
public static class Dialect
{
    public const string SGLang = "sglang", Vllm = "vllm", LlamaCpp = "llamacpp", Tgi = "tgi", External = "external", Embedded = "embedded";

    public static TheoryData<string> All { get; } = [SGLang, Vllm, LlamaCpp, Tgi, External, Embedded];

    /// <summary>Those that FakeBackend plays: a request can tell them what to do.</summary>
    public static TheoryData<string> Faked { get; } = [SGLang, Vllm, LlamaCpp, Tgi, External];
}
