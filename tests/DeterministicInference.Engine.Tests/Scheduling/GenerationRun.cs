using DeterministicInference.Engine.Scheduling;

namespace DeterministicInference.Engine.Tests.Scheduling;

/// <summary>A request run to its end.</summary>
internal sealed class GenerationRun
{
    public List<GenerationEvent> Events { get; } = [];

    /// <summary>Logits after each prompt token.</summary>
    public List<float[]> PromptLogits { get; } = [];

    public static async Task<GenerationRun> OfAsync(
        EmbeddedEngine engine,
        GenerationRequest request,
        CancellationToken cancellation
    )
    {
        var run = new GenerationRun();
        request = request with { PromptLogits = row => run.PromptLogits.Add(row.ToArray()) };
        await foreach (GenerationEvent e in engine.Scheduler.Generate(request, cancellation))
            run.Events.Add(e);
        return run;
    }

    public IEnumerable<TokenGenerated> TokenEvents(int choice = 0) =>
        Events.OfType<TokenGenerated>().Where(e => e.Choice == choice);

    public int[] Tokens(int choice = 0) =>
        [.. TokenEvents(choice).Where(e => e.Token is not null).Select(e => e.Token!.Value)];

    public string Text(int choice = 0) => string.Concat(TokenEvents(choice).Select(e => e.Text));

    public FinishReason? Finish(int choice = 0) => TokenEvents(choice).Last().Finish;
}
