using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using DeterministicInference.Receipts.Statements;
using DeterministicInference.Receipts.Tests;
using DeterministicInference.Receipts.Tests.Answers;
using DeterministicInference.Server.Tests.Receipts.Issuing;
using Xunit;

namespace DeterministicInference.Server.Tests.EndToEnd.RecordedEngines;

/// <summary>
/// Recorded answers of real engines to the requests that they were recorded for, through the gateway in enforce mode.
/// </summary>
public sealed class RecordedAnswerTests
{
    private static readonly string[] Asking =
    [
        "return_token_ids",
        "return_input_ids_in_sglext",
        "return_output_ids_in_sglext",
    ];

    /// <summary>
    /// Every complete answer has a valid and complete receipt, which binds the ids that it reports, and every member
    /// and value of the engine, but for ids that the client did not ask for.
    /// </summary>
    [Theory]
    [InlineData("vllm", 40)]
    [InlineData("sglang", 35)]
    public async Task A_recorded_answer_gets_a_valid_receipt(string engine, int expected)
    {
        await using ReplayedEngine replayed = await ReplayedEngine.StartAsync(engine);
        EngineRecording[] answers = [.. replayed.Recordings.Where(IsAnswer)];
        Assert.Equal(expected, answers.Length);
        foreach (EngineRecording recording in answers)
        {
            bool reportsIds = recording.Asks(Asking);
            foreach (bool asks in reportsIds ? (bool[])[true, false] : [false])
            {
                ReceivedAnswer answer = await ReceivedAnswer.AskAsync(
                    replayed.Api,
                    recording.Path,
                    ReplayedEngine.Accepted(recording, asks ? [] : Asking)
                );
                ReceiptStatement statement = await answer.RequireValidAsync(replayed.Api, recording.Asks("logprobs"));
                Assert.True(statement.Complete, recording.Name);
                Assert.Equal(recording.Asks("logprobs"), statement.LogprobsCommitment is not null);
                Assert.True(reportsIds == statement.Tokens is not null, recording.Name);
                Assert.True(reportsIds == statement.Prompt is not null, recording.Name);
                Assert.Equal("demo", statement.ModelName);
                bool namesWeights = recording.Body.AsSpan().IndexOf("\"weight_version\":\"default\""u8) >= 0;
                Assert.Equal(namesWeights ? "default" : null, statement.WeightVersion);
                // vLLM is not asked for ids beside an echo.
                RequireSame(recording, answer, hidesIds: !asks && !(engine == "vllm" && recording.Asks("echo")));
            }
        }
    }

    /// <summary>JSON and stream of one request.</summary>
    [Theory]
    [InlineData("vllm", "10", "23")]
    [InlineData("vllm", "12", "26")]
    [InlineData("vllm", "16", "28")]
    [InlineData("vllm", "43", "48")]
    [InlineData("sglang", "12", "14")]
    [InlineData("sglang", "16", "17")]
    [InlineData("sglang", "18", "19")]
    [InlineData("sglang", "32", "33")]
    public async Task Receipts_of_both_deliveries_are_equally_strong(string engine, string json, string stream)
    {
        await using ReplayedEngine replayed = await ReplayedEngine.StartAsync(engine);
        Assert.Equal(await BoundAsync(json, isStream: false), await BoundAsync(stream, isStream: true));

        async Task<(bool, string, string, bool, string)> BoundAsync(string number, bool isStream)
        {
            EngineRecording recording = replayed.Of(number);
            Assert.Equal(isStream, recording.IsStream);
            ReceivedAnswer answer = await ReceivedAnswer.AskAsync(
                replayed.Api,
                recording.Path,
                ReplayedEngine.Accepted(recording, Asking)
            );
            ReceiptStatement statement = await answer.RequireValidAsync(replayed.Api, recording.Asks("logprobs"));
            return (
                statement.Complete,
                $"{statement.Tokens?.Counts.Count}",
                $"{statement.Prompt?.Counts[0]}",
                statement.LogprobsCommitment is not null,
                string.Join(',', statement.Pins.Values.Keys.Order())
            );
        }
    }

    [Theory]
    [InlineData("vllm")]
    [InlineData("sglang")]
    public async Task Wherever_an_answer_is_cut_it_is_the_same(string engine)
    {
        const int seeds = 20;
        await using ReplayedEngine replayed = await ReplayedEngine.StartAsync(engine);
        foreach (EngineRecording recording in replayed.Recordings.Where(IsAnswer))
        {
            string whole = await BodyAsync("");
            // A JSON answer is read whole before it is looked at.
            for (int seed = 0; seed < (recording.IsStream ? seeds : 1); seed++)
                Assert.Equal(whole, await BodyAsync($",\"cut\":{seed}"));

            async Task<string> BodyAsync(string more)
            {
                ReceivedAnswer answer = await ReceivedAnswer.AskAsync(
                    replayed.Api,
                    recording.Path,
                    ReplayedEngine.Accepted(recording, Asking, more)
                );
                Assert.NotNull(answer.Determinism);
                return string.Join(
                    '\n',
                    RecordedJson.Received(answer.Body, answer.IsStream).Select(one => one.ToJsonString())
                );
            }
        }
    }

    [Theory]
    [InlineData("vllm")]
    [InlineData("sglang")]
    public async Task An_engine_that_dies_within_its_answer_is_never_an_answer(string engine)
    {
        await using ReplayedEngine replayed = await ReplayedEngine.StartAsync(engine);
        var random = new SeededValues(16);
        foreach (EngineRecording recording in replayed.Recordings.Where(IsAnswer))
        {
            int end = recording.IsStream
                ? recording.Body.AsSpan().IndexOf("\"finish_reason\":\""u8)
                : recording.Body.Length;
            string request = ReplayedEngine.Accepted(recording, [], $",\"dies_after\":{1 + random.Below(end - 1)}");
            try
            {
                Reply reply = await replayed.Api.PostAsync(recording.Path, request);
                OpenAIErrors.Read(reply, HttpStatusCode.BadGateway, "server_error");
            }
            catch (HttpRequestException)
            {
                // The stream had begun, and broke.
                Assert.True(recording.IsStream);
            }
        }
    }

    /// <summary>
    /// vLLM sends an event for each token within a tool call where ids are asked for, which it does not without.
    /// </summary>
    [Theory]
    [InlineData("29")]
    [InlineData("30")]
    public async Task Events_with_nothing_but_ids_are_none(string number)
    {
        EngineRecording recording = Assert.Single(
            EngineRecordings.Require("vllm"),
            one => one.Name.StartsWith($"vllm/{number}-", StringComparison.Ordinal)
        );
        string[] events = Encoding.UTF8.GetString(recording.Body).Split("\n\n", StringSplitOptions.RemoveEmptyEntries);
        JsonObject empty = JsonNode.Parse(events[1]["data: ".Length..])!.AsObject();
        JsonObject choice = empty["choices"]![0]!.AsObject();
        (choice["delta"], choice["token_ids"]) = (new JsonObject(), new JsonArray(7));
        string withIds = string.Concat(
            events.Select((one, i) => i == 0 ? $"{one}\n\n" : $"data: {empty.ToJsonString()}\n\n{one}\n\n")
        );
        await using RawEngine engine = RawEngine.Start(exchange => exchange.AnswerAsync("text/event-stream", withIds));
        await using RunningGateway gateway = await RunningGateway.StartWithReceiptsAsync(engine.Url, "vllm");
        ReceivedAnswer answer = await ReceivedAnswer.AskAsync(gateway.Api, recording.Path, recording.RequestText);
        ReceiptStatement statement = await answer.RequireValidAsync(gateway.Api);
        RequireSame(recording, answer, hidesIds: true);
        Assert.Equal([events.Length - 1], statement.Tokens!.Counts.Select(count => (int)count));
    }

    private static bool IsAnswer(EngineRecording recording) =>
        recording.Status == 200 && recording.Body.AsSpan().IndexOf("{\"error\":"u8) < 0;

    private static void RequireSame(EngineRecording recording, ReceivedAnswer answer, bool hidesIds)
    {
        IReadOnlyList<JsonObject> expected = RecordedJson.Expected(recording, hidesIds),
            received = RecordedJson.Received(answer.Body, answer.IsStream);
        Assert.Equal(recording.IsStream, answer.IsStream);
        Assert.True(
            expected.Count == received.Count
                && expected.Zip(received).All(pair => JsonNode.DeepEquals(pair.First, pair.Second)),
            $"{recording.Name}\n{string.Join('\n', expected.Select(one => one.ToJsonString()))}\n"
                + string.Join('\n', received.Select(one => one.ToJsonString()))
        );
        if (recording.IsStream)
            Assert.EndsWith("data: [DONE]\n\n", answer.Body, StringComparison.Ordinal);
    }
}
