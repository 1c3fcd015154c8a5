namespace DeterministicInference.Server.Engines.Facts;

/// <summary>A route that says which weights a running engine serves, cheap enough to be asked at every probe.</summary>
/// <param name="Paths">Its path, and names of it in other builds.</param>
/// <param name="Members">Members of the answer that change with the weights; none for the whole answer.</param>
internal sealed record WatchedAnswer(IReadOnlyList<string> Paths, params IReadOnlyList<string> Members);
