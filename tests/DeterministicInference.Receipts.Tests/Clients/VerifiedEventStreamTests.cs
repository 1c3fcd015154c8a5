using System.Net;
using System.Net.Http.Headers;
using System.Text;
using DeterministicInference.Receipts.Clients;
using DeterministicInference.Receipts.Trust;
using Xunit;

namespace DeterministicInference.Receipts.Tests.Clients;

/// <summary>How a stream passes, whatever its bytes. That it is verified, the tests of the server hold.</summary>
public sealed class VerifiedEventStreamTests
{
    private const string Events = "data: {\"choices\":[]}\n\n: ka\ndata: {\"é\":1}\r\n\r\n",
        End = ": dis-receipt {}\ndata: [DONE]\n\n";

    [Fact]
    public async Task However_the_bytes_come_all_pass_and_the_end_waits_for_the_verdict()
    {
        byte[] all = Encoding.UTF8.GetBytes(Events + End);
        for (int cut = 0; cut <= all.Length; cut++)
        {
            int judged = -1,
                read = 0;
            using var handler = Handler(new Chunks([all[..cut], all[cut..]]), throws: false, () => judged = read);
            using Stream stream = await AskAsync(handler);
            var got = new List<byte>();
            var buffer = new byte[7];
            for (int count; (count = await stream.ReadAsync(buffer, Cancellation)) > 0; )
            {
                got.AddRange(buffer[..count]);
                read += count;
            }
            Assert.Equal(all, got);
            Assert.Equal(Encoding.UTF8.GetByteCount(Events), judged);
        }
    }

    [Theory]
    [InlineData(Events + End)]
    [InlineData(Events + "data:[DONE]\n\n" + Events)]
    [InlineData(Events + "data: {\"x\":1}\ndata: [DONE]\n\n")]
    [InlineData(Events + "event: x\rdata: [DONE]\r\rdata: [DONE]\n\n")]
    [InlineData(Events + "data: [DONE]")]
    [InlineData(Events + "data: {\"x\":")]
    [InlineData(Events)]
    public async Task What_is_not_verified_ends_with_the_exception_and_never_with_its_end(string text)
    {
        using var handler = Handler(new Chunks([Encoding.UTF8.GetBytes(text)]), throws: true, () => { });
        using Stream stream = await AskAsync(handler);
        using var got = new MemoryStream();
        await Assert.ThrowsAsync<ReceiptVerificationException>(() => stream.CopyToAsync(got, Cancellation));
        Assert.Equal(Events, Encoding.UTF8.GetString(got.ToArray()));
    }

    /// <summary>
    /// Some client shows it as finished, or reads other lines than we do: nothing of it passes before.
    /// </summary>
    [Theory]
    [InlineData("utf-16", "data: {\"choices\":[]}\n\ndata: [DONE]\n\n\u0a0a\u0a0a\n\n")]
    [InlineData("utf-16BE", "data: [DONE]\n\u0a0a\u0a0a\n")]
    [InlineData("utf-8", "\ufeffdata: {\"choices\":[]}\n\n")]
    [InlineData("utf-8", "{\"choices\":[{\"message\":{\"content\":\"x\"}}]}\n\n")]
    [InlineData("utf-8", "data: {\"choices\":[{\"index\":0,\"finish_reason\":\"stop\",\"delta\":{}}]}\n\n")]
    [InlineData("utf-8", "data: {\"choices\":[{\"index\":0,\"finish\\u005freason\":\"stop\",\"delta\":{}}]}\n\n")]
    [InlineData("utf-8", "data: [done]\n\n")]
    [InlineData("utf-8", "DATA: [DONE]\n\n")]
    [InlineData("utf-8", "event: done\ndata: {}\n\n")]
    [InlineData("utf-8", "data: {\ndata: }\n\n")]
    [InlineData("utf-8", "data: {\"x\":1}\rdata: DONE\n\n")]
    [InlineData("utf-8", "data: {\"choices\":[{\"index\":0},{\"index\":0}]}\n\n")]
    public async Task What_some_client_would_take_for_more_waits(string encoding, string text)
    {
        byte[] bytes =
        [
            .. Encoding.GetEncoding(encoding).GetPreamble(),
            .. Encoding.GetEncoding(encoding).GetBytes(text),
        ];
        using var handler = Handler(
            new Chunks([encoding == "utf-8" ? Encoding.UTF8.GetBytes(text) : bytes]),
            throws: true,
            () => { }
        );
        using Stream stream = await AskAsync(handler);
        using var got = new MemoryStream();
        await Assert.ThrowsAsync<ReceiptVerificationException>(() => stream.CopyToAsync(got, Cancellation));
        Assert.Equal("", Encoding.UTF8.GetString(got.ToArray()));
    }

    /// <summary>What has failed once fails again: a reader that goes on gets no end.</summary>
    [Fact]
    public async Task It_fails_again()
    {
        using var handler = Handler(new Chunks([Encoding.UTF8.GetBytes(Events + End)]), throws: true, () => { });
        using Stream stream = await AskAsync(handler);
        for (int i = 0; i < 3; i++)
            await Assert.ThrowsAsync<ReceiptVerificationException>(() => stream.CopyToAsync(Stream.Null, Cancellation));
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static ReceiptVerifyingHandler Handler(Stream events, bool throws, Action verified) =>
        new(TrustPolicy.None, new Answers(events)) { ThrowsOnFailure = throws, Verified = (_, _) => verified() };

    private static async Task<Stream> AskAsync(ReceiptVerifyingHandler handler)
    {
        var http = new HttpMessageInvoker(handler, disposeHandler: false);
        using var request = new HttpRequestMessage(HttpMethod.Post, "http://server.example/v1/chat/completions")
        {
            Content = new StringContent("{}"),
        };
        HttpResponseMessage response = await http.SendAsync(request, Cancellation);
        return await response.Content.ReadAsStreamAsync(Cancellation);
    }

    private sealed class Answers(Stream events) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(
            HttpRequestMessage request,
            CancellationToken cancellationToken
        )
        {
            var content = new StreamContent(events);
            content.Headers.ContentType = new MediaTypeHeaderValue("text/event-stream");
            return Task.FromResult(new HttpResponseMessage(HttpStatusCode.OK) { Content = content });
        }
    }

    /// <summary>Gives one chunk for each read.</summary>
    private sealed class Chunks(byte[][] chunks) : MemoryStream
    {
        private int _next;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            while (_next < chunks.Length && chunks[_next].Length == 0)
                _next++;
            if (_next == chunks.Length)
                return new ValueTask<int>(0);
            chunks[_next].CopyTo(buffer);
            return new ValueTask<int>(chunks[_next++].Length);
        }
    }
}
