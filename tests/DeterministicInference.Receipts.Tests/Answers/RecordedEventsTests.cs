using System.Text;
using DeterministicInference.Receipts.Output;
using DeterministicInference.Receipts.Tests.Output;
using Xunit;

namespace DeterministicInference.Receipts.Tests.Answers;

public class RecordedEventsTests
{
    private static readonly Sha256Value Ab = Outputs
        .OfEvents(["""{"choices":[{"text":"ab","finish_reason":"stop"}]}"""])
        .Digest;

    [Theory]
    [InlineData("\n")]
    [InlineData("\r\n")]
    [InlineData("\r")]
    public void Line_endings_comments_and_other_fields_do_not_count(string end)
    {
        string stream = string.Join(
            end,
            ": ka",
            "data: {\"choices\":[{\"text\":\"a\"}]}",
            "",
            ": dis-receipt {}",
            "event: x",
            "id: 7",
            "retry: 1",
            "data:{\"choices\":[{\"text\":\"b\",",
            "data:  \"finish_reason\":\"stop\"}]}",
            "",
            "",
            ": ka",
            "data: [DONE]",
            "",
            "data: not read any more",
            "",
            ""
        );
        Assert.True(Read("\uFEFF" + stream, out OutputDigest output));
        Assert.Equal(Ab, output.Digest);
    }

    [Fact]
    public void An_event_without_data_or_with_null_is_none()
    {
        Assert.True(
            Read(
                "data\n\ndata:\n\ndata: {\"choices\":[{\"text\":\"ab\",\"finish_reason\":\"stop\"}]}\n\n"
                    + "data: null\n\ndata: [DONE]\n\n",
                out OutputDigest output
            )
        );
        Assert.Equal(Ab, output.Digest);
    }

    [Fact]
    public void Without_the_end_it_says_so()
    {
        Assert.False(
            Read("data: {\"choices\":[{\"text\":\"ab\",\"finish_reason\":\"stop\"}]}\n\n", out OutputDigest output)
        );
        Assert.Equal(Ab, output.Digest);
        Assert.False(Read("data: [DONE]\n", out _));
    }

    [Fact]
    public void An_event_that_was_cut_off_is_dropped()
    {
        Read(
            "data: {\"choices\":[{\"text\":\"ab\",\"finish_reason\":\"stop\"}]}\n\ndata: "
                + "{\"choices\":[{\"text\":\"c\"}]}\n",
            out OutputDigest output
        );
        Assert.Equal(Ab, output.Digest);
    }

    private static bool Read(string stream, out OutputDigest output)
    {
        using var hasher = new OutputHasher();
        bool done = hasher.AppendStream(Encoding.UTF8.GetBytes(stream));
        output = hasher.Finish();
        return done;
    }
}
