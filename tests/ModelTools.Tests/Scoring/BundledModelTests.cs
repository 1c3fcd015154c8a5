using DeterministicInference.Engine;
using DeterministicInference.Engine.Scheduling;
using DeterministicInference.ModelTools.Cli;
using DeterministicInference.ModelTools.Scoring;
using Xunit;

namespace ModelTools.Tests.Scoring;

/// <summary>The weights that ship, scored by the engine that serves them.</summary>
public sealed class BundledModelTests : IDisposable
{
    private readonly EmbeddedEngine _engine = EmbeddedEngine.Load(Folder(), new SchedulerLimits(1, 1, 64, 1 << 28));

    [Fact]
    public void The_bundled_model_answers_held_out_questions()
    {
        Scorecard card = Measure(HeldOutSet.Prompts(200));

        Assert.True(card.Right >= 160, card.ToTable() + card.ListFailures());
        // No kind may be carried by the others.
        Assert.All(card.Kinds, kind => Assert.True(kind.Share >= 0.6, card.ToTable() + card.ListFailures()));
    }

    [Fact]
    public void Questions_in_other_words_are_answered_as_often_as_the_documentation_says()
    {
        Scorecard card = Measure(OffTemplateSet.Prompts);
        string documentation = File.ReadAllText(Path.Combine(Root(), "README.md"));

        Assert.Contains(
            $"and {card.Right} of {card.Total} questions in other words",
            documentation,
            StringComparison.Ordinal
        );
    }

    public void Dispose() => _engine.Dispose();

    private Scorecard Measure(IEnumerable<ScoredPrompt> prompts) =>
        Scorecard.Measure(prompts, conversation => ScoreCommand.Answer(_engine, conversation));

    private static string Folder() =>
        Path.Combine(Root(), "src", "DeterministicInference.Server", "models", "demo-chat-1m");

    private static string Root()
    {
        DirectoryInfo folder = new(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "DeterministicInference.slnx")))
            folder = folder.Parent!;
        return folder.FullName;
    }
}
