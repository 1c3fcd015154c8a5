using System.Text;
using DeterministicInference.Receipts.Answers;
using Xunit;

namespace DeterministicInference.Receipts.Tests.Answers;

/// <summary>A stream is cut at its blank lines, wherever its pieces end.</summary>
public sealed class EventBufferTests
{
    private static readonly string[] Events =
    [
        "data: a\n\n",
        "\n",
        ": c\r\n\r\n",
        "data: b\r\r",
        "id: 1\r\ndata: é😀\n\r\n",
        "data: last\r\n\n",
    ];

    [Fact]
    public void Every_way_to_cut_a_stream_in_three_gives_the_same_events()
    {
        byte[] stream = Encoding.UTF8.GetBytes(string.Concat(Events));
        for (int i = 0; i <= stream.Length; i++)
        {
            for (int j = i; j <= stream.Length; j++)
                Assert.Equal(Events, Cut([stream[..i], stream[i..j], stream[j..]]));
        }
    }

    [Fact]
    public void An_event_is_there_with_the_last_byte_of_its_blank_line()
    {
        var buffer = new EventBuffer();
        Add(buffer, "data: a\n"u8);
        Assert.False(buffer.TryTake(isLast: false, out _));
        Add(buffer, "\n"u8);
        Assert.True(buffer.TryTake(isLast: false, out StreamEvent next));
        Assert.Equal("data: a\n\n", Encoding.UTF8.GetString(next.Bytes.Span));
        Assert.Equal(0, buffer.Waiting);
    }

    [Theory]
    [InlineData("data: b\ndata: c", "b\nc")]
    [InlineData("data: b\n", "b")]
    [InlineData("data: b\r", "b")]
    [InlineData("data: b\r\n", "b")]
    public void What_no_blank_line_ends_is_an_event_if_the_stream_is_said_to_be_over(string rest, string data)
    {
        var buffer = new EventBuffer();
        Add(buffer, Encoding.UTF8.GetBytes("data: a\n\n" + rest));
        Assert.True(buffer.TryTake(isLast: false, out _));
        Assert.False(buffer.TryTake(isLast: false, out _));
        Assert.True(buffer.Waiting > 0);
        buffer.End();
        Assert.True(buffer.TryTake(isLast: true, out StreamEvent next));
        Assert.Equal(data, Encoding.UTF8.GetString(next.Data.Span));
        buffer.TryTake(isLast: true, out _);
        Assert.Equal(0, buffer.Waiting);
    }

    [Fact]
    public void A_byte_order_mark_is_no_part_of_a_stream_in_whatever_pieces_it_comes()
    {
        byte[] stream = Encoding.UTF8.GetBytes("\uFEFFdata: a\n\ndata: \uFEFF\n\n");
        for (int size = 1; size <= stream.Length; size++)
            Assert.Equal(["data: a\n\n", "data: \uFEFF\n\n"], Cut(stream.Chunk(size)));
    }

    [Fact]
    public void Long_events_and_many_of_them_are_kept_whole()
    {
        string large = $"data: {new string('x', 100_000)}\n\n";
        string[] events = [.. Enumerable.Range(0, 50).SelectMany(i => (string[])[$"data: {i}\n\n", large])];
        byte[] stream = Encoding.UTF8.GetBytes(string.Concat(events));
        Assert.Equal(events, Cut(stream.Chunk(4099)));
    }

    [Theory]
    [InlineData("data: a\n\n", "a")]
    [InlineData("data:a\r\n\r\n", "a")]
    [InlineData("data:  a\n\n", " a")]
    [InlineData("data: a\r\ndata: b\r\ndata\r\n\r\n", "a\nb\n")]
    [InlineData(": data: a\n\n", "")]
    [InlineData("event: x\ndatax: a\n\n", "")]
    [InlineData("data\n\n", "")]
    public void The_data_of_an_event_is_what_the_standard_says(string bytes, string data)
    {
        // Behind another event, and in pieces.
        byte[] stream = Encoding.UTF8.GetBytes("data: before\n\n" + bytes);
        for (int size = 1; size <= stream.Length; size++)
        {
            var events = new List<string>();
            var buffer = new EventBuffer();
            foreach (byte[] piece in stream.Chunk(size))
            {
                Add(buffer, piece);
                while (buffer.TryTake(isLast: false, out StreamEvent next))
                    events.Add(Encoding.UTF8.GetString(next.Data.Span));
            }
            if (buffer.TryTake(isLast: true, out StreamEvent last))
                events.Add(Encoding.UTF8.GetString(last.Data.Span));
            Assert.Equal(["before", data], events);
        }
    }

    private static List<string> Cut(IEnumerable<byte[]> pieces)
    {
        var buffer = new EventBuffer();
        var events = new List<string>();
        foreach (byte[] piece in pieces)
        {
            Add(buffer, piece);
            while (buffer.TryTake(isLast: false, out StreamEvent next))
                events.Add(Encoding.UTF8.GetString(next.Bytes.Span));
        }
        while (buffer.TryTake(isLast: true, out StreamEvent next))
            events.Add(Encoding.UTF8.GetString(next.Bytes.Span));
        return events;
    }

    private static void Add(EventBuffer buffer, ReadOnlySpan<byte> piece)
    {
        while (piece.Length > 0)
        {
            Memory<byte> free = buffer.Free;
            int count = Math.Min(free.Length, piece.Length);
            piece[..count].CopyTo(free.Span);
            buffer.Added(count);
            piece = piece[count..];
        }
    }
}
