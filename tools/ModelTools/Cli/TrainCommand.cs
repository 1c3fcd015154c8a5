using System.CommandLine;
using System.Security.Cryptography;
using DeterministicInference.Engine.Tokenization;
using DeterministicInference.ModelTools.Data;
using DeterministicInference.ModelTools.Export;
using DeterministicInference.ModelTools.Model;
using DeterministicInference.ModelTools.Tokenizer;
using DeterministicInference.ModelTools.Training;

namespace DeterministicInference.ModelTools.Cli;

/// <summary><c>train</c>: the bundled model, from nothing but this repository.</summary>
internal static class TrainCommand
{
    /// <summary>Optimizer steps of the bundled model.</summary>
    public const int Steps = 8000;

    private const ulong WeightsSeed = 1;
    private const ulong ValidationSeed = 3;

    /// <summary>Seed of the training documents.</summary>
    public const ulong TrainingSeed = 2;

    private static readonly Option<string> Output = new("--output")
    {
        Description = "Folder for the model.",
        Required = true,
    };
    private static readonly Option<string?> Checkpoint = new("--checkpoint")
    {
        Description = "Folder for checkpoints; a run goes on from the one it finds.",
    };
    private static readonly Option<int> StepCount = new("--steps")
    {
        Description = "Optimizer steps; part of the recipe.",
        DefaultValueFactory = _ => Steps,
    };
    private static readonly Option<int> Threads = new("--threads")
    {
        Description = "Never changes the weights.",
        DefaultValueFactory = _ => Environment.ProcessorCount,
    };

    public static Command Create()
    {
        var command = new Command("train", "Train the bundled chat model.") { Output, Checkpoint, StepCount, Threads };
        command.SetAction(
            (parsed, cancellation) =>
                Task.FromResult(
                    Run(
                        parsed.GetValue(Output)!,
                        parsed.GetValue(StepCount),
                        parsed.GetValue(Threads),
                        parsed.GetValue(Checkpoint),
                        Console.Error,
                        cancellation
                    )
                )
        );
        return command;
    }

    /// <summary>
    /// Trains and exports; prints the digests of the recipe, of the single-precision weights and of the exported file.
    /// </summary>
    public static int Run(
        string output,
        int steps,
        int threads,
        string? checkpoint,
        TextWriter progress,
        CancellationToken cancellation
    )
    {
        Directory.CreateDirectory(output);
        Vocabulary vocabulary = ChatVocabulary.Train();
        vocabulary.WriteTo(output);
        string tokenizerPath = Path.Combine(output, "tokenizer.json");
        BpeTokenizer tokenizer = BpeTokenizer.Load(tokenizerPath);

        var recipe = new TrainingRecipe(
            LlamaShape.Bundled,
            steps,
            WeightsSeed,
            CorpusIdentity(vocabulary, tokenizerPath)
        );
        TrainingResult result = Trainer.Run(
            recipe,
            Documents(TrainingSeed, vocabulary, tokenizer),
            Documents(ValidationSeed, vocabulary, tokenizer),
            new TrainerSettings
            {
                Threads = threads,
                CheckpointFolder = checkpoint,
                Progress = progress,
                Cancellation = cancellation,
            }
        );
        if (!result.Complete)
        {
            progress.WriteLine("Stopped before the end; run again with the same --checkpoint to go on.");
            return 1;
        }
        TrainedModel.Write(output, result);
        Console.WriteLine($"recipe   {recipe.Identity}");
        Console.WriteLine($"masters  {result.WeightsHash}");
        byte[] weights = File.ReadAllBytes(Path.Combine(output, TrainedModel.WeightsFile));
        Console.WriteLine($"weights  {Convert.ToHexStringLower(SHA256.HashData(weights))}");
        return 0;
    }

    private static Func<long, TrainingDocument> Documents(ulong seed, Vocabulary vocabulary, BpeTokenizer tokenizer)
    {
        var corpus = new Corpus(seed, vocabulary.LetterPieces);
        var format = new ChatFormat(text => tokenizer.Encode(text));
        return index => format.Format(corpus.Document(index));
    }

    /// <summary>A digest of the first documents and of the tokenizer: what the recipe is made from.</summary>
    private static string CorpusIdentity(Vocabulary vocabulary, string tokenizerPath)
    {
        const int documents = 10_000;
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(File.ReadAllBytes(tokenizerPath));
        var corpus = new Corpus(TrainingSeed, vocabulary.LetterPieces);
        for (int i = 0; i < documents; i++)
        {
            foreach (Turn turn in corpus.Document(i).Turns)
                hash.AppendData(System.Text.Encoding.UTF8.GetBytes($"{turn.Role}:{turn.Text}\n"));
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
