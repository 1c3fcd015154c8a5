namespace DeterministicInference.Server.Tests.Verification;

/// <summary>An engine's answer and its behaviour.</summary>
internal sealed record ScriptedAnswer
{
    public static ScriptedAnswer Paris { get; } = new();

    public IReadOnlyList<(uint Id, string Text)> Tokens { get; init; } =
    [(11, "The"), (12, " capital"), (13, " is"), (14, " Paris"), (15, ".")];

    public IReadOnlyList<uint> Prompt { get; init; } = [1, 2, 3];

    /// <summary>Log-probability of every token.</summary>
    public string Logprob { get; init; } = "-0.25";

    public string Finish { get; init; } = "stop";

    /// <summary>What it thinks before it answers a chat; null for nothing.</summary>
    public string? Reasoning { get; init; }

    /// <summary>A function that it calls in a chat; null for none.</summary>
    public (string Name, string Arguments)? Call { get; init; }

    /// <summary>Whether the engine reports token ids.</summary>
    public bool ReportsIds { get; init; } = true;

    /// <summary>The stream breaks after so many tokens.</summary>
    public int? BreaksAfter { get; init; }

    public string Text => string.Concat(Tokens.Select(token => token.Text));

    /// <summary>The same with another token at a place.</summary>
    public ScriptedAnswer With(int place, uint id, string text) =>
        this with
        {
            Tokens = [.. Tokens.Take(place), (id, text), .. Tokens.Skip(place + 1)],
        };
}
