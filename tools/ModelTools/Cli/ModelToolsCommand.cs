using System.CommandLine;

namespace DeterministicInference.ModelTools.Cli;

/// <summary>The command line of the model tools.</summary>
internal static class ModelToolsCommand
{
    public static Task<int> RunAsync(string[] args) =>
        new RootCommand("Make, train and score models for the embedded engine.")
        {
            TrainCommand.Create(),
            TrainCheckCommand.Create(),
            ScoreCommand.Create(),
            SamplesCommand.Create(),
            RandomModelCommand.Create(),
        }
            .Parse(args)
            .InvokeAsync();
}
