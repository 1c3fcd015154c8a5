using DeterministicInference.Receipts.Log;

namespace DeterministicInference.Server.Witness;

/// <summary>The settings of <c>witness</c>.</summary>
internal sealed record WitnessOptions
{
    /// <summary>Folder of keys and state.</summary>
    public required string Folder { get; init; }

    /// <summary>The name that a new witness signs under; null keeps the existing name, or makes one.</summary>
    public string? Name { get; init; }

    /// <summary>The keys of the logs that it witnesses; several of one origin are keys of one log.</summary>
    public required IReadOnlyList<NoteKey> Logs { get; init; }

    /// <summary>An IP address, or localhost.</summary>
    public required string Host { get; init; }

    public required int Port { get; init; }

    public LogLevel LogLevel { get; init; } = LogLevel.Information;
}
