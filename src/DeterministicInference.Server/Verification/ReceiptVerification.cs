using System.Buffers;
using System.Runtime.CompilerServices;
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
    /// <summary>More bytes than usual files have, for which a collection is not worth its time.</summary>
    private const int LargeBytes = 8 << 20;

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
        byte[] request = Content(options.RequestFile, "--request"),
            response = Content(options.ResponseFile, "--response");
        try
        {
            var evidence = new ReceiptEvidence(ReadOnlyMemory<byte>.Empty)
            {
                Opened = Open(options.Receipt, out int length),
                Request = request,
                Response = response,
                Name = options.Receipt,
                IsForVerdict = true,
            };
            if (length > LargeBytes)
                Release(length);
            return await VerifyAsync(evidence, policy, options, progress, cancellation);
        }
        catch (ReceiptFormatException e)
        {
            return VerificationResult.Of(e);
        }
    }

    /// <summary>What the user of the command can do about a verdict, as a sentence; null for nothing.</summary>
    public static string? RemedyOf(VerificationResult result) =>
        result.Verdict == Verdict.Untrusted ? "Give the operator's public key with --key." : null;

    /// <summary>
    /// Reads a file and what is in it. A function of its own, because nobody has the bytes of a bundle after it: its
    /// parts are copies.
    /// </summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ReceiptSource Open(string file, out int length)
    {
        byte[] bytes = InputFile.Read(file);
        length = bytes.Length;
        return ReceiptSource.Read(bytes, file);
    }

    /// <summary>
    /// Gives back to the system what the reading of a large file has left: the collector would wait until the next step
    /// has taken as much again.
    /// </summary>
    /// <param name="length">Bytes of the file.</param>
    private static void Release(int length)
    {
        // The parser leaves an array of this size to the pool. It has hardly written to it; moved, it would take memory
        // for all of it.
        ArrayPool<byte>.Shared.Rent(length);
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
    }

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
            .KeyFiles.Select(file => InputFile.Named("--key", () => PublicKeyFile.ReadPolicy(file)))
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
            return TrustPolicy.Parse(InputFile.ReadSmall(path, "trust file", "--trust"));
        }
        catch (FormatException e)
        {
            throw new InputException($"--trust: {path}: is no trust file (dis-trust/1): {e.Message.TrimEnd('.')}.");
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
            return policy.WithRevocation(Encoding.UTF8.GetString(InputFile.ReadSmall(path, "revocation", "--revoked")));
        }
        catch (FormatException e)
        {
            throw new InputException(
                $"--revoked: {path}: is no revocation as GET /v1/logs has them: {e.Message.TrimEnd('.')}."
            );
        }
    }

    private static byte[] Content(string? path, string option)
    {
        if (path is null)
            return [];
        byte[] bytes = InputFile.Read(path, option);
        // Who received nothing did not receive the answer.
        return bytes.Length > 0 ? bytes : throw new InputException($"{option}: {path}: is empty.");
    }
}
