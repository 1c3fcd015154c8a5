using DeterministicInference.Engine.Scheduling;
using DeterministicInference.Engine.Tests.Model;
using DeterministicInference.Engine.Tests.Scheduling;
using DeterministicInference.ModelTools.Export;
using DeterministicInference.ModelTools.Model;
using Xunit;

namespace DeterministicInference.Engine.Tests.Forward;

/// <summary>
/// Nothing but weights, tokens and sampling parameters decides an answer, and the answers stay what they were. A change
/// of a golden value here is a change of <see cref="EmbeddedEngine.NumericsVersion"/>.
/// </summary>
public sealed class InvarianceTests(InvarianceTests.RandomModelFolder random)
    : IClassFixture<InvarianceTests.RandomModelFolder>
{
    // Products and attention are large enough to be split between threads.
    private static readonly LlamaShape Parallel = new(
        Hidden: 128,
        Layers: 2,
        Heads: 8,
        KeyValueHeads: 4,
        HeadDim: 16,
        Intermediate: 384,
        Vocabulary: 4096,
        MaxPositions: 512
    );

    private static readonly WorkloadDigest TinyStories = new(
        "75099d7ef4bc184c82db33ec01fca99dd67cd027bead80da84b37873d4bd0c80",
        "f754f76550972efc5f651f85099abfc0f6ca22bd5dc2a8bf772a883aa25af432"
    );

    private static readonly WorkloadDigest RandomModelDigest = new(
        "9713921d44cd49bde20ee5d872ef01375a5358c21672b4987d6c3b2bf75dc87b",
        "28ad691a672ac0ae3926940d3d9f1e7cad569ff983560ec578969ef231607958"
    );

    /// <summary>Threads, prefill chunk, sequences beside.</summary>
    public static TheoryData<int, int, int> Circumstances { get; } =
        new()
        {
            { 1, 32, 0 },
            { 2, 32, 0 },
            { 1, 1, 0 },
            { 1, 3, 0 },
            { 1, 7, 0 },
            { 2, 16, 0 },
            { 2, 40, 0 },
            { 1, 7, 8 },
            { 2, 32, 8 },
            { 5, 40, 8 },
        };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public void The_golden_values_belong_to_numerics_version_2() => Assert.Equal(2, EmbeddedEngine.NumericsVersion);

    [Theory]
    [MemberData(nameof(Circumstances))]
    public async Task A_random_model_gives_its_golden_bits_in_all_circumstances(int threads, int chunk, int beside) =>
        Assert.Equal(RandomModelDigest, await DigestAsync(random.Folder, threads, chunk, beside));

    [Theory]
    [MemberData(nameof(Circumstances))]
    public async Task A_trained_model_gives_its_golden_bits_in_all_circumstances(int threads, int chunk, int beside) =>
        Assert.Equal(
            TinyStories,
            await DigestAsync(SharedModels.Require(SharedModels.TinyStories), threads, chunk, beside)
        );

    [Fact]
    public async Task Weights_rewritten_as_bfloat16_give_the_same_bits() =>
        Assert.Equal(TinyStories, await DigestAsync(SharedModels.Require(SharedModels.TinyStoriesBFloat16), 2, 16, 0));

    [Fact]
    public async Task Other_weights_give_other_digests()
    {
        using TemporaryModel other = new(Parallel, TensorType.F32, seed: 8);

        WorkloadDigest digest = await DigestAsync(other.Folder, 1, 32, 0);

        Assert.NotEqual(RandomModelDigest.Logits, digest.Logits);
        Assert.NotEqual(RandomModelDigest.Sampled, digest.Sampled);
    }

    [Fact]
    public async Task The_trained_model_tells_its_story()
    {
        using EmbeddedEngine engine = EmbeddedEngine.Load(
            SharedModels.Require(SharedModels.TinyStories),
            TemporaryModel.Limits
        );
        GenerationRun run = await GenerationRun.OfAsync(
            engine,
            new GenerationRequest { Prompt = engine.EncodePrompt("Once upon a time"), MaxTokens = 40 },
            Cancellation
        );

        Assert.StartsWith(
            ", a little girl named Lily lived in a small house with her mom, dad, and her dog, Spot",
            run.Text(),
            StringComparison.Ordinal
        );
    }

    private static async Task<WorkloadDigest> DigestAsync(string folder, int threads, int chunk, int beside)
    {
        using EmbeddedEngine engine = EmbeddedEngine.Load(
            folder,
            TemporaryModel.Limits with
            {
                Threads = threads,
                PrefillChunk = chunk,
            }
        );
        return await WorkloadDigest.ComputeAsync(engine, beside, Cancellation);
    }

    /// <summary>The random model, written once.</summary>
    public sealed class RandomModelFolder : IDisposable
    {
        private readonly TemporaryModel _model = new(Parallel, TensorType.F32, seed: 7);

        public string Folder => _model.Folder;

        public void Dispose() => _model.Dispose();
    }
}
