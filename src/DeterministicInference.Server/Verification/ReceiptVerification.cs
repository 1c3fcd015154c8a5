using System.Text;
using DeterministicInference.Receipts;
using DeterministicInference.Receipts.Log;
using DeterministicInference.Receipts.Replays;
using DeterministicInference.Receipts.Trust;
using DeterministicInference.Receipts.Verification;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Http;

namespace DeterministicInference.Server.Verification;

/// <summary>The command <c>verify</c> without its output: reads the files that are named, and verifies.</summary>
internal static class ReceiptVerification
{
    /// <param name="options">The command's.</param>
    /// <param name="progress">Gets a line for each replay; null for none.</param>
    /// <param name="cancellation">Cancels the verification.</param>
    /// <exception cref="InputException">A file can't be used.</exception>
    /// <exception cref="EvidenceException">The receipt's file can't be used.</exception>
    public static async Task<VerificationResult> RunAsync(
        VerifyOptions options,
        IProgress<string>? progress,
        CancellationToken cancellation
    )
    {
        TrustPolicy policy = PolicyOf(options);
        var evidence = new ReceiptEvidence(InputFile.Read(options.Receipt))
        {
            Request = Content(options.RequestFile),
            Response = Content(options.ResponseFile),
            Name = options.Receipt,
        };
        return await VerifyAsync(evidence, policy, options, progress, cancellation);
    }

    /// <summary>What the user of the command can do about a verdict, as a sentence; null for nothing.</summary>
    public static string? RemedyOf(VerificationResult result) =>
        result.Verdict == Verdict.Untrusted ? "Give the operator's public key with --key." : null;

    private static async Task<VerificationResult> VerifyAsync(
        ReceiptEvidence evidence,
        TrustPolicy policy,
        VerifyOptions options,
        IProgress<string>? progress,
        CancellationToken cancellation
    )
    {
        if (options.Against is not { } server)
            return ReceiptVerifier.Verify(evidence, policy);
        var replay = new ReplayOptions(server)
        {
            Issuer = options.Issuer,
            ApiKey = options.ApiKey,
            Timeout = options.Timeout,
            Runs = options.Runs,
            Delivery = options.Delivery,
            Progress = progress,
            CreateHandler = OutgoingSocket.CreateDecodingHandler,
        };
        return await ReceiptVerifier.ReplayAsync(evidence, policy, replay, cancellation);
    }

    private static TrustPolicy PolicyOf(VerifyOptions options)
    {
        TrustPolicy policy = options
            .KeyFiles.Select(PublicKeyFile.ReadPolicy)
            .Concat(options.TrustFile is { } file ? [ReadTrust(file)] : [])
            .Aggregate(TrustPolicy.None.Require(options.Requirements), (all, one) => all.And(one));
        if (options.WitnessPolicyFile is { } witnesses)
            policy = policy.With(ReadWitnesses(witnesses));
        foreach (string revocation in options.RevocationFiles)
            policy = ReadRevocation(policy, revocation);
        return policy.Requirements.Contains(TrustRequirement.Witnessed) && policy.Witnesses is null
            ? throw new InputException(
                $"{options.TrustFile}: requires 'witnessed' and has no 'witness_policy', which says by whom."
            )
            : policy;
    }

    private static TrustPolicy ReadTrust(string path)
    {
        try
        {
            return TrustPolicy.Parse(InputFile.ReadSmall(path, "trust file"));
        }
        catch (FormatException e)
        {
            throw new InputException($"{path}: is no trust file (dis-trust/1): {e.Message.TrimEnd('.')}.");
        }
    }

    private static WitnessPolicy ReadWitnesses(string path)
    {
        try
        {
            return WitnessPolicyFile.Read(path);
        }
        catch (IOException e)
        {
            throw new InputException($"--witness-policy: '{path}' {e.Message}");
        }
    }

    private static TrustPolicy ReadRevocation(TrustPolicy policy, string path)
    {
        try
        {
            return policy.WithRevocation(Encoding.UTF8.GetString(InputFile.ReadSmall(path, "revocation")));
        }
        catch (FormatException e)
        {
            throw new InputException($"{path}: is no revocation as GET /v1/logs has them: {e.Message.TrimEnd('.')}.");
        }
    }

    private static byte[] Content(string? path)
    {
        if (path is null)
            return [];
        byte[] bytes = InputFile.Read(path);
        // Who received nothing did not receive the answer.
        return bytes.Length > 0 ? bytes : throw new InputException($"{path}: is empty.");
    }
}
