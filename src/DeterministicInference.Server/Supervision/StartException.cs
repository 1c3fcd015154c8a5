namespace DeterministicInference.Server.Supervision;

/// <summary>The server does not start.</summary>
/// <param name="problems">Why, each with its remedy.</param>
internal sealed class StartException(IReadOnlyList<string> problems) : Exception(string.Join(' ', problems))
{
    public IReadOnlyList<string> Problems { get; } = problems;

    /// <exception cref="StartException">There are problems.</exception>
    public static void ThrowIfAny(IReadOnlyList<string> problems)
    {
        if (problems.Count > 0)
            throw new StartException(problems);
    }
}
