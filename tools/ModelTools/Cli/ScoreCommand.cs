using System.CommandLine;
using DeterministicInference.Engine;
using DeterministicInference.Engine.ChatTemplates;
using DeterministicInference.Engine.Scheduling;
using DeterministicInference.ModelTools.Data;
using DeterministicInference.ModelTools.Scoring;

namespace DeterministicInference.ModelTools.Cli;

/// <summary><c>score</c>: what a chat model answers to questions it was not trained on.</summary>
internal static class ScoreCommand
{
    private const int LongestAnswer = 200;

    private static readonly Option<string> Model = new("--model-path")
    {
        Description = "Folder of the model.",
        Required = true,
    };
    private static readonly Option<int> Count = new("--prompts")
    {
        Description = "Held-out prompts.",
        DefaultValueFactory = _ => 200,
    };
    private static readonly Option<bool> Failures = new("--failures") { Description = "List every wrong answer." };

    public static Command Create()
    {
        var command = new Command("score", "Score a chat model on held-out and on hand-written questions.")
        {
            Model,
            Count,
            Failures,
        };
        command.SetAction(parsed => Run(parsed.GetValue(Model)!, parsed.GetValue(Count), parsed.GetValue(Failures)));
        return command;
    }

    /// <summary>The engine's greedy answer to a conversation, through the model's own chat template.</summary>
    public static string Answer(EmbeddedEngine engine, Conversation conversation)
    {
        int[] prompt = engine.EncodeChat([
            .. conversation.Turns.Select(turn => new ChatMessage(turn.Role.ToString().ToLowerInvariant(), turn.Text)),
        ]);
        var request = new GenerationRequest
        {
            Prompt = prompt,
            MaxTokens = Math.Min(LongestAnswer, engine.Config.MaxPositions - prompt.Length),
        };
        return string.Concat(
            engine
                .Scheduler.Generate(request, CancellationToken.None)
                .ToBlockingEnumerable()
                .OfType<TokenGenerated>()
                .Select(token => token.Text)
        );
    }

    private static int Run(string folder, int count, bool listFailures)
    {
        using EmbeddedEngine engine = EmbeddedEngine.Load(folder, new SchedulerLimits(1, 1, 64, 1 << 28));
        foreach (
            (string title, IReadOnlyList<ScoredPrompt> prompts) in (ReadOnlySpan<(string, IReadOnlyList<ScoredPrompt>)>)
                [("Held-out", HeldOutSet.Prompts(count)), ("Off-template", OffTemplateSet.Prompts)]
        )
        {
            Scorecard card = Scorecard.Measure(prompts, conversation => Answer(engine, conversation));
            Console.WriteLine($"{title}: {card.Right} of {card.Total}\n\n{card.ToTable()}");
            if (listFailures)
                Console.WriteLine(card.ListFailures());
        }
        return 0;
    }
}
