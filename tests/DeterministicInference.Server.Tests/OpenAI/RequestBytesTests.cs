using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using DeterministicInference.Server.Configuration;
using Xunit;

namespace DeterministicInference.Server.Tests.OpenAI;

/// <summary>A body that is compressed once is read; the limit holds for what it decodes to.</summary>
public sealed class RequestBytesTests(SharedFakeBackend shared) : IAsyncLifetime
{
    private const int Limit = 1000;

    private static readonly byte[] Request = "{\"prompt\":\"gzip\"}"u8.ToArray(),
        Member = CompressedBytes.Gzip(Request),
        Zlib = CompressedBytes.Zlib(Request);

    /// <summary>What is not whole gzip members and nothing else.</summary>
    private static readonly Dictionary<string, byte[]> DamagedGzip = new()
    {
        ["not compressed"] = Request,
        ["no bytes"] = [],
        ["the first byte"] = Member[..1],
        ["half of the header"] = Member[..5],
        ["the header alone"] = Member[..10],
        ["half of the data"] = Member[..(Member.Length / 2)],
        ["no check"] = Member[..^8],
        ["half of the check"] = Member[..^6],
        ["one byte too few"] = Member[..^1],
        ["another check"] = CompressedBytes.Changed(Member, -8),
        ["another length"] = CompressedBytes.Changed(Member, -1),
        ["another method"] = CompressedBytes.Changed(Member, 2),
        ["an unknown flag"] = [.. Member[..3], 0x20, .. Member[4..]],
        ["one more byte"] = [.. Member, 0],
        ["one more byte, the first of a member"] = [.. Member, 0x1F],
        ["the beginning of a second member"] = [.. Member, .. Member[..3]],
        ["a second member that is cut"] = [.. Member, .. Member[..^1]],
        ["zeros behind"] = [.. Member, .. new byte[512]],
        ["many bytes behind"] = [.. Member, .. Enumerable.Repeat((byte)'x', 20_000)],
        ["bytes between two members"] = [.. Member, 0, .. Member],
    };

    /// <summary>What is not one whole zlib stream and nothing else.</summary>
    private static readonly Dictionary<string, byte[]> DamagedZlib = new()
    {
        ["not compressed"] = Request,
        ["no bytes"] = [],
        ["the first byte"] = Zlib[..1],
        ["the header alone"] = Zlib[..2],
        ["half of the data"] = Zlib[..(Zlib.Length / 2)],
        ["no check"] = Zlib[..^4],
        ["one byte too few"] = Zlib[..^1],
        ["another check"] = CompressedBytes.Changed(Zlib, -1),
        ["another header"] = CompressedBytes.Changed(Zlib, 1),
        ["a dictionary"] = [0x78, 0x20, .. Zlib[2..]],
        ["plain DEFLATE"] = Zlib[2..^4],
        ["gzip"] = Member,
        ["one more byte"] = [.. Zlib, 0],
        ["many bytes behind"] = [.. Zlib, .. new byte[20_000]],
        ["two streams"] = [.. Zlib, .. Zlib],
    };

    private FakeBackendProcess _fake = null!;
    private RunningGateway _gateway = null!,
        _small = null!;

    public static TheoryData<string, string> Damaged
    {
        get
        {
            var names = new TheoryData<string, string>();
            foreach (string name in DamagedGzip.Keys)
                names.Add("gzip", name);
            foreach (string name in DamagedZlib.Keys)
                names.Add("deflate", name);
            return names;
        }
    }

    public async ValueTask InitializeAsync()
    {
        _fake = await shared.StartedAsync();
        ServeOptions plain = RunningGateway.Options with { Determinism = DeterminismMode.Off };
        _gateway = await RunningGateway.StartAsync(_fake.Url, plain);
        _small = await RunningGateway.StartAsync(_fake.Url, plain with { MaxRequestBytes = Limit });
    }

    public async ValueTask DisposeAsync()
    {
        await _small.DisposeAsync();
        await _gateway.DisposeAsync();
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("x-gzip")]
    [InlineData("GZip")]
    [InlineData("deflate")]
    public async Task A_compressed_body_reaches_the_engine_as_it_decodes(string encoding)
    {
        string json = $$"""{ "prompt" : "compressed by {{encoding}}" }""";
        byte[] bytes = Encoding.UTF8.GetBytes(json);
        Reply reply = await SendAsync(
            _gateway,
            encoding == "deflate" ? CompressedBytes.Zlib(bytes) : CompressedBytes.Gzip(bytes),
            encoding
        );
        Assert.True(reply.Status == HttpStatusCode.OK, reply.Body);
        JsonNode arrived = await _fake.RequestAsync($"compressed by {encoding}");
        Assert.Equal(json, (string?)arrived["body"]);
        Assert.Null(arrived["headers"]!["content-encoding"]);
    }

    [Fact]
    public async Task Members_that_follow_each_other_are_one_body()
    {
        byte[] json = "{\"prompt\":\"several members\"}"u8.ToArray();
        byte[] body =
        [
            .. CompressedBytes.EmptyMember,
            .. CompressedBytes.Named(json.AsSpan(0, 5), "a.json"),
            .. CompressedBytes.EmptyMember,
            .. CompressedBytes.Gzip(json.AsSpan(5)),
            .. CompressedBytes.EmptyMember,
        ];
        Reply reply = await SendAsync(_gateway, body);
        Assert.True(reply.Status == HttpStatusCode.OK, reply.Body);
        Assert.Equal(Encoding.UTF8.GetString(json), (string?)(await _fake.RequestAsync("several members"))["body"]);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_large_body_comes_whole_however_it_is_sent(bool isChunked)
    {
        string prompt = $"large {isChunked} " + string.Concat(Enumerable.Range(0, 500_000));
        string json = $$"""{"prompt":"{{prompt}}"}""";
        Reply reply = await SendAsync(
            _gateway,
            CompressedBytes.Gzip(Encoding.UTF8.GetBytes(json)),
            isChunked: isChunked
        );
        Assert.True(reply.Status == HttpStatusCode.OK, reply.Body[..Math.Min(500, reply.Body.Length)]);
        Assert.Equal(json, (string?)(await _fake.RequestAsync($"large {isChunked} "))["body"]);
    }

    [Theory]
    [InlineData("br")]
    [InlineData("zstd")]
    [InlineData("gzip, gzip")]
    [InlineData("gzip, identity")]
    [InlineData("identity, gzip")]
    [InlineData("gzip,")]
    public async Task Another_encoding_is_refused_with_the_accepted_ones(string encoding)
    {
        Reply reply = await SendAsync(_gateway, Member, encoding);
        JsonNode error = OpenAIErrors.Read(reply, HttpStatusCode.UnsupportedMediaType);
        Assert.Equal(
            $"Unsupported Content-Encoding '{encoding}'. Compress the body once, by gzip or deflate, or send it uncompressed.",
            (string?)error["message"]
        );
        Assert.Equal(["gzip, deflate, identity"], reply.Headers.GetValues("Accept-Encoding"));
    }

    [Theory]
    [MemberData(nameof(Damaged))]
    public async Task What_is_not_whole_and_nothing_else_is_refused(string encoding, string name)
    {
        byte[] body = (encoding == "gzip" ? DamagedGzip : DamagedZlib)[name];
        JsonNode error = OpenAIErrors.Read(await SendAsync(_gateway, body, encoding), HttpStatusCode.BadRequest);
        Assert.StartsWith(
            $"The request body is not what its Content-Encoding, {encoding}, says:",
            (string?)error["message"],
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task What_it_decodes_to_is_judged_like_any_other_body()
    {
        JsonNode twice = OpenAIErrors.Read(
                await SendAsync(_gateway, CompressedBytes.Gzip(Member)),
                HttpStatusCode.BadRequest
            ),
            empty = OpenAIErrors.Read(
                await SendAsync(_gateway, CompressedBytes.EmptyMember),
                HttpStatusCode.BadRequest
            );
        Assert.Equal("The request body is not valid UTF-8.", (string?)twice["message"]);
        Assert.Contains("could not parse the JSON body", (string?)empty["message"], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Limit, HttpStatusCode.OK)]
    [InlineData(Limit + 1, HttpStatusCode.RequestEntityTooLarge)]
    [InlineData(100_000, HttpStatusCode.RequestEntityTooLarge)]
    public async Task The_limit_holds_for_what_the_body_decodes_to(int length, HttpStatusCode status)
    {
        byte[] json = Encoding.ASCII.GetBytes("{\"prompt\":\"x\"}".PadRight(length));
        Reply reply = await SendAsync(_small, CompressedBytes.Gzip(json));
        Assert.Equal(status, reply.Status);
        if (status != HttpStatusCode.OK)
            Assert.Contains(
                "is too large when it is decoded. Send less, or start the server with a higher --max-request-bytes.",
                (string?)OpenAIErrors.Read(reply, status)["message"],
                StringComparison.Ordinal
            );
    }

    /// <summary>Who decodes on finds the damage behind the limit, which is another error.</summary>
    [Fact]
    public async Task Decoding_stops_at_the_limit()
    {
        byte[] member = CompressedBytes.Gzip(Encoding.ASCII.GetBytes("{\"prompt\":\"x\"}".PadRight(100_000)));
        OpenAIErrors.Read(await SendAsync(_gateway, CompressedBytes.Changed(member, -8)), HttpStatusCode.BadRequest);
        OpenAIErrors.Read(
            await SendAsync(_small, CompressedBytes.Changed(member, -8)),
            HttpStatusCode.RequestEntityTooLarge
        );
    }

    [Fact]
    public async Task The_limit_holds_for_what_is_sent_too()
    {
        byte[] body = [.. Enumerable.Repeat(CompressedBytes.EmptyMember, 50).SelectMany(empty => empty), .. Member];
        Assert.True(body.Length > Limit);
        OpenAIErrors.Read(await SendAsync(_small, body), HttpStatusCode.RequestEntityTooLarge);
        Assert.Equal(HttpStatusCode.OK, (await SendAsync(_gateway, body)).Status);
    }

    private static Task<Reply> SendAsync(
        RunningGateway gateway,
        byte[] body,
        string encoding = "gzip",
        bool isChunked = false
    )
    {
        var request = new HttpRequestMessage(HttpMethod.Post, ApiClient.Completions)
        {
            Content = new ByteArrayContent(body),
        };
        request.Headers.TransferEncodingChunked = isChunked;
        request.Content.Headers.TryAddWithoutValidation("Content-Type", "application/json");
        request.Content.Headers.TryAddWithoutValidation("Content-Encoding", encoding);
        return gateway.Api.SendAsync(request);
    }
}
