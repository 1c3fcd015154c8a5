using System.Text;
using DeterministicInference.Receipts.Answers;
using DeterministicInference.Receipts.Canonical;
using DeterministicInference.Receipts.Output;
using DeterministicInference.Receipts.Tokens;
using Xunit;

namespace DeterministicInference.Receipts.Tests.Answers;

/// <summary>
/// The library and a second reader, written from the page alone, agree on mutated answers: what their digests are,
/// whether they are complete, and which have no canonical form.
/// </summary>
public sealed class SecondReaderTests(ITestOutputHelper output)
{
    /// <summary><c>DIS_LONG=1</c> takes the whole hundred thousand.</summary>
    private static readonly int Count = Environment.GetEnvironmentVariable("DIS_LONG") == "1" ? 100_000 : 10_000;

    /// <summary>What the second reader says of answers that clients read in different ways.</summary>
    private static readonly string[] Mistakable =
    [
        "a name in another case",
        "a prototype",
        "two reasonings",
        "reasoning under another name",
        "a function and custom",
        "a second name",
        "another id of a tool call",
        "an error beside choices",
        "out of order, or twice",
        "some with an index and some without",
        "a tool call of no kind",
        "a function with another member",
        "a second role",
        "a second model",
        "a second finish reason",
        "text behind the end",
        "two lines of data",
        "another line",
        "a line behind the end",
        "a mark of the byte order",
        "one of several without an index",
        "a function call of nothing",
        "a line that some cut",
        "more behind the word of the end",
    ];

    [Fact]
    public void Two_readers_of_the_page_agree_on_mutated_answers()
    {
        int formless = 0,
            finished = 0,
            withTokens = 0,
            withPrompts = 0,
            withExtras = 0,
            withScores = 0;
        var reasons = new SortedDictionary<string, int>(StringComparer.Ordinal);
        for (int seed = 0; seed < Count; seed++)
        {
            var answer = new MutatedAnswer(seed);
            SecondReading? ours = Ours(answer),
                theirs = Theirs(answer, out string? why);
            if (ours != theirs)
                Assert.Fail(
                    $"Seed {seed}: {ours}\n{theirs}\n{answer.Delivery}\n{Encoding.UTF8.GetString(answer.Body)}"
                );
            formless += ours is null ? 1 : 0;
            if (why is not null)
                reasons[why] = reasons.GetValueOrDefault(why) + 1;
            finished += ours is { IsFinished: true } ? 1 : 0;
            withTokens += ours?.Tokens is not null ? 1 : 0;
            withPrompts += ours?.Prompts is not null ? 1 : 0;
            withExtras += ours?.Extras is not null ? 1 : 0;
            withScores += ours?.Logprobs is not null ? 1 : 0;
        }
        output.WriteLine(
            $"{Count} answers: {formless} without a form, {finished} finished, {withTokens} with tokens, "
                + $"{withPrompts} with prompts, {withExtras} with extras, {withScores} with log-probabilities"
        );
        // Each kind is there in number, so that agreement means something.
        output.WriteLine(string.Join(", ", reasons.Select(reason => $"{reason.Key}: {reason.Value}")));
        Assert.All(
            Mistakable,
            reason =>
                Assert.True(
                    reasons.GetValueOrDefault(reason) > Count / 1000,
                    $"{reason}: {reasons.GetValueOrDefault(reason)}"
                )
        );
        Assert.All(
            [formless, finished, withTokens, withPrompts, withExtras, withScores],
            count => Assert.True(count > Count / 20, $"{count}")
        );
    }

    [Theory]
    [InlineData(nameof(Defect.IndexIsZero))]
    [InlineData(nameof(Defect.OneReasoning))]
    [InlineData(nameof(Defect.ManyNames))]
    [InlineData(nameof(Defect.TextBehindEnd))]
    [InlineData(nameof(Defect.BothWays))]
    [InlineData(nameof(Defect.IndexIsPosition))]
    [InlineData(nameof(Defect.UnsortedExtras))]
    [InlineData(nameof(Defect.ExtrasOfMessages))]
    public void A_defect_in_one_of_them_is_found(string defect)
    {
        int found = 0;
        for (int seed = 0; seed < 1000; seed++)
        {
            var answer = new MutatedAnswer(seed);
            found += Ours(answer) != Theirs(answer, out _, Enum.Parse<Defect>(defect)) ? 1 : 0;
        }
        Assert.True(found > 0);
    }

    /// <summary>Null: no canonical form.</summary>
    private static SecondReading? Ours(MutatedAnswer answer)
    {
        using var hasher = new OutputHasher(answer.WantsLogprobs);
        var tokens = new ReportedTokens(Vectors.Salts, answer.ChoicesPerPrompt);
        var reader = new AnswerReader(answer.Delivery, logprobs: true);
        try
        {
            bool hasEnd = answer.Delivery == AnswerDelivery.Json;
            if (hasEnd)
            {
                Add(CanonicalJson.WithoutMark(answer.Body));
            }
            else
            {
                var events = new RecordedEvents(answer.Body);
                while (events.Next(out ReadOnlySpan<byte> data))
                    Add(data);
                hasEnd = events.HasEnd;
            }
            OutputDigest digest = hasher.Finish();
            Assert.Equal(Sha256Value.Of(Encoding.ASCII.GetBytes(digest.Manifest)), digest.Digest);
            return new SecondReading(
                digest.Manifest,
                digest.Finished,
                hasEnd,
                digest.Logprobs?.ToString(),
                digest.Extras?.ToString(),
                digest.Model,
                (digest.Usage?.Prompt, digest.Usage?.Completion, digest.Usage?.Total),
                tokens.Tokens?.Digest.ToString(),
                tokens.Prompt?.Digest.ToString()
            );
        }
        catch (CanonicalFormException)
        {
            return null;
        }

        void Add(ReadOnlySpan<byte> json)
        {
            AnswerReading read = reader.Read(json);
            hasher.Append(read);
            tokens.Append(read);
        }
    }

    /// <param name="answer">The answer.</param>
    /// <param name="why">Gets the reason why it has no canonical form.</param>
    /// <param name="defect">What the reader gets wrong.</param>
    private static SecondReading? Theirs(MutatedAnswer answer, out string? why, Defect defect = Defect.None)
    {
        why = null;
        try
        {
            return new SecondReader(
                answer.Delivery,
                answer.WantsLogprobs,
                answer.ChoicesPerPrompt,
                Vectors.Salt.Bytes.ToArray()
            )
            {
                Planted = defect,
            }.Read(answer.Body);
        }
        catch (NoFormException e)
        {
            why = e.Message;
            return null;
        }
    }
}
