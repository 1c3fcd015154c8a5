using System.Globalization;
using System.Text;
using DeterministicInference.Receipts.Answers;
using DeterministicInference.Receipts.Canonical;
using DeterministicInference.Receipts.Verification;
using Xunit;

namespace DeterministicInference.Receipts.Tests.Answers;

/// <summary>
/// Whatever honest engines really sent has a canonical form, with its tokens where they were asked for.
/// </summary>
public sealed class RecordedEngineTests
{
    private static readonly string[] AskForIds = ["return_token_ids", "return_output_ids_in_sglext"];

    /// <summary>Streams that break off: their engine dies, or refuses the request with status 200.</summary>
    private static readonly string[] Broken =
    [
        "vllm/80-engine-dies-stream.json",
        "sglang/63-error-bad-schema-stream.json",
        "sglang/77-2-error-queue-full-stream.json",
    ];

    [Theory]
    [InlineData("vllm", 60, 40)]
    [InlineData("sglang", 55, 35)]
    public void Every_recorded_chat_and_completion_is_read(string engine, int recordings, int answers)
    {
        IReadOnlyList<EngineRecording> all = EngineRecordings.Require(engine);
        Assert.Equal(recordings, all.Count);
        EngineRecording[] complete =
        [
            .. all.Where(recording => recording.Status == 200 && !Broken.Contains(recording.Name)),
        ];
        Assert.Equal(answers, complete.Length);
        Assert.All(complete, RequireRead);
        Assert.All(all.Except(complete), RequireIncomplete);
    }

    private static RecordedAnswer Read(EngineRecording recording) =>
        RecordedAnswer.Read(
            recording.Body,
            recording.IsStream ? AnswerDelivery.Sse : AnswerDelivery.Json,
            Vectors.Salts,
            Choices(recording),
            logprobs: recording.Asks("logprobs")
        );

    private static int Choices(EngineRecording recording) =>
        recording.Asks("n") ? recording.Request.GetProperty("n").GetInt32() : 1;

    private static void RequireRead(EngineRecording recording)
    {
        RecordedAnswer answer = Read(recording);
        Assert.True(answer.Ended && answer.Output.Finished, recording.Name);
        Assert.Equal(recording.Asks(AskForIds), answer.Tokens is not null);
        // The answers that were asked to report ids say how many tokens they have.
        if (answer.Tokens is { } tokens)
            Assert.Equal(Counted(recording), tokens.Counts.Sum());
        Assert.Equal(recording.Asks(AskForIds), answer.Prompt is not null);
        if (recording.Asks("logprobs"))
            Assert.NotEqual(Empty(answer.Output.Choices), answer.Output.Logprobs);
    }

    /// <summary>What log-probabilities of no token at all would give.</summary>
    private static Sha256Value Empty(int choices)
    {
        string nothing = Sha256Value.Of([]).ToString();
        string lines = string.Concat(Enumerable.Range(0, choices).Select(i => $"{i} 0 {nothing}\n"));
        return Sha256Value.Of(Encoding.ASCII.GetBytes("dis-logprobs/2\n" + lines));
    }

    private static void RequireIncomplete(EngineRecording recording)
    {
        try
        {
            Assert.False(Read(recording).Output.Finished, recording.Name);
        }
        catch (CanonicalFormException e)
        {
            // A text instead of JSON.
            Assert.Equal(CanonicalFormError.InvalidJson, e.Error);
        }
    }

    private static int Counted(EngineRecording recording)
    {
        string text = Encoding.UTF8.GetString(recording.Body);
        int at = text.LastIndexOf("\"completion_tokens\":", StringComparison.Ordinal);
        if (at < 0)
            return text.Split("\"token_ids\":[")
                .Skip(1)
                .Sum(ids => ids[..ids.IndexOf(']', StringComparison.Ordinal)].Split(',').Length);
        string rest = text[(at + "\"completion_tokens\":".Length)..];
        return int.Parse(rest[..rest.IndexOfAny([',', '}'])], CultureInfo.InvariantCulture);
    }
}
