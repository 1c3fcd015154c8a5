namespace DeterministicInference.ModelTools.Data;

/// <summary>
/// A training document or a prompt: an optional system turn, then user and assistant turns in alternation.
/// </summary>
/// <param name="Turns">
/// The turns in order. A prompt ends with a user turn, a training document with an assistant turn.
/// </param>
/// <param name="Kind">The kind of the last question.</param>
/// <param name="Keys">
/// Question keys in order of the exchanges, zero where a question is never held out (see <see cref="HoldOut"/>).
/// </param>
internal sealed record Conversation(IReadOnlyList<Turn> Turns, Kind Kind, IReadOnlyList<ulong> Keys)
{
    /// <summary>A prompt with one user turn and nothing before it.</summary>
    public static Conversation Ask(Kind kind, string question) => new([new Turn(Role.User, question)], kind, []);

    /// <summary>The same conversation without its last turn: the prompt that the last answer belongs to.</summary>
    public Conversation WithoutLastTurn() => this with { Turns = [.. Turns.Take(Turns.Count - 1)] };
}
