using DeterministicInference.Receipts.Output;
using DeterministicInference.Receipts.Verification;

namespace DeterministicInference.Server.Verification;

/// <summary>What <c>verify</c> was asked to do.</summary>
internal sealed record VerifyOptions
{
    /// <summary>The file with the receipt.</summary>
    public required string Receipt { get; init; }

    /// <summary>The client's request body; null to take the bundle's.</summary>
    public string? RequestFile { get; init; }

    /// <summary>The answer; null to take what came with the receipt.</summary>
    public string? ResponseFile { get; init; }

    /// <summary>The server that computes the request again; null for no replay.</summary>
    public Uri? Against { get; init; }

    /// <summary>The public key that is trusted, PEM; null for none.</summary>
    public string? KeyFile { get; init; }

    /// <summary>Replays that a difference needs before it counts.</summary>
    public int Runs { get; init; } = ReplayJudge.Needed;

    /// <summary>How replays are delivered; null for the recorded delivery.</summary>
    public AnswerDelivery? Delivery { get; init; }

    public string? ApiKey { get; init; }

    /// <summary>Of each request to the server.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(300);
}
