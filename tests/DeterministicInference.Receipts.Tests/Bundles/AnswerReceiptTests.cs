using System.Text;
using DeterministicInference.Receipts.Answers;
using DeterministicInference.Receipts.Bundles;
using DeterministicInference.Receipts.Statements;
using DeterministicInference.Receipts.Tests.Statements;
using Xunit;

namespace DeterministicInference.Receipts.Tests.Bundles;

public sealed class AnswerReceiptTests
{
    [Theory]
    [InlineData("""{"id":"x","determinism":{"receipt_id":"r"},"choices":[]}""", """{"receipt_id":"r"}""")]
    [InlineData("""{"choices":[{"determinism":1}],"determinism" : {"a": [1, {"b":2}]} }""", """{"a": [1, {"b":2}]}""")]
    [InlineData("\uFEFF{\"determinism\":{}}", "{}")]
    [InlineData("""{"choices":[{"determinism":{}}]}""", null)]
    [InlineData("{}", null)]
    public void In_a_JSON_answer_it_is_a_member(string answer, string? expected) =>
        Assert.Equal(expected, Find(answer, AnswerDelivery.Json));

    [Theory]
    [InlineData("data: {}\n\n: dis-receipt {\"receipt_id\":\"r\"}\ndata: [DONE]\n\n", "{\"receipt_id\":\"r\"}")]
    [InlineData(": ka\r\ndata: {}\r\n\r\n: dis-receipt {}\r\ndata: [DONE]\r\n\r\n", "{}")]
    [InlineData("data: : dis-receipt {}\n\ndata: [DONE]\n\n", null)]
    [InlineData("data: {}\n\ndata: [DONE]\n\n: dis-receipt {}\n\n", null)]
    [InlineData("data: {}\n\n: dis-receipt {\"cut", null)]
    [InlineData("data: {}\n\ndata: [DONE]\n\n", null)]
    public void In_a_stream_it_is_a_comment_before_the_end(string stream, string? expected) =>
        Assert.Equal(expected, Find(stream, AnswerDelivery.Sse));

    [Theory]
    [InlineData("""{"determinism":{},"determinism":{}}""", AnswerDelivery.Json)]
    [InlineData("""{"determinism":{}} x""", AnswerDelivery.Json)]
    [InlineData("[]", AnswerDelivery.Json)]
    [InlineData("", AnswerDelivery.Json)]
    [InlineData(": dis-receipt {}\n: dis-receipt {}\ndata: [DONE]\n\n", AnswerDelivery.Sse)]
    public void What_is_ambiguous_is_refused(string body, Enum delivery) =>
        Assert.Throws<ReceiptFormatException>(() => Find(body, (AnswerDelivery)delivery));

    [Fact]
    public void What_is_found_is_the_receipt()
    {
        using var sample = new SampleReceipt();
        string json = Encoding.UTF8.GetString(sample.Receipt.ToJson());
        foreach (
            (string body, AnswerDelivery delivery) in (IEnumerable<(string, AnswerDelivery)>)
                [
                    ($$"""{"choices":[],"determinism":{{json}}}""", AnswerDelivery.Json),
                    ($"data: {{}}\n\n: dis-receipt {json}\ndata: [DONE]\n\n", AnswerDelivery.Sse),
                ]
        )
        {
            Receipt found = Receipt.FromJson(AnswerReceipt.Find(Encoding.UTF8.GetBytes(body), delivery)!);
            Assert.Equal(sample.Receipt.ToJson(), found.ToJson());
        }
    }

    private static string? Find(string body, AnswerDelivery delivery) =>
        AnswerReceipt.Find(Encoding.UTF8.GetBytes(body), delivery) is { } json ? Encoding.UTF8.GetString(json) : null;
}
