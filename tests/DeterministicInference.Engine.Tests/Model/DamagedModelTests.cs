using DeterministicInference.Engine.Model;
using DeterministicInference.Engine.Scheduling;
using DeterministicInference.Engine.Tests.Scheduling;
using Xunit;

namespace DeterministicInference.Engine.Tests.Model;

/// <summary>
/// Random damage to any file of a model: it loads and runs, or it is refused with a <see cref="ModelLoadException"/>.
/// </summary>
public sealed class DamagedModelTests : IDisposable
{
    private const int Trials = 100;

    private readonly TemporaryModel _model = new();

    public static TheoryData<string> Files { get; } =
    ["config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors"];

    [Theory]
    [MemberData(nameof(Files))]
    public async Task A_damaged_file_is_refused_or_does_no_harm(string file)
    {
        byte[] whole = File.ReadAllBytes(_model.PathOf(file));
        // Weights hardly ever fail; the header is where damage matters.
        int reach = file == "model.safetensors" ? 3000 : whole.Length;
        int refused = 0;
        for (int trial = 0; trial < Trials; trial++)
        {
            File.WriteAllBytes(_model.PathOf(file), Damaged(whole, reach, (ulong)trial));
            try
            {
                using EmbeddedEngine engine = _model.Load();
                await UseAsync(engine);
            }
            catch (ModelLoadException e)
            {
                LoadFailure.CheckForm(e);
                refused++;
            }
        }

        Assert.InRange(refused, 20, Trials);
    }

    public void Dispose() => _model.Dispose();

    private static async Task UseAsync(EmbeddedEngine engine)
    {
        int[] prompt = engine.EncodePrompt("The quick <|end|> brown föx 123");
        if (prompt.Length is 0 or > 200)
            prompt = [3];
        if (prompt.Length + 3 > engine.Config.MaxPositions)
            return;
        GenerationRun run = await GenerationRun.OfAsync(
            engine,
            new GenerationRequest
            {
                Prompt = prompt,
                MaxTokens = 3,
                IgnoreEndTokens = true,
            },
            TestContext.Current.CancellationToken
        );
        Assert.Equal(3, run.Tokens().Length);
    }

    /// <summary>
    /// One to four bytes changed: a bit flipped, a byte replaced by a digit or a JSON character, or anything.
    /// </summary>
    private static byte[] Damaged(byte[] whole, int reach, ulong trial)
    {
        ReadOnlySpan<byte> likely = "0123456789-.eE[]{}\":,\\ntu"u8;
        byte[] damaged = [.. whole];
        int changes = 1 + SeededValues.Below(4, trial, 0);
        for (int change = 1; change <= changes; change++)
        {
            int place = SeededValues.Below(Math.Min(reach, whole.Length), trial, 10 * change);
            uint word = SeededValues.Word(trial, 10 * change + 1);
            damaged[place] = (word % 3) switch
            {
                0 => (byte)(damaged[place] ^ (1 << (int)(word >> 8 & 7))),
                1 => likely[(int)((word >> 8) % (uint)likely.Length)],
                _ => (byte)(word >> 8),
            };
        }
        return damaged;
    }
}
