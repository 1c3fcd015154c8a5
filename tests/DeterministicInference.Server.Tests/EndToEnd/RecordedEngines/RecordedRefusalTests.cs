using System.Net;
using System.Text.Json.Nodes;
using DeterministicInference.Receipts.Tests.Answers;
using Xunit;

namespace DeterministicInference.Server.Tests.EndToEnd.RecordedEngines;

/// <summary>
/// The requests that real engines refused, or failed to answer: whether this server refuses them first or the engine
/// does, the client gets one error of the API, with nothing of the engine's inside.
/// </summary>
public sealed class RecordedRefusalTests
{
    /// <summary>Status, field and code by recording.</summary>
    private static readonly Dictionary<string, string> Errors = new()
    {
        ["vllm/49"] = "400 suffix ",
        ["vllm/55"] = "400 messages context_length_exceeded",
        ["vllm/56"] = "400 max_tokens context_length_exceeded",
        ["vllm/57"] = "400 prompt context_length_exceeded",
        ["vllm/58"] = "404 model model_not_found",
        ["vllm/59"] = "400 temperature invalid_type",
        ["vllm/60"] = "400 temperature decimal_below_min_value",
        ["vllm/61"] = "400 top_p decimal_above_max_value",
        ["vllm/62"] = "400 messages missing_required_parameter",
        ["vllm/63"] = "400 messages empty_array",
        ["vllm/65"] = "400 top_logprobs ",
        ["vllm/66"] = "400 top_logprobs ",
        ["vllm/67"] = "400 response_format ",
        ["vllm/68"] = "400 messages ",
        ["vllm/69"] = "400 messages context_length_exceeded",
        ["vllm/70"] = "400  ",
        ["vllm/71"] = "400  ",
        ["vllm/73"] = "405  method_not_supported",
        ["vllm/81"] = "500  backend_error",
        ["sglang/50"] = "400  ",
        ["sglang/51"] = "400 messages missing_required_parameter",
        ["sglang/52"] = "400 messages empty_array",
        ["sglang/53"] = "400 temperature invalid_type",
        ["sglang/54"] = "400 temperature decimal_below_min_value",
        ["sglang/55"] = "400 top_p ",
        ["sglang/56"] = "400 max_tokens unsupported_parameter",
        ["sglang/58"] = "400  ",
        ["sglang/59"] = "400 prompt context_length_exceeded",
        ["sglang/60"] = "400 prompt context_length_exceeded",
        ["sglang/61"] = "400 messages context_length_exceeded",
        ["sglang/62"] = "400 response_format ",
        ["sglang/63"] = "400 response_format ",
        ["sglang/64"] = "400 regex ",
        ["sglang/65"] = "400 logit_bias ",
        ["sglang/66"] = "400 messages ",
        ["sglang/67"] = "405  method_not_supported",
        ["sglang/68"] = "400  ",
        ["sglang/76"] = "503  backend_unavailable",
        ["sglang/77"] = "503  backend_unavailable",
    };

    [Theory]
    [InlineData("vllm", 19)]
    [InlineData("sglang", 20)]
    public async Task A_refused_request_has_one_error_of_the_API(string engine, int expected)
    {
        await using ReplayedEngine replayed = await ReplayedEngine.StartAsync(engine);
        EngineRecording[] refused = [.. replayed.Recordings.Where(IsRefusal)];
        Assert.Equal(expected, refused.Length);
        var seen = new Dictionary<string, string>();
        foreach (EngineRecording recording in refused)
        {
            Reply reply =
                recording.RequestText.Length > 0
                    ? await replayed.Api.PostAsync(recording.Path, ReplayedEngine.Request(recording))
                    : await replayed.Api.GetAsync(recording.Path);
            JsonNode error = OpenAIErrors.Read(
                reply,
                reply.Status,
                (int)reply.Status >= 500 ? "server_error" : "invalid_request_error"
            );
            string message = (string)error["message"]!;
            foreach (string inside in (string[])["File \"", ".py", ".cc:", "\n", "(parameter=", "'body", "stack trace"])
                Assert.DoesNotContain(inside, message, StringComparison.Ordinal);
            seen[recording.Name.Split('-')[0]] =
                $"{(int)reply.Status} {(string?)error["param"]} {(string?)error["code"]}";
        }
        Assert.Equal(
            Errors
                .Where(one => one.Key.StartsWith(engine, StringComparison.Ordinal))
                .Select(one => $"{one.Key} {one.Value}"),
            seen.Select(one => $"{one.Key} {one.Value}")
        );
    }

    /// <summary>Of what an engine answers these are refused, each with its reason.</summary>
    [Theory]
    [InlineData("vllm", "64", "messages[0].role", "invalid_value")]
    [InlineData("sglang", "20", "n", "nondeterministic_request")]
    [InlineData("sglang", "21", "n", "nondeterministic_request")]
    public async Task What_this_server_refuses_although_the_engine_answers(
        string engine,
        string number,
        string param,
        string code
    )
    {
        await using ReplayedEngine replayed = await ReplayedEngine.StartAsync(engine);
        EngineRecording recording = replayed.Of(number);
        JsonNode error = OpenAIErrors.Read(
            await replayed.Api.PostAsync(recording.Path, ReplayedEngine.Request(recording)),
            HttpStatusCode.BadRequest
        );
        Assert.Equal((param, code), ((string?)error["param"], (string?)error["code"]));
    }

    [Fact]
    public async Task An_engine_whose_core_died_breaks_its_stream()
    {
        await using ReplayedEngine replayed = await ReplayedEngine.StartAsync("vllm");
        EngineRecording recording = replayed.Of("80");
        await Assert.ThrowsAsync<HttpRequestException>(() =>
            replayed.Api.PostAsync(recording.Path, ReplayedEngine.Request(recording))
        );
        using EventStream stream = await replayed.Api.OpenAsync(recording.Path, ReplayedEngine.Request(recording));
        Assert.NotNull(await stream.ReadAsync());
    }

    /// <summary>An error of its own, or as the first event of a stream.</summary>
    private static bool IsRefusal(EngineRecording recording) =>
        recording.Status != 200 || recording.Body.AsSpan().IndexOf("{\"error\":"u8) is >= 0 and <= 6;
}
