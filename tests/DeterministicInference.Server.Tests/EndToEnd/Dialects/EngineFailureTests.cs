using System.Net;
using System.Text.Json.Nodes;
using DeterministicInference.Server.Configuration;
using Xunit;

namespace DeterministicInference.Server.Tests.EndToEnd.Dialects;

/// <summary>Each engine fails in its own way; clients see one form.</summary>
[Collection(DialectGroup.Name)]
public sealed class EngineFailureTests(DialectServers servers)
{
    /// <summary>How long HyperBEAM's device waits for a byte.</summary>
    private static readonly TimeSpan LeastPatientClient = TimeSpan.FromSeconds(30);

    /// <summary>Each engine's answers to an invalid request and to too many requests.</summary>
    public static TheoryData<string, int, string, int> Refused { get; } =
        new()
        {
            {
                Dialect.SGLang,
                400,
                """{"object":"error","message":"too long","type":"BadRequestError","param":null,"code":400}""",
                400
            },
            {
                Dialect.Vllm,
                400,
                """{"error":{"message":"too long","type":"BadRequestError","param":null,"code":400}}""",
                400
            },
            {
                Dialect.External,
                400,
                """{"error":{"message":"too long","type":"BadRequestError","param":null,"code":400}}""",
                400
            },
            {
                Dialect.LlamaCpp,
                400,
                """{"error":{"code":400,"message":"too long","type":"invalid_request_error"}}""",
                400
            },
            { Dialect.Tgi, 422, """{"error":"too long","error_type":"validation"}""", 400 },
        };

    public static TheoryData<string, int, string> Overloaded { get; } =
        new()
        {
            {
                Dialect.SGLang,
                503,
                """{"object":"error","message":"The request queue is full.","type":"503","param":null,"code":503}"""
            },
            {
                Dialect.Vllm,
                503,
                """{"error":{"message":"The request queue is """
                    + """full.","type":"ServiceUnavailableError","param":null,"code":503}}"""
            },
            { Dialect.External, 503, "" },
            {
                Dialect.LlamaCpp,
                503,
                """{"error":{"message":"Loading model","type":"unavailable_error","code":503}}"""
            },
            { Dialect.Tgi, 429, """{"error":"Model is overloaded","error_type":"overloaded"}""" },
        };

    [Theory]
    [MemberData(nameof(Refused))]
    public async Task A_request_that_the_engine_refuses_is_a_400_in_the_one_shape(
        string dialect,
        int status,
        string body,
        int expected
    )
    {
        DialectServer server = await servers.StartedAsync(dialect);
        foreach (string stream in (string[])["false", "true"])
        {
            JsonNode error = OpenAIErrors.Read(
                await server.Api.PostAsync(
                    ApiClient.Completions,
                    Faked(new JsonObject { ["status"] = status, ["body"] = body }, stream)
                ),
                (HttpStatusCode)expected
            );
            Assert.Equal(
                ("too long", null, null),
                ((string?)error["message"], (string?)error["param"], (string?)error["code"])
            );
        }
    }

    [Theory]
    [MemberData(nameof(Overloaded))]
    public async Task An_overloaded_engine_is_reported_with_its_Retry_After(string dialect, int status, string body)
    {
        DialectServer server = await servers.StartedAsync(dialect);
        Reply reply = await server.Api.PostAsync(
            ApiClient.Completions,
            Faked(new JsonObject { ["status"] = status, ["body"] = body }, "false")
        );
        Assert.Equal("5", reply.Headers.RetryAfter!.ToString());
        JsonObject error = reply.Json["error"]!.AsObject();
        Assert.Equal(["message", "type", "param", "code"], error.Select(member => member.Key));
        Assert.Equal(
            (status, status == 429 ? "rate_limit_exceeded" : "backend_unavailable"),
            ((int)reply.Status, (string?)error["code"])
        );
        Assert.EndsWith("_error", (string)error["type"]!, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Dialect.Faked), MemberType = typeof(Dialect))]
    public async Task An_answer_that_the_engine_gave_up_is_a_failure(string dialect)
    {
        DialectServer server = await servers.StartedAsync(dialect);
        foreach (bool isChat in (bool[])[false, true])
        {
            DialectRequest request = DialectRequest.Of(isChat, dialect) with
            {
                More = "\"fake\":{\"then\":\"abort\",\"after\":2}",
            };
            JsonNode error = OpenAIErrors.Read(
                await server.Api.PostAsync(request.Path, request.Json),
                HttpStatusCode.BadGateway,
                "server_error"
            );
            Assert.Equal(
                ("backend_error", "The engine failed: it aborted the answer."),
                ((string?)error["code"], (string?)error["message"])
            );
            error = ScriptedAnswers.RequireBroken((await server.RawAsync(request.Path, request.Stream)).Body);
            Assert.Equal("The engine failed: it aborted the answer.", (string?)error["message"]);
        }
    }

    [Theory]
    [MemberData(nameof(Dialect.Faked), MemberType = typeof(Dialect))]
    public async Task An_error_within_a_stream_breaks_it_whether_or_not_the_engine_sends_DONE(string dialect)
    {
        DialectServer server = await servers.StartedAsync(dialect);
        foreach (bool isChat in (bool[])[false, true])
        {
            DialectRequest request = DialectRequest.Of(isChat, dialect) with
            {
                More = "\"fake\":{\"then\":\"error\",\"after\":3}",
            };
            JsonNode error = ScriptedAnswers.RequireBroken((await server.RawAsync(request.Path, request.Stream)).Body);
            Assert.EndsWith("_error", (string)error["type"]!, StringComparison.Ordinal);
            Assert.Contains(
                dialect switch
                {
                    Dialect.SGLang => "The scheduler gave up.",
                    Dialect.LlamaCpp => "Compute error.",
                    Dialect.Tgi => "the shard gave up",
                    _ => "EngineCore encountered an issue.",
                },
                (string?)error["message"],
                StringComparison.Ordinal
            );
        }
    }

    [Theory]
    [MemberData(nameof(Dialect.Faked), MemberType = typeof(Dialect))]
    public async Task A_silent_stream_is_kept_alive_and_ends_complete(string dialect)
    {
        var defaults = new ServeOptions();
        Assert.InRange(defaults.StreamHeaderDelay, TimeSpan.Zero, LeastPatientClient / 3);
        Assert.InRange(defaults.KeepAliveInterval, TimeSpan.Zero, LeastPatientClient / 3);

        DialectServer server = await servers.StartedAsync(dialect);
        DialectRequest request = DialectRequest.Of(isChat: true, dialect) with
        {
            More = "\"fake\":{\"gate\":\"silence\"}",
        };
        using RawConnection connection = await server.OpenRawAsync(request.Path, request.Stream);
        for (int i = 0; i < 3; i++)
            await connection.ReadUntilAsync(": ka\n");
        await server.OpenAsync("silence");
        Assert.EndsWith("data: [DONE]\n\n\r\n0\r\n\r\n", await connection.ReadToEndAsync(), StringComparison.Ordinal);
    }

    private static string Faked(JsonObject answer, string stream) =>
        $$$"""{"model":"{{{DialectServer.Model}}}","prompt":"x","stream":{{{stream}}},"fake":{"answer":"""
        + $$$"""{{{answer.ToJsonString()}}}}}""";
}
