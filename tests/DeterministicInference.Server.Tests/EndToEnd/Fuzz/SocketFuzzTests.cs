using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.RegularExpressions;
using Xunit;

namespace DeterministicInference.Server.Tests.EndToEnd.Fuzz;

/// <summary>
/// Arbitrary bytes through a socket, in any pieces, cause no internal failure and no hang, and the server continues.
/// </summary>
public sealed partial class SocketFuzzTests
{
    private const int Workers = 8;

    [Fact]
    public async Task The_server_stays_healthy_whatever_bytes_a_socket_sends()
    {
        await using FakeBackendProcess fake = await FakeBackendProcess.StartAsync("--enable-deterministic-inference");
        await using RunningGateway gateway = await RunningGateway.StartAsync(fake.Url);
        var statuses = new ConcurrentDictionary<int, int>();
        int count = FuzzSize.Requests;
        await Parallel.ForEachAsync(
            Enumerable.Range(0, count + Corpus.Heads.Count),
            new ParallelOptions
            {
                MaxDegreeOfParallelism = Workers,
                CancellationToken = TestContext.Current.CancellationToken,
            },
            async (i, _) =>
            {
                foreach (int status in await SendAsync(gateway.Url, i))
                {
                    Assert.True(
                        status is 100 or 200 or (>= 400 and < 500) or 501 or 505,
                        $"Request {i} was answered with {status}."
                    );
                    statuses.AddOrUpdate(status, 1, (_, before) => before + 1);
                }
            }
        );
        TestContext.Current.TestOutputHelper?.WriteLine(
            string.Join(", ", statuses.OrderBy(status => status.Key).Select(status => $"{status.Key}: {status.Value}"))
        );

        Assert.Equal(HttpStatusCode.OK, (await gateway.Api.GetAsync("/livez")).Status);
        await gateway.Api.JsonAsync(ApiClient.Completions, """{"prompt":"after all"}""");
        // Kestrel's own complaint when a read of the body has failed; LogLineFormatter leaves it out.
        const string known = "automatic draining of the request body failed";
        string[] failures =
        [
            .. gateway.Log.All.Where(line =>
                (
                    line.StartsWith("Error", StringComparison.Ordinal)
                    || line.StartsWith("Critical", StringComparison.Ordinal)
                ) && !line.Contains(known, StringComparison.Ordinal)
            ),
        ];
        Assert.True(failures.Length == 0, $"{failures.Length} failures, the first is: {failures.FirstOrDefault()}");
        Assert.True(
            statuses.GetValueOrDefault(200) > count / 50 && statuses.GetValueOrDefault(400) > count / 20,
            "The generator reaches too little."
        );
    }

    /// <returns>The statuses of all answers.</returns>
    private static async Task<IReadOnlyList<int>> SendAsync(string url, int i)
    {
        var random = new FuzzRandom((ulong)i);
        (byte[] request, bool isWhole) = i < Corpus.Heads.Count ? (Corpus.Heads[i], false) : Request(random);
        using RawConnection connection = await RawConnection.OpenAsync(url);
        bool leaves = random.OneIn(8);
        try
        {
            int end = leaves ? random.Next(request.Length + 1) : request.Length;
            for (int sent = 0; sent < end; )
            {
                int size = random.OneIn(2) ? end - sent : Math.Min(1 + random.Next(200), end - sent);
                await connection.SendAsync(request.AsMemory(sent, size));
                sent += size;
            }
            if (leaves && random.OneIn(2))
            {
                connection.Reset();
                return [];
            }
            // Otherwise the server would wait for the missing bytes, as it should.
            if (leaves || !isWhole)
                connection.EndSending();
        }
        catch (Exception e) when (e is IOException or System.Net.Sockets.SocketException)
        {
            // The server refused the request before all of it was sent.
        }
        string answer = await connection.ReadToBreakAsync();
        Assert.True(answer.Length > 0 || leaves || !isWhole, $"Request {i} had no answer.");
        return
        [
            .. StatusLine()
                .Matches(answer)
                .Select(match => int.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture)),
        ];
    }

    /// <summary>A request, and whether it is one that the server can read to its end.</summary>
    private static (byte[] Bytes, bool IsWhole) Request(FuzzRandom random)
    {
        byte[] body = new RequestTexts(random).Next();
        if (body.AsSpan().IndexOf("\"fake\""u8) >= 0)
            body = [];
        string method = random.OneIn(6)
            ? random.Pick(["GET", "PUT", "HEAD", "OPTIONS", "TRACE", "FOO", "post"])
            : "POST";
        string path = random.OneIn(4)
            ? random.Pick([
                "/",
                "/livez",
                "/v1/models",
                "/v1/models/x",
                "/v1/completions/",
                "//v1/completions",
                "/v1/%2e%2e/completions",
                "/v1/completions%00",
                "/%zz",
                "*",
                "http://x/v1/completions",
                "/v1/completions?a=%0A",
            ])
            : random.Pick([ApiClient.Completions, ApiClient.Chat]);
        var head = new StringBuilder($"{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n");
        for (int i = random.Next(4); i > 0; i--)
            head.Append(random.Pick(Headers)).Append("\r\n");
        bool isChunked = random.OneIn(4);
        if (isChunked)
            head.Append("Transfer-Encoding: chunked\r\n\r\n");
        else
            head.Append(CultureInfo.InvariantCulture, $"Content-Length: {body.Length}\r\n\r\n");
        byte[] bytes = [.. Encoding.Latin1.GetBytes(head.ToString()), .. isChunked ? Chunks(body, random) : body];
        return random.OneIn(5) ? (Mutations.Of(bytes, random), false) : (bytes, true);
    }

    private static readonly string[] Headers =
    [
        "Content-Type: application/json",
        "Content-Type: application/json; charset=utf-8",
        "Content-Type: text/plain",
        "Content-Type: ;",
        "Content-Type:",
        "Content-Encoding: gzip",
        "Content-Encoding: identity",
        "Expect: 100-continue",
        "Authorization: Bearer \u00e9",
        "traceparent: 00-x",
        "tracestate: a=b",
        "Accept-Encoding: gzip",
        "X: \u0080\u00ff",
        "X-Long: " + new string('x', 3000),
        "Cookie: a=b",
        "Upgrade: h2c",
        "TE: trailers",
        "Range: bytes=0-1",
        "Origin: null",
    ];

    private static byte[] Chunks(byte[] body, FuzzRandom random)
    {
        var chunks = new List<byte>();
        for (int read = 0; read < body.Length; )
        {
            int size = Math.Min(1 + random.Next(100), body.Length - read);
            chunks.AddRange(Encoding.ASCII.GetBytes($"{size:x}\r\n"));
            chunks.AddRange(body.AsSpan(read, size));
            chunks.AddRange("\r\n"u8);
            read += size;
        }
        return [.. chunks, .. "0\r\n\r\n"u8];
    }

    [GeneratedRegex(@"^HTTP/1\.1 (\d{3}) ", RegexOptions.Multiline)]
    private static partial Regex StatusLine();
}
