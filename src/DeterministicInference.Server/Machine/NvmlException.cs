namespace DeterministicInference.Server.Machine;

/// <summary>NVML is installed, but a call failed.</summary>
internal sealed class NvmlException(string function, int code) : Exception($"{function} failed with code {code}.");
