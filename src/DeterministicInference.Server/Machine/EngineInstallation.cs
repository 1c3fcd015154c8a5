namespace DeterministicInference.Server.Machine;

/// <summary>The Python environment of an engine, as far as its files show it.</summary>
/// <param name="Interpreter">The interpreter.</param>
/// <param name="Distributions">The distributions that it imports.</param>
internal sealed record EngineInstallation(string Interpreter, IReadOnlyList<PythonDistribution> Distributions)
{
    /// <summary>The interpreter's version; null if it could not be asked.</summary>
    public string? PythonVersion { get; init; }

    /// <summary>Whether the interpreter finds the engine's module; null if it could not be asked.</summary>
    public bool? HasModule { get; init; }

    /// <summary>Entry points that change an engine: <c>group:name=value</c>.</summary>
    public IReadOnlyList<string> Plugins { get; init; } = [];

    /// <summary>Version of the engine's own distribution; null if it is not there.</summary>
    public string? EngineVersion { get; init; }

    /// <summary>PyTorch; null if it is not there.</summary>
    public TorchBuild? Torch { get; init; }

    /// <summary>
    /// The engine's own program beside the interpreter, if it has a command <c>serve</c>; else null.
    /// </summary>
    public string? ServeProgram { get; init; }

    /// <summary>Whether that command takes <c>--model-type</c>.</summary>
    public bool ServeTakesModelType { get; init; }

    /// <summary>What it computes on, if its build says so.</summary>
    public ComputeKind Kind =>
        Torch is { Kind: not ComputeKind.Unknown } torch ? torch.Kind
        : EngineVersion is { } version ? TorchBuild.OfTag(version)
        : ComputeKind.Unknown;
}

/// <summary>The program that runs an engine.</summary>
/// <param name="Command">A program, looked up in PATH where it has no slash.</param>
/// <param name="Module">The engine's Python module; null for an engine without Python.</param>
/// <param name="IsOwn">
/// Whether it is the engine's own, which computes on this machine; else it may be a wrapper.
/// </param>
internal sealed record EngineProgram(string Command, string? Module, bool IsOwn);
