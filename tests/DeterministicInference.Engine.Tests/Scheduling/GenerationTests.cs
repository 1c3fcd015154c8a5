using DeterministicInference.Engine.Sampling;
using DeterministicInference.Engine.Scheduling;
using DeterministicInference.ModelTools.Export;
using Xunit;

namespace DeterministicInference.Engine.Tests.Scheduling;

/// <summary>What a request gets: its choices, its end, its text, its log probabilities.</summary>
public sealed class GenerationTests : SchedulerTestBase
{
    private static readonly SamplingParameters Sampled = new() { Temperature = 1.5f, Seed = 11 };

    // Prompt lengths around the border of a block, which choices share or copy.
    [Theory]
    [InlineData(1)]
    [InlineData(63)]
    [InlineData(64)]
    [InlineData(65)]
    public async Task Choices_equal_the_same_choices_computed_alone(int promptTokens)
    {
        EmbeddedEngine engine = Load();
        GenerationRequest request = Request(5, promptTokens, 30) with { Sampling = Sampled, Choices = 5 };

        GenerationRun all = await RunAsync(engine, request),
            one = await RunAsync(engine, request with { Choices = 1 });

        Assert.Equal(one.Tokens(), all.Tokens());
        Assert.Equal(
            5,
            Enumerable.Range(0, 5).Select(choice => string.Join(' ', all.Tokens(choice))).Distinct().Count()
        );
        using var sampler = new Sampler(engine.Config.VocabularySize);
        for (int choice = 0; choice < 5; choice++)
        {
            // The choice's text as a prompt gives the logits that each of its tokens was drawn from.
            int[] tokens = all.Tokens(choice);
            GenerationRun forced = await RunAsync(
                engine,
                request with
                {
                    Prompt = [.. request.Prompt, .. tokens],
                    MaxTokens = 0,
                    Choices = 1,
                }
            );
            int[] drawn =
            [
                .. tokens
                    .Index()
                    .Select(token =>
                        sampler.Sample(
                            forced.PromptLogits[promptTokens - 1 + token.Index],
                            Sampled,
                            new Dictionary<int, int>(),
                            choice,
                            promptTokens + token.Index
                        )
                    ),
            ];
            Assert.Equal(drawn, tokens);
        }
        await AssertNothingLeftAsync(engine);
    }

    [Fact]
    public async Task No_tokens_at_all_computes_the_prompt_only()
    {
        EmbeddedEngine engine = Load();

        GenerationRun run = await RunAsync(engine, Request(5, 7, 0) with { Choices = 3 });

        Assert.Equal(
            [
                .. Enumerable
                    .Range(0, 3)
                    .Select(choice => new TokenGenerated(choice, null, "", null, FinishReason.Length)),
            ],
            run.Events
        );
        Assert.Equal(7, run.PromptLogits.Count);
        Assert.Equal(0, engine.Scheduler.GeneratedTokens);
    }

    [Fact]
    public async Task Prompt_log_probabilities_are_those_of_a_softmax_in_double_precision()
    {
        EmbeddedEngine engine = Load(Limits with { PrefillChunk = 3 });
        GenerationRequest request = Request(5, 20, 2) with { Logprobs = 4, PromptLogprobs = true };

        GenerationRun run = await RunAsync(engine, request);

        IReadOnlyList<PositionLogprobs> scored = Assert.IsType<PromptScored>(run.Events[0]).Logprobs;
        Assert.Equal(request.Prompt.Skip(1), scored.Select(position => position.Chosen.Token));
        double expected = 0;
        for (int i = 0; i + 1 < request.Prompt.Count; i++)
        {
            double total = run.PromptLogits[i].Sum(logit => Math.Exp(logit));
            expected += run.PromptLogits[i][request.Prompt[i + 1]] - Math.Log(total);
            Assert.Equal(Math.Log(Math.Exp(run.PromptLogits[i].Max()) / total), scored[i].Top[0].Logprob, 1e-5);
            Assert.Equal(4, scored[i].Top.Count);
        }
        Assert.Equal(expected, scored.Sum(position => (double)position.Chosen.Logprob), 1e-5);
        Assert.All(run.TokenEvents(), e => Assert.Equal(e.Token, e.Logprobs!.Top[0].Token));
    }

    [Fact]
    public async Task Log_probabilities_are_reported_only_when_asked_for()
    {
        GenerationRun run = await RunAsync(Load(), Request(5, 4, 3));

        Assert.All(run.TokenEvents(), e => Assert.Null(e.Logprobs));
        Assert.DoesNotContain(run.Events, e => e is PromptScored);
    }

    [Fact]
    public async Task A_stop_text_ends_the_choice_and_is_not_part_of_it()
    {
        EmbeddedEngine engine = Load();
        GenerationRequest request = Request(5, 4, 200) with { Sampling = Sampled };
        string text = (await RunAsync(engine, request)).Text();
        for (int length = 1; length <= 6; length++)
        {
            string stop = text.Substring(40, length);

            GenerationRun stopped = await RunAsync(engine, request with { Stop = ["never to be found", stop] });

            Assert.Equal(text[..text.IndexOf(stop, StringComparison.Ordinal)], stopped.Text());
            Assert.Equal(FinishReason.Stop, stopped.Finish());
        }
        await AssertNothingLeftAsync(engine);
    }

    [Fact]
    public async Task A_choice_that_stops_does_not_end_the_others()
    {
        EmbeddedEngine engine = Load();
        GenerationRequest request = Request(5, 4, 40) with { Sampling = Sampled, Choices = 3 };
        GenerationRun free = await RunAsync(engine, request);
        string stop = free.Text(1).Substring(10, 4);

        GenerationRun stopped = await RunAsync(engine, request with { Stop = [stop] });

        Assert.Equal(FinishReason.Stop, stopped.Finish(1));
        Assert.Equal(free.Text(0), stopped.Text(0));
        Assert.Equal(free.Tokens(2), stopped.Tokens(2));
        Assert.Equal(FinishReason.Length, stopped.Finish(2));
    }

    [Fact]
    public async Task An_end_token_ends_the_choice_unless_it_is_to_be_ignored()
    {
        EmbeddedEngine engine = Load();
        GenerationRequest request = Request(5, 4, 6) with
        {
            Sampling = new() { Temperature = 0, LogitBias = [new(SpecialTokens.End, 100f)] },
            IgnoreEndTokens = false,
        };

        GenerationRun ended = await RunAsync(engine, request),
            ignored = await RunAsync(engine, request with { IgnoreEndTokens = true });

        Assert.Equal([SpecialTokens.End], ended.Tokens());
        Assert.Equal(("", FinishReason.Stop), (ended.Text(), ended.Finish()));
        Assert.Equal(6, ignored.Tokens().Length);
        Assert.Equal(("", FinishReason.Length), (ignored.Text(), ignored.Finish()));
    }

    [Fact]
    public async Task Penalties_count_the_generated_tokens_of_their_own_choice()
    {
        EmbeddedEngine engine = Load();
        GenerationRequest request = Request(5, 4, 60) with
        {
            Sampling = new() { Temperature = 0, PresencePenalty = 2 },
            Choices = 2,
        };

        GenerationRun run = await RunAsync(engine, request);

        // Logits of this model stay within ±1: a token is not taken again.
        Assert.Equal(60, run.Tokens().Distinct().Count());
        Assert.Equal(run.Tokens(0), run.Tokens(1));
    }

    [Fact]
    public async Task The_text_is_that_of_the_tokens_and_every_choice_finishes_once()
    {
        EmbeddedEngine engine = Load();
        GenerationRun run = await RunAsync(engine, Request(5, 4, 80) with { Sampling = Sampled, Choices = 3 });

        for (int choice = 0; choice < 3; choice++)
        {
            Assert.Equal(engine.Tokenizer.Decode(run.Tokens(choice)), run.Text(choice));
            Assert.Equal(80, run.Tokens(choice).Length);
            Assert.Single(run.TokenEvents(choice), e => e.Finish is not null);
            Assert.Equal(FinishReason.Length, run.Finish(choice));
        }
    }
}
