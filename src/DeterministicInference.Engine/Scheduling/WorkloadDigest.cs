using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using DeterministicInference.Engine.Sampling;

namespace DeterministicInference.Engine.Scheduling;

/// <summary>
/// SHA-256 digests of a fixed workload: equal digests mean equal bits. The workload is a function of the vocabulary
/// size alone.
/// </summary>
/// <param name="Logits">Of the logits after each of 40 fixed prompt tokens, little-endian single precision.</param>
/// <param name="Sampled">
/// Of 100 token ids sampled at temperature 0.8, top_p 0.95, seed 42, little-endian, after that prompt.
/// </param>
internal sealed record WorkloadDigest(string Logits, string Sampled)
{
    private const int PromptTokens = 40;
    private const int SampledTokens = 100;

    /// <param name="engine">The engine.</param>
    /// <param name="beside">How many other sequences are generated at the same time.</param>
    /// <param name="cancellation">Ends the computation.</param>
    public static async Task<WorkloadDigest> ComputeAsync(
        EmbeddedEngine engine,
        int beside,
        CancellationToken cancellation
    )
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        int longest = Math.Min(engine.Config.MaxPositions - PromptLength(beside), 400);
        Task[] others = [.. Enumerable.Range(1, beside).Select(i => RunBesideAsync(engine, i, longest, stop.Token))];

        using var logits = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using var sampled = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var request = new GenerationRequest
        {
            Prompt = Prompt(engine.Config.VocabularySize, 0, PromptTokens),
            MaxTokens = SampledTokens,
            IgnoreEndTokens = true,
            Sampling = new SamplingParameters
            {
                Temperature = 0.8f,
                TopP = 0.95f,
                Seed = 42,
            },
            PromptLogits = row => logits.AppendData(MemoryMarshal.AsBytes(row)),
        };
        await foreach (GenerationEvent e in engine.Scheduler.Generate(request, cancellation))
        {
            if (e is TokenGenerated { Token: { } token })
                sampled.AppendData(Bytes(token));
        }
        await stop.CancelAsync();
        foreach (Task other in others)
            await other;
        return new WorkloadDigest(
            Convert.ToHexStringLower(logits.GetHashAndReset()),
            Convert.ToHexStringLower(sampled.GetHashAndReset())
        );
    }

    /// <summary>Fixed, well-mixed token ids.</summary>
    public static int[] Prompt(int vocabularySize, int number, int length) =>
        [
            .. Enumerable
                .Range(0, length)
                .Select(i => (int)(Philox.Block((ulong)number, (ulong)i, 0).A % (uint)vocabularySize)),
        ];

    /// <summary>Of a sequence beside; each another, so that their tokens have different positions.</summary>
    private static int PromptLength(int number) => 3 + number;

    private static byte[] Bytes(int token)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, token);
        return bytes;
    }

    private static async Task RunBesideAsync(
        EmbeddedEngine engine,
        int number,
        int tokens,
        CancellationToken cancellation
    )
    {
        var request = new GenerationRequest
        {
            Prompt = Prompt(engine.Config.VocabularySize, number, PromptLength(number)),
            MaxTokens = tokens,
            IgnoreEndTokens = true,
            Sampling = new SamplingParameters { Temperature = 1, Seed = (ulong)number },
        };
        try
        {
            await foreach (GenerationEvent _ in engine.Scheduler.Generate(request, cancellation)) { }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // It has served its purpose: to be in the same batches.
        }
    }
}
