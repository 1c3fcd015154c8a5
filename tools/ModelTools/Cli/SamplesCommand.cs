using System.CommandLine;
using DeterministicInference.ModelTools.Data;
using DeterministicInference.ModelTools.Tokenizer;

namespace DeterministicInference.ModelTools.Cli;

/// <summary><c>samples</c>: training documents as text, for reading.</summary>
internal static class SamplesCommand
{
    private static readonly Option<int> Count = new("--count")
    {
        Description = "Documents.",
        DefaultValueFactory = _ => 20,
    };
    private static readonly Option<long> First = new("--first") { Description = "Index of the first one." };

    public static Command Create()
    {
        var command = new Command("samples", "Print training documents.") { Count, First };
        command.SetAction(parsed =>
        {
            var corpus = new Corpus(TrainCommand.TrainingSeed, ChatVocabulary.Train().LetterPieces);
            for (long i = parsed.GetValue(First); i < parsed.GetValue(First) + parsed.GetValue(Count); i++)
            {
                Console.WriteLine($"--- {i}");
                foreach (Turn turn in corpus.Document(i).Turns)
                    Console.WriteLine($"{turn.Role.ToString().ToLowerInvariant()}: {turn.Text}");
            }
        });
        return command;
    }
}
