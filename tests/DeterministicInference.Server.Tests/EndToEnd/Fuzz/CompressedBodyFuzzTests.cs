using System.Collections.Concurrent;
using System.IO.Compression;
using System.Net;
using System.Text;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.OpenAI;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace DeterministicInference.Server.Tests.EndToEnd.Fuzz;

/// <summary>
/// A compressed body, whole or damaged, is read as what another reader decodes it to, or is refused.
/// </summary>
public sealed class CompressedBodyFuzzTests
{
    private const int Workers = 8;

    private static readonly CompressionLevel[] Levels =
    [
        CompressionLevel.NoCompression,
        CompressionLevel.Fastest,
        CompressionLevel.Optimal,
        CompressionLevel.SmallestSize,
    ];

    [Fact]
    public async Task It_is_read_as_another_reader_decodes_it_or_refused()
    {
        int count = FuzzSize.Inputs / 5,
            whole = 0,
            accepted = 0;
        for (int i = 0; i < count; i++)
        {
            var random = new FuzzRandom((ulong)i);
            (string encoding, byte[] sent) = Compress(new RequestTexts(random).Next(), random);
            byte[]? decoded = Decoded(encoding, sent),
                expected = decoded is null ? null : Accepted(decoded),
                actual = await ReadAsync(encoding, sent);
            Assert.True(
                expected is null ? actual is null : actual.AsSpan().SequenceEqual(expected),
                $"Input {i}: {encoding} {Convert.ToBase64String(sent)}"
            );
            whole += decoded is null ? 0 : 1;
            accepted += actual is null ? 0 : 1;
        }
        TestContext.Current.TestOutputHelper?.WriteLine($"{count} bodies, {whole} whole, {accepted} accepted.");
        // If nearly all inputs were whole, or damaged, the test would show nothing.
        Assert.InRange(whole, count / 5, count * 4 / 5);
        Assert.InRange(accepted, count / 20, whole);
    }

    [Fact]
    public async Task It_reaches_the_engine_as_it_decodes_or_not_at_all()
    {
        await using FakeBackendProcess fake = await FakeBackendProcess.StartAsync("--enable-deterministic-inference");
        await using RunningGateway gateway = await RunningGateway.StartAsync(
            fake.Url,
            RunningGateway.Options with
            {
                Determinism = DeterminismMode.Off,
            }
        );
        int count = FuzzSize.Requests;
        var answers = new ConcurrentBag<(int Input, HttpStatusCode Status)>();
        await Parallel.ForEachAsync(
            Enumerable.Range(0, count),
            new ParallelOptions
            {
                MaxDegreeOfParallelism = Workers,
                CancellationToken = TestContext.Current.CancellationToken,
            },
            async (i, _) => answers.Add((i, await SendAsync(gateway, i)))
        );
        HashSet<string> arrived = [.. (await fake.RequestsAsync()).Select(request => (string)request["body"]!)];
        foreach ((int i, HttpStatusCode status) in answers)
        {
            // What is cut between two members is whole, and half of the JSON.
            (string encoding, byte[] sent) = Input(i);
            bool isRight = Decoded(encoding, sent) is { } decoded && Encoding.UTF8.GetString(decoded) == Json(i);
            Assert.Equal((i, isRight ? HttpStatusCode.OK : HttpStatusCode.BadRequest), (i, status));
            Assert.Equal((i, isRight), (i, arrived.Contains(Json(i))));
        }
        int right = answers.Count(answer => answer.Status == HttpStatusCode.OK);
        Assert.Equal(right, arrived.Count);
        Assert.InRange(right, count / 5, count * 4 / 5);
        Assert.DoesNotContain(
            gateway.Log.All,
            line =>
                line.StartsWith("Error", StringComparison.Ordinal) || line.StartsWith("Crit", StringComparison.Ordinal)
        );
    }

    private static string Json(int i) => $$"""{"prompt":"compressed input {{i}}","max_tokens":1}""";

    private static (string Encoding, byte[] Bytes) Input(int i) =>
        Compress(Encoding.UTF8.GetBytes(Json(i)), new FuzzRandom((ulong)i));

    private static async Task<HttpStatusCode> SendAsync(RunningGateway gateway, int i)
    {
        (string encoding, byte[] sent) = Input(i);
        var request = new HttpRequestMessage(HttpMethod.Post, ApiClient.Completions)
        {
            Content = new ByteArrayContent(sent) { Headers = { ContentEncoding = { encoding } } },
        };
        return (await gateway.Api.SendAsync(request)).Status;
    }

    private static byte[]? Decoded(string encoding, byte[] bytes) =>
        encoding == "gzip" ? CompressedReading.Gzip(bytes) : CompressedReading.Zlib(bytes);

    /// <summary>Some gzip members with the bytes, or one zlib stream; two of three times damaged.</summary>
    private static (string Encoding, byte[] Bytes) Compress(byte[] bytes, FuzzRandom random)
    {
        if (random.OneIn(3))
            return ("deflate", Damage(CompressedBytes.Zlib(bytes, random.Pick(Levels)), random));
        var members = new List<byte>();
        int begin = 0;
        while (begin < bytes.Length)
        {
            int end = random.OneIn(3) ? begin + random.Next(bytes.Length - begin + 1) : bytes.Length;
            ReadOnlySpan<byte> piece = bytes.AsSpan(begin..end);
            members.AddRange(
                random.OneIn(4) ? CompressedBytes.Named(piece, "a") : CompressedBytes.Gzip(piece, random.Pick(Levels))
            );
            begin = end;
        }
        return ("gzip", Damage([.. members], random));
    }

    private static byte[] Damage(byte[] whole, FuzzRandom random) =>
        random.OneIn(3) ? whole : Mutations.Of(whole, random);

    /// <summary>The JSON of a body that is read; null where it is refused.</summary>
    private static async Task<byte[]?> ReadAsync(string encoding, byte[] sent)
    {
        var context = new DefaultHttpContext();
        context.Request.Body = new MemoryStream(sent);
        context.Request.Headers.ContentEncoding = encoding;
        try
        {
            using RequestBody body = await RequestBody.ReadAsync(context);
            return body.Json.ToArray();
        }
        catch (OpenAIException e)
        {
            Assert.Equal((400, "invalid_request_error"), (e.Status, e.Type));
            return null;
        }
    }

    private static byte[]? Accepted(byte[] decoded)
    {
        try
        {
            using RequestBody body = RequestBody.Parse(decoded);
            return body.Json.ToArray();
        }
        catch (OpenAIException)
        {
            return null;
        }
    }
}
