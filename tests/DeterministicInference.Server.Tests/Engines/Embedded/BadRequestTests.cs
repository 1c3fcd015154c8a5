using System.Net;
using System.Text.Json.Nodes;
using Xunit;

namespace DeterministicInference.Server.Tests.Engines.Embedded;

/// <summary>Every refusal has the OpenAI shape, the right status, and says which field is wrong.</summary>
public sealed class BadRequestTests(SharedEngines engines)
{
    private const string User = """{"role":"user","content":"x"}""";

    /// <summary>Fields beside a valid prompt; param; code.</summary>
    public static TheoryData<string, string, string> Completions =>
        new()
        {
            { "\"model\":5", "model", "invalid_type" },
            { "\"max_tokens\":-1", "max_tokens", "integer_below_min_value" },
            { "\"max_tokens\":1.5", "max_tokens", "invalid_type" },
            { "\"max_tokens\":\"10\"", "max_tokens", "invalid_type" },
            { "\"max_tokens\":99999999999", "max_tokens", "integer_above_max_value" },
            { "\"max_tokens\":" + new string('9', 10_000), "max_tokens", "integer_out_of_range" },
            { "\"temperature\":99", "temperature", "decimal_above_max_value" },
            { "\"temperature\":-0.1", "temperature", "decimal_below_min_value" },
            { "\"temperature\":1e999", "temperature", "decimal_above_max_value" },
            { "\"temperature\":[]", "temperature", "invalid_type" },
            { "\"top_p\":7", "top_p", "decimal_above_max_value" },
            { "\"top_p\":-1", "top_p", "decimal_below_min_value" },
            { "\"top_k\":-2", "top_k", "integer_below_min_value" },
            { "\"top_k\":1.5", "top_k", "invalid_type" },
            { "\"min_p\":1.1", "min_p", "decimal_above_max_value" },
            { "\"frequency_penalty\":2.1", "frequency_penalty", "decimal_above_max_value" },
            { "\"presence_penalty\":-3", "presence_penalty", "decimal_below_min_value" },
            { "\"presence_penalty\":true", "presence_penalty", "invalid_type" },
            { "\"seed\":1.5", "seed", "invalid_type" },
            { "\"seed\":\"1\"", "seed", "invalid_type" },
            { "\"seed\":99999999999999999999", "seed", "integer_out_of_range" },
            { "\"n\":0", "n", "integer_below_min_value" },
            { "\"n\":129", "n", "integer_above_max_value" },
            { "\"n\":1000000000", "n", "integer_above_max_value" },
            { "\"n\":{}", "n", "invalid_type" },
            { "\"best_of\":3", "best_of", "unsupported_parameter" },
            { "\"best_of\":0", "best_of", "integer_below_min_value" },
            { "\"suffix\":\"end\"", "suffix", "unsupported_parameter" },
            { "\"suffix\":5", "suffix", "invalid_type" },
            { "\"echo\":\"yes\"", "echo", "invalid_type" },
            { "\"logprobs\":21", "logprobs", "integer_above_max_value" },
            { "\"logprobs\":true", "logprobs", "invalid_type" },
            { "\"stop\":\"\"", "stop", "invalid_value" },
            { "\"stop\":[\"a\",\"\"]", "stop", "invalid_value" },
            { "\"stop\":5", "stop", "invalid_type" },
            { "\"stop\":[\"a\",5]", "stop[1]", "invalid_type" },
            {
                "\"stop\":[\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\",\"9\",\"10\",\"11\",\"12\",\"13\",\"14\","
                    + "\"15\",\"16\",\"17\"]",
                "stop",
                "array_above_max_length"
            },
            { "\"logit_bias\":[]", "logit_bias", "invalid_type" },
            { "\"logit_bias\":{\"hello\":1}", "logit_bias", "invalid_value" },
            { "\"logit_bias\":{\"-1\":1}", "logit_bias", "invalid_value" },
            { "\"logit_bias\":{\"99999999\":1}", "logit_bias", "invalid_value" },
            { "\"logit_bias\":{\"5\":101}", "logit_bias.5", "decimal_above_max_value" },
            { "\"logit_bias\":{\"5\":\"1\"}", "logit_bias.5", "invalid_type" },
            { "\"stream\":1", "stream", "invalid_type" },
            { "\"stream\":\"yes\"", "stream", "invalid_type" },
            { "\"stream_options\":{\"include_usage\":true}", "stream_options", "invalid_value" },
            { "\"stream\":true,\"stream_options\":[]", "stream_options", "invalid_type" },
            {
                "\"stream\":true,\"stream_options\":{\"include_usage\":1}",
                "stream_options.include_usage",
                "invalid_type"
            },
            { "\"stream\":true,\"temperature\":3", "temperature", "decimal_above_max_value" },
            { "\"ignore_eos\":0", "ignore_eos", "invalid_type" },
            { "\"return_token_ids\":0", "return_token_ids", "invalid_type" },
        };

    /// <summary>Fields beside valid messages; param; code.</summary>
    public static TheoryData<string, string, string> Chats =>
        new()
        {
            { "\"model\":[]", "model", "invalid_type" },
            { "\"max_tokens\":0", "max_tokens", "integer_below_min_value" },
            { "\"max_completion_tokens\":0", "max_completion_tokens", "integer_below_min_value" },
            { "\"max_completion_tokens\":\"5\"", "max_completion_tokens", "invalid_type" },
            { "\"n\":129", "n", "integer_above_max_value" },
            { "\"temperature\":2.5", "temperature", "decimal_above_max_value" },
            { "\"logprobs\":3", "logprobs", "invalid_type" },
            { "\"top_logprobs\":3", "top_logprobs", "invalid_value" },
            { "\"logprobs\":true,\"top_logprobs\":21", "top_logprobs", "integer_above_max_value" },
            { "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\"}}]", "tools", "unsupported_parameter" },
            { "\"tools\":\"x\"", "tools", "invalid_type" },
            { "\"functions\":[{\"name\":\"f\"}]", "functions", "unsupported_parameter" },
            { "\"response_format\":{\"type\":\"json_object\"}", "response_format", "unsupported_parameter" },
            {
                "\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"x\"}}",
                "response_format",
                "unsupported_parameter"
            },
            { "\"response_format\":{\"type\":5}", "response_format.type", "invalid_type" },
            { "\"response_format\":\"json_object\"", "response_format", "invalid_type" },
        };

    /// <summary>The value of messages; param; code.</summary>
    public static TheoryData<string, string, string> Messages =>
        new()
        {
            { "null", "messages", "missing_required_parameter" },
            { "\"x\"", "messages", "invalid_type" },
            { "[]", "messages", "empty_array" },
            { "[1]", "messages[0]", "invalid_type" },
            { "[null]", "messages[0]", "invalid_type" },
            { "[{}]", "messages[0].role", "missing_required_parameter" },
            { "[{\"role\":5,\"content\":\"x\"}]", "messages[0].role", "invalid_type" },
            { "[{\"role\":\"alien\",\"content\":\"x\"}]", "messages[0].role", "invalid_value" },
            {
                "[" + User + ",{\"role\":\"tool\",\"content\":\"x\",\"tool_call_id\":\"y\"}]",
                "messages[1].role",
                "unsupported_parameter"
            },
            { "[{\"role\":\"user\"}]", "messages[0].content", "missing_required_parameter" },
            { "[{\"role\":\"user\",\"content\":null}]", "messages[0].content", "missing_required_parameter" },
            { "[{\"role\":\"user\",\"content\":[]}]", "messages[0].content", "missing_required_parameter" },
            {
                "[" + User + ",{\"role\":\"system\",\"content\":[]}]",
                "messages[1].content",
                "missing_required_parameter"
            },
            { "[{\"role\":\"user\",\"content\":5}]", "messages[0].content", "invalid_type" },
            { "[{\"role\":\"user\",\"content\":\"\\ud800\"}]", "messages[0].content", "invalid_value" },
            { "[{\"role\":\"user\",\"content\":[5]}]", "messages[0].content[0]", "invalid_type" },
            { "[{\"role\":\"user\",\"content\":[{}]}]", "messages[0].content[0].type", "missing_required_parameter" },
            {
                "[{\"role\":\"user\",\"content\":[{\"type\":\"text\"}]}]",
                "messages[0].content[0].text",
                "missing_required_parameter"
            },
            {
                "[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"x\"},{\"type\":\"image_url\","
                    + "\"image_url\":{\"url\":\"http://x\"}}]}]",
                "messages[0].content[1].type",
                "unsupported_parameter"
            },
        };

    /// <summary>The value of prompt; param; code.</summary>
    public static TheoryData<string, string, string> Prompts =>
        new()
        {
            { "\"\"", "prompt", "invalid_value" },
            { "5", "prompt", "invalid_type" },
            { "{}", "prompt", "invalid_type" },
            { "[]", "prompt", "empty_array" },
            { "[\"x\",5]", "prompt[1]", "invalid_type" },
            { "[5,\"x\"]", "prompt[1]", "invalid_type" },
            { "[-1]", "prompt[0]", "integer_below_min_value" },
            { "[[1],[999999999]]", "prompt[1][0]", "integer_above_max_value" },
            { "[[1],[]]", "prompt[1]", "empty_array" },
            { "\"\\ud800\"", "prompt", "invalid_value" },
        };

    [Theory]
    [MemberData(nameof(Completions))]
    public Task A_completion_with_a_bad_field_is_refused(string fields, string param, string code) =>
        RefusedAsync(ApiClient.Completions, $$"""{"prompt":"x",{{fields}}}""", param, code);

    [Theory]
    [MemberData(nameof(Prompts))]
    public Task A_bad_prompt_is_refused(string prompt, string param, string code) =>
        RefusedAsync(ApiClient.Completions, $$"""{"prompt":{{prompt}}}""", param, code);

    [Theory]
    [MemberData(nameof(Chats))]
    public Task A_chat_with_a_bad_field_is_refused(string fields, string param, string code) =>
        RefusedAsync(ApiClient.Chat, $$"""{"messages":[{{User}}],{{fields}}}""", param, code);

    [Theory]
    [MemberData(nameof(Messages))]
    public Task Bad_messages_are_refused(string messages, string param, string code) =>
        RefusedAsync(ApiClient.Chat, $$"""{"messages":{{messages}}}""", param, code);

    [Fact]
    public async Task A_missing_prompt_or_conversation_is_named()
    {
        await RefusedAsync(ApiClient.Completions, "{}", "prompt", "missing_required_parameter");
        await RefusedAsync(ApiClient.Chat, "{}", "messages", "missing_required_parameter");
    }

    [Theory]
    [InlineData(ApiClient.Completions, "\"prompt\":\"x\",\"max_tokens\":2000000000", "prompt")]
    [InlineData(
        ApiClient.Chat,
        "\"messages\":[{\"role\":\"user\",\"content\":\"x\"}],\"max_tokens\":2000000000,\"stream\":true",
        "messages"
    )]
    public async Task More_than_the_context_is_refused_with_the_numbers(string path, string fields, string param)
    {
        ApiClient api = await engines.ChatAsync();
        int context = (int)(await api.GetAsync("/v1/models")).Json["data"]![0]!["max_model_len"]!;
        JsonNode error = await ErrorAsync(await api.PostAsync(path, $$"""{{{fields}}}"""), HttpStatusCode.BadRequest);
        Assert.Equal((param, "context_length_exceeded"), ((string?)error["param"], (string?)error["code"]));
        Assert.Contains(
            $"maximum context length is {context} tokens",
            (string?)error["message"],
            StringComparison.Ordinal
        );
        Assert.Contains("2000000000 for the completion", (string?)error["message"], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("{\"prompt\":\"x\"} trailing")]
    [InlineData("{\"prompt\":\"x\",}")]
    [InlineData("{'prompt':'x'}")]
    [InlineData("{\"prompt\":\"x\",/* no */\"n\":1}")]
    [InlineData("{\"prompt\":\"x\",\"temperature\":NaN}")]
    [InlineData("{\"prompt\":\"x\",\"n\":007}")]
    [InlineData("{\"prompt\":\"a\nb\"}")]
    [InlineData("{\"prompt\":\"x\",\"prompt\":\"y\"}")]
    [InlineData("{\"prompt\":\"x\",\"other\":{\"a\":1,\"a\":2}}")]
    [InlineData("{\"prompt\":\"x\",\"\\ud800\":1}")]
    [InlineData("{\"prompt\":\"x\",\"logit_bias\":{\"\\udc00\":1}}")]
    public async Task What_is_not_JSON_is_refused_with_a_hint(string body)
    {
        ApiClient api = await engines.ChatAsync();
        JsonNode error = await ErrorAsync(await api.PostAsync(ApiClient.Completions, body), HttpStatusCode.BadRequest);
        Assert.StartsWith(
            "We could not parse the JSON body of your request. (HINT: ",
            (string?)error["message"],
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("\"x\"")]
    [InlineData("5")]
    [InlineData("null")]
    public async Task JSON_that_is_not_an_object_is_refused(string body)
    {
        ApiClient api = await engines.ChatAsync();
        JsonNode error = await ErrorAsync(await api.PostAsync(ApiClient.Chat, body), HttpStatusCode.BadRequest);
        Assert.Equal("The request body must be a JSON object.", (string?)error["message"]);
    }

    [Fact]
    public async Task Deep_nesting_is_refused()
    {
        ApiClient api = await engines.ChatAsync();
        string body = """{"prompt":"x","other":""" + new string('[', 100_000) + new string(']', 100_000) + "}";
        JsonNode error = await ErrorAsync(await api.PostAsync(ApiClient.Completions, body), HttpStatusCode.BadRequest);
        Assert.Contains("depth", (string?)error["message"], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(new byte[] { 0xFF })]
    [InlineData(new byte[] { 0xC0, 0xAF })] // overlong '/'
    [InlineData(new byte[] { 0xED, 0xA0, 0x80 })] // encoded surrogate
    public async Task Bytes_that_are_not_UTF_8_are_refused(byte[] bad)
    {
        byte[] body = [.. "{\"prompt\":\""u8, .. bad, .. "\"}"u8];
        JsonNode error = await ErrorAsync(await SendAsync(body, "application/json"), HttpStatusCode.BadRequest);
        Assert.Equal("The request body is not valid UTF-8.", (string?)error["message"]);
    }

    [Fact]
    public async Task A_byte_order_mark_is_skipped()
    {
        Reply reply = await SendAsync(
            [0xEF, 0xBB, 0xBF, .. "{\"prompt\":\"x\",\"max_tokens\":1}"u8],
            "application/json"
        );
        Assert.Equal(HttpStatusCode.OK, reply.Status);
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("multipart/form-data; boundary=x")]
    [InlineData("application/json; charset=utf-16")]
    [InlineData("application/json; charset=latin1")]
    public async Task Another_content_type_is_refused_by_name(string type)
    {
        JsonNode error = await ErrorAsync(
            await SendAsync("{\"prompt\":\"x\"}"u8.ToArray(), type),
            HttpStatusCode.UnsupportedMediaType
        );
        Assert.Contains(type, (string?)error["message"], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("application/json; charset=utf-8")]
    [InlineData("application/json; charset=\"UTF-8\"")]
    public async Task JSON_is_accepted_with_and_without_a_content_type(string? type)
    {
        Reply reply = await SendAsync("{\"prompt\":\"x\",\"max_tokens\":1}"u8.ToArray(), type);
        Assert.True(reply.Status == HttpStatusCode.OK, reply.Body);
    }

    [Theory]
    [InlineData("gzip", HttpStatusCode.BadRequest, "The request body is not what its Content-Encoding, gzip, says:")]
    [InlineData("br", HttpStatusCode.UnsupportedMediaType, "Unsupported Content-Encoding 'br'.")]
    public async Task A_body_in_another_encoding_than_it_says_or_that_is_known_is_refused(
        string encoding,
        HttpStatusCode status,
        string message
    )
    {
        Reply reply = await SendAsync("{\"prompt\":\"x\"}"u8.ToArray(), "application/json", encoding);
        Assert.StartsWith(message, (string?)(await ErrorAsync(reply, status))["message"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_body_that_is_compressed_by_gzip_is_read()
    {
        byte[] body = CompressedBytes.Gzip("{\"prompt\":\"x\",\"max_tokens\":1}"u8);
        Reply reply = await SendAsync(body, "application/json", "gzip");
        Assert.True(reply.Status == HttpStatusCode.OK, reply.Body);
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/chat/completions")]
    [InlineData("/v1/completionsX")]
    [InlineData("/v1/embeddings")]
    public async Task An_unknown_URL_is_named(string path)
    {
        ApiClient api = await engines.ChatAsync();
        JsonNode error = await ErrorAsync(await api.PostAsync(path, "{}"), HttpStatusCode.NotFound);
        Assert.Equal("unknown_url", (string?)error["code"]);
        Assert.StartsWith($"Unknown request URL: POST {path}. ", (string?)error["message"], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("GET", ApiClient.Chat, "POST")]
    [InlineData("PUT", ApiClient.Completions, "POST")]
    [InlineData("POST", "/v1/models", "GET, HEAD")]
    [InlineData("DELETE", "/v1/models/x", "GET, HEAD")]
    [InlineData("POST", "/health", "GET, HEAD")]
    public async Task A_wrong_method_is_answered_with_the_right_ones(string method, string path, string allowed)
    {
        ApiClient api = await engines.ChatAsync();
        Reply reply = await api.SendAsync(new HttpRequestMessage(new HttpMethod(method), path));
        JsonNode error = await ErrorAsync(reply, HttpStatusCode.MethodNotAllowed);
        Assert.Equal("method_not_supported", (string?)error["code"]);
        Assert.Contains(allowed, (string?)error["message"], StringComparison.Ordinal);
        Assert.Equal(allowed, string.Join(", ", reply.ContentHeaders.Allow));
    }

    [Theory]
    [InlineData("/v1/models/other", "other")]
    [InlineData("/v1/models/org%2Fname", "org/name")]
    [InlineData("/v1/models/org/name", "org/name")]
    public async Task An_unknown_model_is_named(string path, string id)
    {
        ApiClient api = await engines.ChatAsync();
        JsonNode error = await ErrorAsync(await api.GetAsync(path), HttpStatusCode.NotFound);
        Assert.Equal(("model", "model_not_found"), ((string?)error["param"], (string?)error["code"]));
        Assert.Contains($"'{id}'", (string?)error["message"], StringComparison.Ordinal);
    }

    private async Task RefusedAsync(string path, string body, string param, string code)
    {
        ApiClient api = await engines.ChatAsync();
        JsonNode error = await ErrorAsync(await api.PostAsync(path, body), HttpStatusCode.BadRequest);
        Assert.Equal((param, code), ((string?)error["param"], (string?)error["code"]));
        Assert.Contains($"'{param}", (string?)error["message"], StringComparison.Ordinal);
        Assert.InRange(((string)error["message"]!).Length, 1, 300);
    }

    private async Task<Reply> SendAsync(byte[] body, string? type, string? encoding = null)
    {
        ApiClient api = await engines.ChatAsync();
        var content = new ByteArrayContent(body);
        if (type is not null)
            content.Headers.TryAddWithoutValidation("Content-Type", type);
        if (encoding is not null)
            content.Headers.ContentEncoding.Add(encoding);
        return await api.SendAsync(
            new HttpRequestMessage(HttpMethod.Post, ApiClient.Completions) { Content = content }
        );
    }

    private async Task<JsonNode> ErrorAsync(Reply reply, HttpStatusCode status)
    {
        JsonNode error = OpenAIErrors.Read(reply, status);
        // Whatever it was, the next request is served.
        Assert.Equal(HttpStatusCode.OK, (await (await engines.ChatAsync()).GetAsync("/health")).Status);
        return error;
    }
}
