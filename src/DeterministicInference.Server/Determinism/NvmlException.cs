namespace DeterministicInference.Server.Determinism;

/// <summary>NVML, which is there, did not answer.</summary>
internal sealed class NvmlException(string function, int code) : Exception($"{function} failed with code {code}.");
