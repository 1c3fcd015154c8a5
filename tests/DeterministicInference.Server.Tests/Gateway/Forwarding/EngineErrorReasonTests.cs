using System.Net;
using System.Text.Json.Nodes;
using DeterministicInference.Receipts.Tests.Answers;
using DeterministicInference.Server.Gateway.Forwarding;
using DeterministicInference.Server.OpenAI;
using DeterministicInference.Server.OpenAI.Requests.Types;
using Xunit;

namespace DeterministicInference.Server.Tests.Gateway.Forwarding;

/// <summary>What is wrong with a request is said in the API's terms, whatever the words of the engine.</summary>
public sealed class EngineErrorReasonTests
{
    private const string TooLong = "context_length_exceeded";

    [Theory]
    [InlineData("sglang", "51-error-no-messages", "Invalid 'messages': Field required.", "messages")]
    [InlineData(
        "sglang",
        "53-error-wrong-type",
        "Invalid 'temperature': Input should be a valid number, unable to parse string as a number.",
        "temperature"
    )]
    [InlineData("sglang", "56-error-max-tokens-0", "Invalid 'max_tokens': max_tokens must be positive.", "max_tokens")]
    [InlineData("sglang", "50-error-not-json", "JSON decode error", null)]
    [InlineData("sglang", "52-error-empty-messages", "Messages cannot be empty.", null)]
    [InlineData(
        "sglang",
        "59-error-too-long",
        "The input (18000 tokens) is longer than the model's context length (8192 tokens).",
        "prompt",
        TooLong
    )]
    [InlineData("sglang", "61-error-max-tokens-long", null, "messages", TooLong)]
    [InlineData(
        "sglang",
        "62-error-bad-schema",
        "Failed to compile json grammar: Unsupported type \"nonsense\"",
        "response_format"
    )]
    [InlineData(
        "sglang",
        "64-error-bad-regex",
        "Failed to compile regex grammar: Regex parsing error at position 5: The parenthesis is not closed.",
        "regex"
    )]
    [InlineData("sglang", "55-error-top-p", "top_p must be in (0, 1], got 0.0.", "top_p")]
    [InlineData("sglang", "65-error-logit-bias", "logit_bias must has keys in [0, 1023], got 999999.", "logit_bias")]
    [InlineData("sglang", "66-error-image", "Invalid 'messages': the model takes text only.", "messages")]
    [InlineData("sglang", "68-error-content-type", "Unsupported Media Type: Only 'application/json' is allowed", null)]
    [InlineData("vllm", "55-error-too-long", null, "messages", TooLong)]
    [InlineData(
        "vllm",
        "56-error-max-tokens-too-large",
        "max_tokens=5000 cannot be greater than max_model_len=512. Please request fewer output tokens.",
        "max_tokens",
        TooLong
    )]
    [InlineData("vllm", "57-error-completion-too-long", null, "prompt", TooLong)]
    [InlineData(
        "vllm",
        "59-error-temperature-type",
        "Invalid 'temperature': Input should be a valid number, unable to parse string as a number.",
        "temperature"
    )]
    [InlineData("vllm", "60-error-temperature-range", "temperature must be non-negative, got -1.0.", "temperature")]
    [InlineData("vllm", "62-error-no-messages", "Invalid 'messages': Field required.", "messages")]
    [InlineData(
        "vllm",
        "66-error-top-logprobs-100",
        "Requested sample logprobs of 100, which is greater than max allowed: 20",
        "top_logprobs"
    )]
    [InlineData("vllm", "67-error-schema", "Grammar error: Invalid type: nonsense", "response_format")]
    [InlineData("vllm", "68-error-image", "Invalid 'messages': the model takes text only.", "messages")]
    [InlineData("vllm", "70-error-not-json", "JSON decode error", null)]
    [InlineData("vllm", "71-error-content-type", "Unsupported Media Type: Only 'application/json' is allowed", null)]
    public void A_recorded_refusal_is_the_APIs(
        string engine,
        string name,
        string? message,
        string? param,
        string? code = null
    )
    {
        EngineRecording recording = Assert.Single(
            EngineRecordings.Require(engine),
            one => one.Name.EndsWith(name + ".json", StringComparison.Ordinal)
        );
        RequestRoute route = recording.Path == RequestRoutes.Chat ? RequestRoute.Chat : RequestRoute.Completions;
        OpenAIException error = EngineErrorTranslation.Read(
            recording.Status,
            recording.Body,
            recording.ContentType,
            null,
            route
        );
        Assert.Equal((400, "invalid_request_error", param, code), (error.Status, error.Type, error.Param, error.Code));
        if (message is not null)
            Assert.Equal(message, error.Message);
        Assert.DoesNotContain("File \"", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("(parameter=", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }

    /// <summary>llama-server b11434 and TGI 3.</summary>
    [Theory]
    [InlineData(
        400,
        """
            {"error":{"code":400,
            "message":"request (901 tokens) exceeds the available context size (512 tokens), try increasing it",
            "type":"exceed_context_size_error","n_prompt_tokens":901,"n_ctx":512}}
            """,
        "request (901 tokens) exceeds the available context size (512 tokens)",
        "messages",
        TooLong
    )]
    [InlineData(
        500,
        """
            {"error":{"code":500,"message":"image input is not supported - hint: you may need the mmproj",
            "type":"server_error"}}
            """,
        "Invalid 'messages': the model takes no images.",
        "messages",
        null
    )]
    [InlineData(
        500,
        """
            {"error":{"code":500,"message":
            "audio input is not supported - hint: if this is unexpected, you may need to provide the mmproj",
            "type":"server_error"}}
            """,
        "Invalid 'messages': the model takes no audio.",
        "messages",
        null
    )]
    [InlineData(
        400,
        """{"error":{"code":400,"message":"Video input is not supported by demo","type":"BadRequestError"}}""",
        "Invalid 'messages': the model takes no videos.",
        "messages",
        null
    )]
    [InlineData(
        400,
        """
            {"error":{"code":400,
            "message":"Field 'temperature': [json.exception.type_error.302] type must be number, but is string",
            "type":"invalid_request_error"}}
            """,
        "Invalid 'temperature': type must be number, but is string.",
        "temperature",
        null
    )]
    [InlineData(
        422,
        """
            {"error":"Input validation error: `inputs` must have less than 1024 tokens. Given: 2000",
            "error_type":"validation"}
            """,
        "Input validation error: `inputs` must have less than 1024 tokens. Given: 2000",
        "messages",
        TooLong
    )]
    [InlineData(
        400,
        """
            {"error":{"type":"Bad Request","message":
            "1 validation error:\n  {'loc': ('body', 'messages', 2, 'role'), 'msg': \"Input isn't 'user'\", 'input': 1}"}}
            """,
        "Invalid 'messages[2].role': Input isn't 'user'.",
        "messages[2].role",
        null
    )]
    public void So_are_those_of_others(int status, string body, string message, string param, string? code)
    {
        OpenAIException error = EngineErrorTranslation.Read(
            status,
            System.Text.Encoding.UTF8.GetBytes(body),
            "application/json",
            null,
            RequestRoute.Chat
        );
        Assert.Equal(
            (400, "invalid_request_error", message, param, code),
            (error.Status, error.Type, error.Message, error.Param, error.Code)
        );
    }

    [Theory]
    [InlineData(401, "context length exceeded")]
    [InlineData(429, "maximum context length")]
    [InlineData(503, "image input is not supported")]
    public void Other_errors_keep_their_status(int status, string text)
    {
        string body = new JsonObject { ["error"] = new JsonObject { ["message"] = text } }.ToJsonString();
        OpenAIException error = EngineErrorTranslation.Read(
            status,
            System.Text.Encoding.UTF8.GetBytes(body),
            "application/json",
            null,
            RequestRoute.Chat
        );
        Assert.Equal((status, (string?)null), (error.Status, error.Param));
    }

    [Fact]
    public async Task The_first_event_of_a_stream_is_the_status_and_says_when_to_come_back()
    {
        EngineRecording recording = Assert.Single(
            EngineRecordings.Require("sglang"),
            one => one.Name.EndsWith("77-2-error-queue-full-stream.json", StringComparison.Ordinal)
        );
        await using RawEngine engine = RawEngine.Start(exchange =>
            exchange.AnswerAsync("text/event-stream", System.Text.Encoding.UTF8.GetString(recording.Body))
        );
        await using RunningGateway gateway = await RunningGateway.StartAsync(engine.Url);
        Reply reply = await gateway.Api.PostAsync(ApiClient.Completions, """{"prompt":"x","stream":true}""");
        OpenAIErrors.Read(reply, HttpStatusCode.ServiceUnavailable, "server_error");
        Assert.Equal("5", reply.Headers.RetryAfter?.ToString());
    }

    [Fact]
    public async Task The_prompt_of_a_completion_is_named_through_the_gateway()
    {
        const string error = """{"error":{"message":"This model's maximum context length is 8 tokens."}}""";
        await using RawEngine engine = RawEngine.Start(exchange =>
            exchange.SendAsync(
                "HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\n"
                    + $"Content-Length: {error.Length}\r\n\r\n{error}"
            )
        );
        await using RunningGateway gateway = await RunningGateway.StartAsync(engine.Url);
        JsonNode seen = OpenAIErrors.Read(
            await gateway.Api.PostAsync(ApiClient.Completions, """{"prompt":"x"}"""),
            HttpStatusCode.BadRequest
        );
        Assert.Equal((TooLong, "prompt"), ((string?)seen["code"], (string?)seen["param"]));
    }
}
