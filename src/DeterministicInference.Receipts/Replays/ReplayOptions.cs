using DeterministicInference.Receipts.Answers;

namespace DeterministicInference.Receipts.Replays;

/// <summary>How an answer is computed again.</summary>
/// <param name="Server">The server that computes it; with or without <c>/v1</c> at the end.</param>
public sealed record ReplayOptions(Uri Server)
{
    /// <summary>
    /// The server that issued the receipt, which tells what its environment is and has the receipts of which only the
    /// id is known; null where <see cref="Server"/> is asked for these too. It gets no key.
    /// </summary>
    public Uri? Issuer { get; init; }

    /// <summary>Sent to <see cref="Server"/> as a bearer token; null for none.</summary>
    public string? ApiKey { get; init; }

    /// <summary>Time limit of each request, to the last byte of its answer.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(300);

    /// <summary>Answers that are asked for before a difference counts: 3 or more.</summary>
    public int Runs { get; init; } = ReplayJudge.MinimumReplays;

    /// <summary>Gets a line for each request that is computed again; null for none.</summary>
    public IProgress<string>? Progress { get; init; }

    /// <summary>Creates what sends the requests; null for the framework's own.</summary>
    public Func<HttpMessageHandler>? CreateHandler { get; init; }

    /// <summary>How replays are delivered; null for the recorded delivery.</summary>
    internal AnswerDelivery? Delivery { get; init; }
}
