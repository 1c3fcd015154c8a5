using System.IO.Compression;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Xunit;

namespace DeterministicInference.Server.Tests.Gateway.Forwarding;

/// <summary>
/// All faults of an engine's answer, for both kinds of request: the client gets the right error or sees the stream
/// break, the engine is asked once, and the gateway continues.
/// </summary>
public sealed class FaultTests
{
    private const string NotHttp = "its answer is not valid HTTP.",
        Closed = "it closed the connection before its answer was complete.",
        NoJson = "its answer is not a JSON object.",
        NoStream = "a stream was requested, but its answer is not one.",
        Cut = "its stream ended before the answer was complete: choice 0 has not come to its end.",
        Empty = "its stream ended before the answer was complete: there is no choice.",
        Torn = "its stream broke before the answer was complete.",
        Malformed = "its stream has an event that is not a JSON object.";

    /// <summary>
    /// What the client must see: a good answer, an error with its status, or a stream that breaks after it has begun.
    /// </summary>
    private sealed record Outcome(int Status, string Message = "", bool IsBroken = false);

    /// <param name="Answer">What the engine does.</param>
    /// <param name="Json">What a client without a stream sees.</param>
    /// <param name="Stream">
    /// What a streaming client sees; null if it depends on timing (BrokenStreamTests covers that with gates).
    /// </param>
    /// <param name="IsSilent">Whether only a limit ends the wait for the engine.</param>
    private sealed record Fault(Func<RawExchange, Task> Answer, Outcome Json, Outcome? Stream, bool IsSilent = false);

    private static readonly Outcome Sound = new(200);

    private static readonly Dictionary<string, Fault> Faults = new()
    {
        ["closed before an answer"] = new(Do(x => x.Close()), Bad(Closed), Bad(Closed)),
        ["reset before an answer"] = new(
            Do(x => x.Reset()),
            Bad("the connection to it broke."),
            Bad("the connection to it broke.")
        ),
        ["closed within the headers"] = new(
            async x =>
            {
                await x.SendAsync("HTTP/1.1 200 OK\r\nContent-Ty");
                x.Close();
            },
            Bad(Closed),
            Bad(Closed)
        ),
        ["garbage"] = new(
            async x =>
            {
                await x.SendAsync("\u0001\u0002 what?\r\n\r\n");
                x.Close();
            },
            Bad(NotHttp),
            Bad(NotHttp)
        ),
        ["a body that is too short"] = new(
            async x =>
            {
                await x.SendAsync(
                    $"HTTP/1.1 200 OK\r\nContent-Type: {Type(x)}\r\nContent-Length: 5000\r\n\r\n{Half(x)}"
                );
                x.Close();
            },
            Bad(Closed),
            Broken(Torn)
        ),
        ["two lengths"] = new(
            x => x.AnswerAsync(Type(x), Whole(x), headers: "Content-Length: 10\r\n"),
            Bad(NotHttp),
            Bad(NotHttp)
        ),
        ["a header of 300 KB"] = new(
            x => x.AnswerAsync(Type(x), Whole(x), headers: $"X-Large: {new string('x', 300_000)}\r\n"),
            Bad("its answer is too large."),
            Bad("its answer is too large.")
        ),
        ["HTML"] = new(x => x.AnswerAsync("text/html", "<html>it works</html>"), Bad(NoJson), Bad(NoStream)),
        ["half of a JSON text"] = new(
            x => x.AnswerAsync(Type(x), x.IsStream ? "data: {\"choices\":[\n\n" : Half(x)),
            Bad(NoJson),
            Bad(Malformed)
        ),
        ["an array"] = new(
            x => x.AnswerAsync(Type(x), x.IsStream ? "data: [1]\n\n" : "[1]"),
            Bad(NoJson),
            Bad(Malformed)
        ),
        ["nothing"] = new(x => x.AnswerAsync(Type(x), ""), Bad(NoJson), Bad(Empty)),
        ["no content"] = new(x => x.SendAsync("HTTP/1.1 204 No Content\r\n\r\n"), Bad(NoJson), Bad(NoStream)),
        ["a redirect"] = new(
            x => x.AnswerAsync("text/plain", "", "307 Temporary Redirect", $"Location: /v1/other\r\n"),
            Bad("it answered with status 307."),
            Bad("it answered with status 307.")
        ),
        ["another protocol"] = new(
            x => x.SendAsync("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n"),
            Bad("it answered with status 101."),
            Bad("it answered with status 101.")
        ),
        ["the other kind of answer"] = new(
            x =>
                x.AnswerAsync(
                    x.IsStream ? "application/json" : "text/event-stream",
                    x.IsStream ? ScriptedAnswers.Json : ScriptedAnswers.Chunk
                ),
            Bad("it answered with a stream, but none was requested."),
            Bad(NoStream)
        ),
        ["gzip"] = new(x => EncodedAsync(x, "gzip", to => new GZipStream(to, CompressionMode.Compress)), Sound, Sound),
        ["deflate"] = new(
            x => EncodedAsync(x, "deflate", to => new ZLibStream(to, CompressionMode.Compress)),
            Sound,
            Sound
        ),
        ["br"] = new(x => EncodedAsync(x, "br", to => new BrotliStream(to, CompressionMode.Compress)), Sound, Sound),
        ["damaged gzip"] = new(
            x => x.AnswerAsync(Type(x), Whole(x), headers: "Content-Encoding: gzip\r\n"),
            Bad("its answer can't be decoded."),
            Bad(Torn)
        ),
        ["damaged br"] = new(
            x => x.AnswerAsync(Type(x), Whole(x), headers: "Content-Encoding: br\r\n"),
            Bad("its answer can't be decoded."),
            Bad(Torn)
        ),
        ["an unknown encoding"] = new(
            x => x.AnswerAsync(Type(x), Whole(x), headers: "Content-Encoding: zip\r\n"),
            Bad("its answer has an unsupported content encoding."),
            Bad("its answer has an unsupported content encoding.")
        ),
        ["interim answers"] = new(
            async x =>
            {
                await x.SendAsync("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n");
                await ScriptedAnswers.SendAsync(x);
            },
            Sound,
            Sound
        ),
        ["trailers"] = new(
            async x =>
            {
                await x.BeginAsync(Type(x), "Trailer: X-Late\r\n");
                await x.ChunkAsync(Whole(x));
                await x.SendAsync("0\r\nX-Late: 1\r\n\r\n");
            },
            Sound,
            Sound
        ),
        ["framed by the end of the connection"] = new(
            async x =>
            {
                await x.SendAsync($"HTTP/1.1 200 OK\r\nContent-Type: {Type(x)}\r\n\r\n{Whole(x)}");
                x.Close();
            },
            Sound,
            Sound
        ),
        ["single bytes"] = new(SingleBytesAsync, Sound, Sound),
        ["no answer"] = new(
            x => x.ClosedAsync(),
            new(504, "it did not begin to answer within 0.5 s (--first-byte-timeout)."),
            new(504, "it did not begin to answer within 0.5 s (--first-byte-timeout)."),
            IsSilent: true
        ),
        ["a pause without end"] = new(
            async x =>
            {
                await x.BeginAsync(Type(x));
                await x.ChunkAsync(Half(x));
                await x.ClosedAsync();
            },
            new(504, "it sent nothing for 0.6 s within its answer (--idle-timeout)."),
            Broken("it sent nothing for 0.6 s within its answer (--idle-timeout)."),
            IsSilent: true
        ),
        ["headers, then no answer"] = new(
            async x =>
            {
                await x.BeginAsync(Type(x));
                await x.ClosedAsync();
            },
            new(504, "it sent nothing for 0.6 s within its answer (--idle-timeout)."),
            new(504, "it did not begin to answer within 0.5 s (--first-byte-timeout)."),
            IsSilent: true
        ),
        ["reset within the body"] = new(
            async x =>
            {
                await x.BeginAsync(Type(x));
                await x.ChunkAsync(Half(x));
                x.Reset();
            },
            Bad("the connection to it broke."),
            null
        ),
        ["a chunk of no size"] = new(
            async x =>
            {
                await x.BeginAsync(Type(x));
                await x.ChunkAsync(Half(x));
                await x.SendAsync("xyz\r\n");
            },
            Bad(NotHttp),
            null
        ),
        ["an early end in good order"] = new(
            async x =>
            {
                await x.BeginAsync(Type(x));
                await x.ChunkAsync(Half(x));
                await x.EndAsync();
            },
            Bad(NoJson),
            Broken(Cut)
        ),
        ["[DONE] without a reason for the end"] = new(
            x => x.AnswerAsync(Type(x), x.IsStream ? ScriptedAnswers.Chunk + ScriptedAnswers.Done : "[DONE]"),
            Bad(NoJson),
            Broken(Cut)
        ),
        ["a malformed event"] = new(
            x =>
                x.AnswerAsync(
                    Type(x),
                    x.IsStream
                        ? ScriptedAnswers.Chunk + "data: {\"id\n\n" + ScriptedAnswers.Last + ScriptedAnswers.Done
                        : "{\"id"
                ),
            Bad(NoJson),
            Broken(Malformed)
        ),
        ["an answer given up"] = new(
            x =>
                x.AnswerAsync(
                    Type(x),
                    x.IsStream
                        ? ScriptedAnswers.Chunk
                            + ScriptedAnswers.Last.Replace("stop", "abort", StringComparison.Ordinal)
                            + ScriptedAnswers.Done
                        : "null"
                ),
            Bad(NoJson),
            Broken("it aborted the answer.")
        ),
        ["an error event first"] = new(
            x =>
                x.AnswerAsync(
                    Type(x),
                    x.IsStream
                        ? "data: {\"error\":{\"message\":\"too long\",\"code\":400}}\n\n" + ScriptedAnswers.Done
                        : "1"
                ),
            Bad(NoJson),
            new(400, "too long")
        ),
        ["a late error event"] = new(
            x =>
                x.AnswerAsync(
                    Type(x),
                    x.IsStream
                        ? ScriptedAnswers.Chunk
                            + "data: {\"error\":{\"message\":\"no memory\",\"code\":500}}\n\n"
                            + ScriptedAnswers.Done
                        : "true"
                ),
            Bad(NoJson),
            Broken("no memory")
        ),
        ["an error whose body is cut"] = new(
            async x =>
            {
                await x.SendAsync(
                    "HTTP/1.1 500 Oops\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
                );
                x.Close();
            },
            new(500, "it answered 500 without a reason."),
            new(500, "it answered 500 without a reason.")
        ),
    };

    public static TheoryData<string, bool> Cases
    {
        get
        {
            var cases = new TheoryData<string, bool>();
            foreach ((string name, Fault fault) in Faults)
            {
                cases.Add(name, false);
                if (fault.Stream is not null)
                    cases.Add(name, true);
            }
            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task A_failing_engine_is_reported_as_such_and_asked_once(string name, bool isStream)
    {
        Fault fault = Faults[name];
        await using RawEngine engine = RawEngine.Start(x =>
            x.Body.Contains("faulty", StringComparison.Ordinal) ? fault.Answer(x) : ScriptedAnswers.SendAsync(x)
        );
        await using RunningGateway gateway = await RunningGateway.StartAsync(
            engine.Url,
            // A short limit would also be reached by a busy machine.
            fault.IsSilent
                ? RunningGateway.Options with
                {
                    FirstByteTimeout = TimeSpan.FromMilliseconds(500),
                    IdleTimeout = TimeSpan.FromMilliseconds(600),
                }
                : RunningGateway.Options
        );
        // The faulty answer comes on a connection that has been used, where a careless client would send the request
        // again.
        await ScriptedAnswers.RequireAsync(gateway);
        if (isStream)
            await RequireStreamAsync(gateway, fault.Stream!);
        else
            await RequireJsonAsync(gateway, fault.Json);

        Assert.Equal(1, engine.Count("faulty"));
        await ScriptedAnswers.RequireAsync(gateway);
        // A client sees the end shortly before the server has finished.
        await gateway.DisposeAsync();
        Assert.Equal(0, gateway.Activity.InFlight);
        Assert.DoesNotContain(gateway.Log.All, line => line.StartsWith("Error", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_engine_that_refuses_connections_is_a_502_until_it_is_back()
    {
        RawEngine gone = RawEngine.Start(ScriptedAnswers.SendAsync, FreePort.Next());
        await gone.DisposeAsync();
        await using RunningGateway gateway = await RunningGateway.StartAsync(gone.Url);
        foreach (string stream in (string[])["false", "true"])
        {
            Reply reply = await gateway.Api.PostAsync(
                ApiClient.Completions,
                $$"""{"prompt":"x","stream":{{stream}}}"""
            );
            Assert.Equal(
                "backend_unavailable",
                (string?)OpenAIErrors.Read(reply, HttpStatusCode.BadGateway, "server_error")["code"]
            );
            Assert.NotNull(reply.Headers.RetryAfter);
            Assert.DoesNotContain(gone.Port.ToString(provider: null), reply.Body, StringComparison.Ordinal);
        }
        await using RawEngine back = RawEngine.Start(ScriptedAnswers.SendAsync, gone.Port);
        await ScriptedAnswers.RequireAsync(gateway);
    }

    private static async Task RequireJsonAsync(RunningGateway gateway, Outcome expected)
    {
        Reply reply = await gateway.Api.PostAsync(ApiClient.Completions, """{"prompt":"faulty"}""");
        if (expected.Status == 200)
            Assert.Equal("all of it", (string?)reply.Json["choices"]![0]!["text"]);
        else
            RequireError(reply, expected);
        Assert.DoesNotContain("X-Late", reply.Headers.Select(header => header.Key));
    }

    private static async Task RequireStreamAsync(RunningGateway gateway, Outcome expected)
    {
        if (expected.IsBroken)
        {
            (string head, string body) = await ScriptedAnswers.StreamAsync(gateway, "faulty");
            Assert.StartsWith("HTTP/1.1 200 OK\r\n", head, StringComparison.Ordinal);
            JsonNode error = ScriptedAnswers.RequireBroken(body);
            Assert.Equal($"The engine failed: {expected.Message}", (string?)error["message"]);
            Assert.Contains("all of it", body, StringComparison.Ordinal);
            return;
        }
        Reply reply = await gateway.Api.PostAsync(ApiClient.Completions, """{"prompt":"faulty","stream":true}""");
        if (expected.Status == 200)
            Assert.Equal(ScriptedAnswers.Chunk + ScriptedAnswers.Last + ScriptedAnswers.Done, reply.Body);
        else
            RequireError(reply, expected);
    }

    private static void RequireError(Reply reply, Outcome expected)
    {
        JsonNode error = OpenAIErrors.Read(
            reply,
            (HttpStatusCode)expected.Status,
            expected.Status >= 500 ? "server_error" : "invalid_request_error"
        );
        Assert.Equal(
            expected.Status >= 500 ? $"The engine failed: {expected.Message}" : expected.Message,
            (string?)error["message"]
        );
    }

    private static Outcome Bad(string message) => new(502, message);

    private static Outcome Broken(string message) => new(200, message, IsBroken: true);

    private static Func<RawExchange, Task> Do(Action<RawExchange> act) =>
        exchange =>
        {
            act(exchange);
            return Task.CompletedTask;
        };

    private static string Type(RawExchange exchange) => exchange.IsStream ? "text/event-stream" : "application/json";

    private static string Whole(RawExchange exchange) =>
        exchange.IsStream ? ScriptedAnswers.Chunk + ScriptedAnswers.Last + ScriptedAnswers.Done : ScriptedAnswers.Json;

    private static string Half(RawExchange exchange) =>
        exchange.IsStream ? ScriptedAnswers.Chunk : ScriptedAnswers.Json[..40];

    private static async Task EncodedAsync(RawExchange exchange, string name, Func<Stream, Stream> encode)
    {
        var bytes = new MemoryStream();
        await using (Stream encoder = encode(bytes))
            await encoder.WriteAsync(Encoding.UTF8.GetBytes(Whole(exchange)));
        byte[] body = bytes.ToArray();
        await exchange.SendAsync(
            $"HTTP/1.1 200 OK\r\nContent-Type: {Type(exchange)}\r\nContent-Encoding: {name}\r\nContent-Length: "
                + $"{body.Length}\r\n\r\n"
        );
        await exchange.SendAsync(body);
    }

    private static async Task SingleBytesAsync(RawExchange exchange)
    {
        await exchange.BeginAsync(Type(exchange));
        foreach (char one in Whole(exchange))
            await exchange.ChunkAsync(one.ToString());
        await exchange.EndAsync();
    }
}
