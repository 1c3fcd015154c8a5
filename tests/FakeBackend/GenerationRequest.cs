using System.Text.Json.Nodes;

namespace DeterministicInference.FakeBackend;

/// <summary>A request that the engine refuses: status, type, message and field of its error body.</summary>
internal sealed class RefusedException(int status, string type, string message, string? param = null)
    : Exception(message)
{
    public int Status { get; } = status;

    public string Type { get; } = type;

    public string? Param { get; } = param;

    public string ContentType { get; init; } = "application/json";
}

/// <summary>What matters here of a request to one of the two generating routes, as the engine understood it.</summary>
internal sealed record GenerationRequest
{
    public required bool IsChat { get; init; }

    /// <summary>The prompts of a completion, of which each has its choices; a chat has one.</summary>
    public required IReadOnlyList<string> Prompts { get; init; }

    public string Prompt => Prompts[0];

    /// <summary>What the answer names.</summary>
    public required string Model { get; init; }

    public required Sampling Sampling { get; init; }

    /// <summary>One of each choice.</summary>
    public required IReadOnlyList<long> Seeds { get; init; }

    public required int Tokens { get; init; }

    public required IReadOnlyList<string> Stop { get; init; }

    public required bool IsStream { get; init; }

    public required bool IncludesUsage { get; init; }

    public required AnswerBehaviour Behaviour { get; init; }

    /// <summary>All of it.</summary>
    public required JsonObject Json { get; init; }

    /// <summary>Whether a member of the engine's own is true.</summary>
    public bool Asks(string member) => (bool?)Json[member] ?? false;
}
