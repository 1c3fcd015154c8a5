using System.CommandLine;
using DeterministicInference.ModelTools.Training;

namespace DeterministicInference.ModelTools.Cli;

/// <summary><c>train-check</c>: a short run whose hash must be the same on every CPU.</summary>
internal static class TrainCheckCommand
{
    private static readonly Option<int> Steps = new("--steps")
    {
        Description = "Optimizer steps.",
        DefaultValueFactory = _ => 50,
    };
    private static readonly Option<int> Threads = new("--threads")
    {
        Description = "Threads.",
        DefaultValueFactory = _ => 1,
    };

    public static Command Create()
    {
        var command = new Command(
            "train-check",
            "Train a tiny model for a few steps and print the hash of its weights."
        )
        {
            Steps,
            Threads,
        };
        command.SetAction(parsed =>
            TrainingCheck.Run(parsed.GetValue(Steps), parsed.GetValue(Threads), Console.Out, Console.Error)
        );
        return command;
    }
}
