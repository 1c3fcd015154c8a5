using DeterministicInference.Receipts.Answers;
using DeterministicInference.Receipts.Replays;
using DeterministicInference.Receipts.Trust;

namespace DeterministicInference.Server.Verification;

/// <summary>The options of <c>verify</c>.</summary>
internal sealed record VerifyOptions
{
    /// <summary>The file with the receipt.</summary>
    public required string Receipt { get; init; }

    /// <summary>The client's request body; null for the bundle's.</summary>
    public string? RequestFile { get; init; }

    /// <summary>The answer; null for the one that contains the receipt.</summary>
    public string? ResponseFile { get; init; }

    /// <summary>The server that computes the request again; null for no replay.</summary>
    public Uri? Against { get; init; }

    /// <summary>The server that issued the receipt; null if it is not known.</summary>
    public Uri? Issuer { get; init; }

    /// <summary>Files with the keys that are trusted.</summary>
    public IReadOnlyList<string> KeyFiles { get; init; } = [];

    /// <summary>Files with signed revocations of keys.</summary>
    public IReadOnlyList<string> RevocationFiles { get; init; } = [];

    /// <summary>The policy whose witnesses count (C2SP tlog-policy); null ignores cosignatures.</summary>
    public string? WitnessPolicyFile { get; init; }

    /// <summary>Whom the verifier trusts, and what it requires; null for what the other options say alone.</summary>
    public string? TrustFile { get; init; }

    /// <summary>What the receipt must have besides a signature, with that of the trust file.</summary>
    public IReadOnlyList<TrustRequirement> Requirements { get; init; } = [];

    /// <summary>Replays made before a difference counts.</summary>
    public int Runs { get; init; } = ReplayJudge.MinimumReplays;

    /// <summary>How replays are delivered; null for the recorded delivery.</summary>
    public AnswerDelivery? Delivery { get; init; }

    public string? ApiKey { get; init; }

    /// <summary>Time limit of each request to the server.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(300);
}
