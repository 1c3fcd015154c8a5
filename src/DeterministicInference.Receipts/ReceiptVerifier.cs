using DeterministicInference.Receipts.Replays;
using DeterministicInference.Receipts.Servers;
using DeterministicInference.Receipts.Trust;
using DeterministicInference.Receipts.Verification;

namespace DeterministicInference.Receipts;

/// <summary>Verifies answers with their receipts.</summary>
public static class ReceiptVerifier
{
    /// <summary>Verifies what is at hand. Nobody is asked.</summary>
    /// <param name="evidence">What was sent and received.</param>
    /// <param name="policy">Whom the verifier trusts.</param>
    /// <returns>
    /// The verdict, each check, and where the verdict is VALID the text that was verified. What is malformed is
    /// TAMPERED.
    /// </returns>
    /// <exception cref="EvidenceException">
    /// The evidence has no receipt, or only its id, or contradicts itself.
    /// </exception>
    public static VerificationResult Verify(ReceiptEvidence evidence, TrustPolicy policy)
    {
        ArgumentNullException.ThrowIfNull(evidence);
        ArgumentNullException.ThrowIfNull(policy);
        return new VerificationSession(evidence, policy).Run();
    }

    /// <summary>
    /// Verifies, and asks a server to compute the answer again. The replay is tested: only what it shows to have been
    /// computed for this question counts.
    /// </summary>
    /// <param name="evidence">What was sent and received; the request is needed.</param>
    /// <param name="policy">Whom the verifier trusts.</param>
    /// <param name="replay">Who computes.</param>
    /// <param name="cancellation">Cancels the verification.</param>
    /// <returns>As <see cref="Verify"/>; a server that gives no usable answer is UNREACHABLE.</returns>
    /// <exception cref="EvidenceException">As of <see cref="Verify"/>, or the request is missing.</exception>
    public static async Task<VerificationResult> ReplayAsync(
        ReceiptEvidence evidence,
        TrustPolicy policy,
        ReplayOptions replay,
        CancellationToken cancellation = default
    )
    {
        ArgumentNullException.ThrowIfNull(evidence);
        ArgumentNullException.ThrowIfNull(policy);
        ArgumentNullException.ThrowIfNull(replay);
        using ReceiptServer server = ServerOf(replay, replay.Server, replay.ApiKey);
        using ReceiptServer? issuer = replay.Issuer is { } url ? ServerOf(replay, url, apiKey: null) : null;
        return await new VerificationSession(evidence, policy, server, issuer).ReplayAsync(replay, cancellation);
    }

    private static ReceiptServer ServerOf(ReplayOptions replay, Uri url, string? apiKey) =>
        new(url, apiKey, replay.Timeout, replay.CreateHandler?.Invoke() ?? ReceiptServer.CreateHandler());
}
