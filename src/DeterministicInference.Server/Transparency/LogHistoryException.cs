namespace DeterministicInference.Server.Transparency;

/// <summary>
/// What a log shows contradicts what it showed before, or itself. The evidence is in what its key has signed.
/// </summary>
/// <param name="finding">What is wrong, as a clause.</param>
/// <param name="before">The checkpoint that was kept; null if there was none.</param>
/// <param name="now">The checkpoint that the log shows now.</param>
internal sealed class LogHistoryException(string finding, string? before, string now) : Exception(finding)
{
    /// <summary>Both checkpoints, for whoever is to judge.</summary>
    public string Evidence => before is null ? $"now:\n{now}" : $"before:\n{before}\nnow:\n{now}";
}
