namespace DeterministicInference.Server.Receipts.Signing;

/// <summary>How long a program that signs may take.</summary>
internal sealed record SignerLimits
{
    /// <summary>
    /// From its start to its public key: it may have to log in to a device or a service. A signature does not wait
    /// longer than <see cref="Answer"/> for it.
    /// </summary>
    public TimeSpan Start { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// For a signature; less than the 5 s of a commit, so that the commit fails with
    /// the reason before its waiters give up without one.
    /// </summary>
    public TimeSpan Answer { get; init; } = TimeSpan.FromSeconds(4);

    /// <summary>For its end, once its input has ended, and again after SIGTERM.</summary>
    public TimeSpan Grace { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// Pause before it is started again after it has failed; it doubles with each further failure up to
    /// <see cref="LongestPause"/>.
    /// </summary>
    public TimeSpan FirstPause { get; init; } = TimeSpan.FromSeconds(1);

    public TimeSpan LongestPause { get; init; } = TimeSpan.FromSeconds(30);
}
