using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using DeterministicInference.Server.Tests.EndToEnd.Fuzz;
using DeterministicInference.Server.Tests.Receipts.Issuing;
using Xunit;

namespace DeterministicInference.Server.Tests.Gateway.Answers;

/// <summary>
/// Clients cut lines in their own ways: some drop a byte order mark or white space before a line, some take any line
/// with <c>data:</c> in it. Whatever lines an engine sends between its events, all of them read the text that was
/// hashed, and no line but this server's own can pass for a receipt.
/// </summary>
public sealed class ForeignLinesTests
{
    private const string Evil = """{"choices":[{"index":0,"text":"EVIL","finish_reason":null}]}""";

    /// <summary>Lines that mean nothing to a reader that follows the standard.</summary>
    private static readonly string[] Lines =
    [
        ": ka",
        ":",
        $": data: {Evil}",
        $"\uFEFFdata: {Evil}",
        "\uFEFFdata: [DONE]",
        $" data: {Evil}",
        $"\tdata: {Evil}",
        $"DATA: {Evil}",
        $"datax: {Evil}",
        $"id: {Evil}",
        "id:",
        "event: thread.message.delta",
        "event: error",
        "retry: 1",
        ": dis-receipt null",
        """: dis-receipt null,"receipt_id":"00000000000000000000000000000000","receipt":{}""",
        ":dis-receipt {}",
        " : dis-receipt {}",
        ": dis-",
        "\u0000",
        "\uFFFD",
    ];

    private static readonly string[] LineEnds = ["\n", "\r\n", "\r"];

    [Theory]
    [InlineData($": ka\n\uFEFFdata: {Evil}\n\n")]
    [InlineData(": c\n\uFEFFdata: [DONE]\n\n")]
    [InlineData($": ka\n data: {Evil}\n\n")]
    [InlineData(": ka\ndata:\n\n")]
    [InlineData(": ka\nevent: ping\n\n")]
    [InlineData(": dis-receipt null,\"receipt_id\":\"ffffffffffffffffffffffffffffffff\"\n\n")]
    [InlineData($": dis-x\nid: {Evil}\n\n")]
    [InlineData(": dis-x\r\n\r\n")]
    public Task Lines_between_events_are_read_by_nobody(string lines) =>
        RequireAsync(Stream(Word("good"), lines, Last), "good");

    [Theory]
    // The rest of these lines is a CR and an LF, which would be one line end without the line between them.
    [InlineData("\r: dis-x\n\n")]
    [InlineData("\n: dis-x\r\n\r\n")]
    public Task A_comment_at_the_end_of_an_event_does_not_take_its_blank_line_along(string end) =>
        RequireAsync(Stream(Word("go").TrimEnd('\n') + end, Word("od"), Last), "good");

    [Fact]
    public Task Data_on_several_lines_is_one_line() =>
        RequireAsync(
            Stream($"data: {{\"a\":\ndata: {Evil}\ndata: ,\"choices\":[{{\"index\":0,\"text\":\"good\"}}]}}\n\n", Last),
            "good"
        );

    [Fact]
    public async Task Any_lines_around_the_data_leave_the_text_and_the_receipt()
    {
        var random = new FuzzRandom(13);
        int count = LongRun.Times(usually: 150, atLength: 2000);
        string sent = "";
        await using RawEngine engine = RawEngine.Start(exchange => exchange.AnswerAsync("text/event-stream", sent));
        await using RunningGateway gateway = await RunningGateway.StartWithReceiptsAsync(engine.Url);
        for (int i = 0; i < count; i++)
        {
            // At the very begin a byte order mark is none of the line's characters.
            var stream = new StringBuilder(":\n");
            string text = "";
            for (int event_ = random.Next(6); event_ >= 0; event_--)
            {
                string word = $"w{random.Next(10)} ";
                bool isLast = event_ == 0;
                text += isLast ? "" : word;
                // An event of its own without data, or lines around the data.
                if (random.Next(3) == 0)
                    stream.Append(Foreign(random)).Append(LineEnds[random.Next(3)]);
                stream.Append(Foreign(random));
                stream.Append((isLast ? Last : Word(word)).TrimEnd('\n')).Append(LineEnds[random.Next(2)]);
                stream.Append(Foreign(random)).Append(LineEnds[random.Next(2)]);
            }
            sent = stream.Append("data: [DONE]\n\n").ToString();
            await RequireAsync(gateway, sent, text);
        }
    }

    private static string Foreign(FuzzRandom random) =>
        string.Concat(
            Enumerable.Range(0, random.Next(3)).Select(_ => Lines[random.Next(Lines.Length)] + LineEnds[random.Next(2)])
        );

    private static string Word(string text) =>
        $"data: {{\"choices\":[{{\"index\":0,\"text\":\"{text}\",\"finish_reason\":null}}]}}\n\n";

    private static string Last => "data: {\"choices\":[{\"index\":0,\"text\":\"\",\"finish_reason\":\"stop\"}]}\n\n";

    private static string Stream(params string[] events) => string.Concat(events) + "data: [DONE]\n\n";

    private static async Task RequireAsync(string sent, string text)
    {
        await using RawEngine engine = RawEngine.Start(exchange => exchange.AnswerAsync("text/event-stream", sent));
        await using RunningGateway gateway = await RunningGateway.StartWithReceiptsAsync(engine.Url);
        await RequireAsync(gateway, sent, text);
    }

    private static async Task RequireAsync(RunningGateway gateway, string sent, string text)
    {
        ReceivedAnswer answer = await ReceivedAnswer.AskAsync(
            gateway.Api,
            ApiClient.Completions,
            """{"prompt":"x","stream":true}"""
        );
        try
        {
            Assert.True((await answer.RequireValidAsync(gateway.Api)).Complete);
            Assert.Equal(answer.ReceiptId, answer.Receipt.ReceiptId);
            // Each line is one that every reader understands alike.
            Assert.All(
                answer.Body.Split('\n'),
                line =>
                    Assert.True(
                        line.Length == 0
                            || line.StartsWith("data: ", StringComparison.Ordinal)
                            || line.StartsWith(": dis-receipt {", StringComparison.Ordinal),
                        line
                    )
            );
            Assert.DoesNotContain('\r', answer.Body);
            Assert.Equal(text, SloppyText(answer.Body));
            Assert.EndsWith("\ndata: [DONE]\n\n", answer.Body, StringComparison.Ordinal);
        }
        catch (Exception e)
        {
            throw new InvalidOperationException($"{JsonSerializer.Serialize(sent)} -> {answer.Body}", e);
        }
    }

    /// <summary>
    /// The text as a careless client shows it: takes every line that has <c>data:</c> after marks and white space, in
    /// any case, and ignores what is not JSON.
    /// </summary>
    private static string SloppyText(string body)
    {
        var text = new StringBuilder();
        foreach (string line in body.Split('\n', '\r'))
        {
            string trimmed = line.Trim('\uFEFF', ' ', '\t', ':', '\0');
            if (
                !trimmed.StartsWith("data", StringComparison.OrdinalIgnoreCase)
                || trimmed.IndexOf('{') is var at && at < 0
            )
                continue;
            try
            {
                text.Append((string?)JsonNode.Parse(trimmed[at..])!["choices"]?[0]?["text"]);
            }
            catch (JsonException)
            {
                // A careless client goes on.
            }
        }
        return text.ToString();
    }
}
