using System.Text;
using DeterministicInference.Receipts.Canonical;
using DeterministicInference.Receipts.Output;
using DeterministicInference.Receipts.Tests.Output;
using Xunit;

namespace DeterministicInference.Receipts.Tests.Answers;

public class RecordedEventsTests
{
    private static readonly Sha256Value Ab = Outputs
        .OfEvents(["""{"choices":[{"text":"ab","finish_reason":"stop"}]}"""])
        .Digest;

    private const string Event = "data: {\"choices\":[{\"text\":\"ab\",\"finish_reason\":\"stop\"}]}\n\n",
        End = "data: [DONE]\n\n";

    [Theory]
    [InlineData("\n")]
    [InlineData("\r\n")]
    public void Line_endings_comments_and_other_fields_do_not_count(string end)
    {
        string stream = string.Join(
            end,
            ": ka",
            "data: {\"choices\":[{\"text\":\"a\"}]}",
            "",
            ": dis-receipt {}",
            ":",
            "event: message",
            "id: 7",
            "id:",
            "retry: 1",
            "retry:1",
            "event:message",
            "data:{\"choices\":[{\"text\":\"b\",  \"finish_reason\":\"stop\"}]}",
            ": within",
            "",
            "",
            ": ka",
            "data: [DONE]",
            "",
            "",
            ""
        );
        Assert.True(Read(stream, out OutputDigest output));
        Assert.Equal(Ab, output.Digest);
    }

    [Fact]
    public void An_event_without_data_or_with_null_is_none()
    {
        Assert.True(
            Read("data:\n\ndata: \n\n" + Event + "data: null\n\ndata:  null \n\n" + End, out OutputDigest output)
        );
        Assert.Equal(Ab, output.Digest);
    }

    /// <summary>Programs that keep a text without the line ends at its end are usual.</summary>
    [Theory]
    [InlineData("data: [DONE]", true)]
    [InlineData("data:[DONE]", true)]
    [InlineData("data: [DONE]\n", true)]
    [InlineData("data: [DONE]\r\n", true)]
    [InlineData("data: [DONE]\n\n", true)]
    [InlineData("data: [DONE]   \n\n", true)]
    [InlineData("data: [DONE]\n\n\n\n", true)]
    [InlineData("data: [DONE]\n\r\n\n", true)]
    [InlineData("", false)]
    [InlineData("data: [DONE", false)]
    [InlineData("data: ", false)]
    [InlineData("dat", false)]
    [InlineData(": [DONE]\n\n", false)]
    [InlineData("data: {\"choices\":[{\"text\":\"c\"}]}\n", false)]
    [InlineData("data: {\"choices\":[{\"text\":\"c\"}]}", false)]
    public void The_end_may_lack_its_line_ends_and_all_else_is_dropped(string last, bool hasEnd)
    {
        Assert.Equal(hasEnd, Read(Event + last, out OutputDigest output));
        Assert.Equal(Ab, output.Digest);
    }

    /// <summary>Clients that cut streams in another way would read something else.</summary>
    [Theory]
    // Two lines of data: joined by a line feed, by nothing, or read one by one.
    [InlineData("data: {}\ndata: {}\n\n" + End)]
    [InlineData("data:\ndata: {}\n\n" + End)]
    [InlineData("data: [DONE]\ndata: x\n\n")]
    [InlineData("data: {}\ndata: {}")]
    // A carriage return alone.
    [InlineData("data: {}\r\rdata: [DONE]\r\r")]
    [InlineData("data: {}\r\n\r\n: a\rb\n\n" + End)]
    [InlineData("data: {\"x\":\r1}\n\n" + End)]
    [InlineData(End + "\r")]
    [InlineData(End + ": x\r\r\n")]
    // Behind the end.
    [InlineData(End + "data: {}\n\n")]
    [InlineData(End + "data: {}")]
    [InlineData(End + "data: null\n\n")]
    [InlineData(End + End)]
    [InlineData(End + ":")]
    [InlineData(End + "\n: behind\n")]
    [InlineData(End + "id: 8\n\n")]
    [InlineData(End + "event: message\n\n")]
    [InlineData(End + "dat")]
    [InlineData("data: [DONE] {}\n\n")]
    [InlineData("data: [DONE]{}\n\n")]
    [InlineData("data: [DONE]\t\n\n")]
    [InlineData("data: [DONE]x")]
    // Lines of other fields, and lines that some trim.
    [InlineData("data\n\n" + End)]
    [InlineData("event: error\ndata: {}\n\n" + End)]
    [InlineData("event: message \n" + End)]
    [InlineData("event:  message\n" + End)]
    [InlineData("event:\n" + End)]
    [InlineData("event\n" + End)]
    [InlineData("id\n" + End)]
    [InlineData("retry\n" + End)]
    [InlineData(" data: {}\n\n" + End)]
    [InlineData("\tdata: {}\n\n" + End)]
    [InlineData("Data: {}\n\n" + End)]
    [InlineData("data : {}\n\n" + End)]
    [InlineData("{\"choices\":[]}\n\n" + End)]
    [InlineData("\u00a0\n" + End)]
    [InlineData(End + "x\n")]
    [InlineData("\0: a\n" + End)]
    [InlineData("\u0085\n" + End)]
    [InlineData("\uFEFFdata: {}\n\n" + End)]
    // Lines that are no data and that Python cuts.
    [InlineData(": a\u0085data: {}\n\n" + End)]
    [InlineData(": a\u2028data: {}\n\n" + End)]
    [InlineData("id: \u2029\n\n" + End)]
    [InlineData(": \u000b\n\n" + End)]
    [InlineData("retry: 1\u000c\n\n" + End)]
    [InlineData(":\u001c\n\n" + End)]
    [InlineData(":\u001d\n\n" + End)]
    [InlineData(":\u001e\n\n" + End)]
    // Also where the stream broke off.
    [InlineData(": a\u2028data: {}\u2028\u2028")]
    public void What_clients_cut_in_different_ways_is_refused(string stream)
    {
        var refusal = Assert.Throws<CanonicalFormException>(() => Read(Event + stream, out _));
        Assert.Equal(CanonicalFormError.AmbiguousStream, refusal.Error);
    }

    [Fact]
    public void The_place_of_the_line_is_told()
    {
        var refusal = Assert.Throws<CanonicalFormException>(() => Read(Event + "event: x\n\n", out _));
        Assert.Equal(
            ("", Event.Length, $"A line that is neither data nor a comment at the top level (byte {Event.Length})."),
            (refusal.Place, refusal.Offset, refusal.Message)
        );
    }

    /// <summary>Some clients take it for a part of the first line.</summary>
    [Theory]
    [InlineData("")]
    [InlineData(Event + End)]
    [InlineData(": ka\n\n" + Event + End)]
    public void A_byte_order_mark_is_refused(string stream)
    {
        var refusal = Assert.Throws<CanonicalFormException>(() => Read("\uFEFF" + stream, out _));
        Assert.Equal((CanonicalFormError.AmbiguousStream, 0), (refusal.Error, refusal.Offset));
    }

    [Fact]
    public void Within_data_a_text_may_have_any_line_breaks()
    {
        const string Text = "a\u0085b\u2028c\u2029";
        Assert.True(Read($"data: {{\"choices\":[{{\"text\":\"{Text}\"}}]}}\n\n{End}", out OutputDigest output));
        Assert.Equal(Outputs.LineOf("0 text", Text), output.Line("0 text"));
    }

    [Fact]
    public void Nothing_is_a_stream_that_broke_off()
    {
        foreach (string nothing in (string[])["", "\n", ": ka\n\n"])
        {
            Assert.False(Read(nothing, out OutputDigest output));
            Assert.Equal((0, false), (output.Choices, output.Finished));
        }
    }

    private static bool Read(string stream, out OutputDigest output)
    {
        using var hasher = new HashedAnswer();
        bool done = hasher.AppendStream(Encoding.UTF8.GetBytes(stream));
        output = hasher.Finish();
        return done;
    }
}
