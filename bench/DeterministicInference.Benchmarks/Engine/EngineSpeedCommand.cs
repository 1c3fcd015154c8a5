using System.CommandLine;
using System.Diagnostics;
using DeterministicInference.Engine;
using DeterministicInference.Engine.Arithmetic;
using DeterministicInference.Engine.Scheduling;
using DeterministicInference.ModelTools.Export;

namespace DeterministicInference.Benchmarks.Engine;

/// <summary>
/// <c>engine-speed</c>: tokens per second of prefill and decode through the scheduler. All cases are loaded first and
/// then measured in rounds, one after the other, so that a slow moment of the machine falls on all of them; the best
/// and the median round are shown.
/// </summary>
internal static class EngineSpeedCommand
{
    private const int PromptTokens = 128;

    private static readonly Option<string[]> Models = new("--model")
    {
        Description = "Folders of further models.",
        DefaultValueFactory = _ => [],
        AllowMultipleArgumentsPerToken = true,
    };
    private static readonly Option<int> Rounds = new("--rounds")
    {
        Description = "Measurements per case.",
        DefaultValueFactory = _ => 7,
    };
    private static readonly Option<string> Scratch = new("--scratch")
    {
        Description = "Folder for generated models; they are reused.",
        DefaultValueFactory = _ => Path.Combine(Path.GetTempPath(), "dis-bench-models"),
    };

    public static Command Create()
    {
        var command = new Command("engine-speed", "Prefill and decode speed of the embedded engine.")
        {
            Models,
            Rounds,
            Scratch,
        };
        command.SetAction(
            (parsed, cancellation) =>
                RunAsync(
                    [.. parsed.GetValue(Models)!, .. RandomModels(parsed.GetValue(Scratch)!)],
                    parsed.GetValue(Rounds),
                    cancellation
                )
        );
        return command;
    }

    private static IEnumerable<string> RandomModels(string scratch)
    {
        foreach (string preset in (string[])["15m", "110m"])
        {
            foreach (TensorType type in (TensorType[])[TensorType.F32, TensorType.BF16])
            {
                string folder = Path.Combine(scratch, $"random-{preset}-{type.ToString().ToLowerInvariant()}");
                if (!File.Exists(Path.Combine(folder, TrainedModel.WeightsFile)))
                    RandomModel.Write(folder, RandomModel.Presets[preset], type, seed: 1);
                yield return folder;
            }
        }
    }

    private static async Task<int> RunAsync(string[] folders, int rounds, CancellationToken cancellation)
    {
        var cases = new List<SpeedCase>();
        foreach (string folder in folders)
        {
            foreach (int threads in (int[])[1, 2])
                cases.Add(
                    new SpeedCase(
                        EmbeddedEngine.Load(folder, new SchedulerLimits(threads, 8, PromptTokens, 1L << 30)),
                        threads
                    )
                );
        }
        foreach (SpeedCase c in cases)
            await c.MeasureAsync(PromptTokens, cancellation);
        foreach (SpeedCase c in cases)
            c.Forget();
        for (int round = 0; round < rounds; round++)
        {
            foreach (SpeedCase c in cases)
                await c.MeasureAsync(PromptTokens, cancellation);
        }

        Console.WriteLine($"Instructions {Instructions.Name}, {rounds} rounds, tokens/s: best (median)\n");
        Console.WriteLine("| model | threads | prefill of 128 | decode |");
        Console.WriteLine("| --- | ---: | ---: | ---: |");
        foreach (SpeedCase c in cases)
        {
            Console.WriteLine($"| {c.Engine.ModelName} | {c.Threads} | {c.Prefill} | {c.Decode} |");
            c.Engine.Dispose();
        }
        return 0;
    }
}

/// <summary>One engine with a number of threads, and its measurements.</summary>
internal sealed class SpeedCase(EmbeddedEngine engine, int threads)
{
    private static readonly TimeSpan LongEnough = TimeSpan.FromSeconds(0.6);

    private readonly List<double> _prefill = [];
    private readonly List<double> _decode = [];
    private int _decodeTokens = 16;

    public EmbeddedEngine Engine { get; } = engine;

    public int Threads { get; } = threads;

    public string Prefill => Format(_prefill);

    public string Decode => Format(_decode);

    public void Forget()
    {
        _prefill.Clear();
        _decode.Clear();
    }

    public async Task MeasureAsync(int promptTokens, CancellationToken cancellation)
    {
        int[] prompt = WorkloadDigest.Prompt(Engine.Config.VocabularySize, 0, promptTokens);
        (double seconds, _) = await TimeAsync(prompt, 1, cancellation);
        _prefill.Add(promptTokens / seconds);

        (_, double decode) = await TimeAsync(prompt[..8], _decodeTokens, cancellation);
        _decode.Add((_decodeTokens - 1) / decode);
        // The first round finds out how many tokens make a measurement long enough.
        if (decode < LongEnough.TotalSeconds)
            _decodeTokens = Math.Min(
                Math.Min(400, Engine.Config.MaxPositions - 8),
                (int)(_decodeTokens * 2 * LongEnough.TotalSeconds / decode)
            );
    }

    /// <returns>Seconds to the first token, and from there to the last.</returns>
    private async Task<(double First, double Others)> TimeAsync(
        int[] prompt,
        int tokens,
        CancellationToken cancellation
    )
    {
        var request = new GenerationRequest
        {
            Prompt = prompt,
            MaxTokens = tokens,
            IgnoreEndTokens = true,
        };
        long start = Stopwatch.GetTimestamp(),
            first = 0;
        await foreach (GenerationEvent _ in Engine.Scheduler.Generate(request, cancellation))
        {
            if (first == 0)
                first = Stopwatch.GetTimestamp();
        }
        return (Stopwatch.GetElapsedTime(start, first).TotalSeconds, Stopwatch.GetElapsedTime(first).TotalSeconds);
    }

    private static string Format(List<double> values)
    {
        List<double> sorted = [.. values.Order()];
        return $"{sorted[^1]:N0} ({sorted[sorted.Count / 2]:N0})";
    }
}
