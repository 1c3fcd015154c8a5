using System.Text.Json.Nodes;
using DeterministicInference.Server.Tests.EndToEnd.Fuzz;
using DeterministicInference.Server.Tests.Engines.Embedded;
using Xunit;

namespace DeterministicInference.Server.Tests.OpenAI;

/// <summary>An address that is not served is answered with the one to set, or with the call to use instead.</summary>
public sealed class WrongAddressTests(SharedFakeBackend shared, SharedEngines engines)
{
    private const string Here = "http://localhost:8080",
        SetBase = $"Set the client's base URL to {Here}/v1",
        OrRoot = $"or to {Here} where the client appends /v1 itself.",
        Azure =
            $"Azure's addresses are not served: use the client OpenAI, not AzureOpenAI, with the base URL {Here}/v1.",
        Ollama = $"Ollama's API is not served: use an OpenAI client, with the base URL {Here}/v1.",
        Default = $"The base URL of a client is {Here}/v1; below it are /chat/completions, /completions and /models.",
        Engine = "Routes that only some engines have are not served: this server has /v1/chat/completions, ";

    [Theory]
    [InlineData("/", Default)]
    [InlineData("/v1", Default)]
    [InlineData("/v1/", Default)]
    [InlineData("/V1/Nothing/", Default)]
    [InlineData("/v1/chat", Default)]
    [InlineData("/v1/completionsX", Default)]
    [InlineData("/chat/completions", $"{SetBase}.")]
    [InlineData("/chat/completions/", $"{SetBase}.")]
    [InlineData("/CHAT/Completions", $"{SetBase}.")]
    [InlineData("/completions", $"{SetBase}.")]
    [InlineData("/models", $"{SetBase}.")]
    [InlineData("/models/org/name", $"{SetBase}.")]
    [InlineData("/api/v1/chat/completions", $"{SetBase}.")]
    [InlineData("/api/v1", $"{SetBase}.")]
    [InlineData("/api/chat/completions", $"{SetBase}.")]
    [InlineData("//v1/chat/completions", $"{SetBase} without a slash at its end, {OrRoot}")]
    [InlineData("/v1//chat/completions", $"{SetBase} without a slash at its end, {OrRoot}")]
    [InlineData("/v1/chat//completions", $"{SetBase} without a slash at its end, {OrRoot}")]
    [InlineData("/v1/v1/chat/completions", $"{SetBase}, {OrRoot}")]
    [InlineData("/v1/v1/models", $"{SetBase}, {OrRoot}")]
    [InlineData(
        "/v1/engines/a/completions",
        $"{SetBase}, and name the model by the field 'model', not by the address."
    )]
    [InlineData(
        "/engines/a/chat/completions",
        $"{SetBase}, and name the model by the field 'model', not by the address."
    )]
    [InlineData("/openai/deployments/a/chat/completions?api-version=2024-10-21", Azure)]
    [InlineData("/openai/v1/chat/completions", Azure)]
    [InlineData("/v1/openai/deployments/a/embeddings", Azure)]
    [InlineData("/api/generate", Ollama)]
    [InlineData("/api/chat", Ollama)]
    [InlineData("/api/tags", Ollama)]
    [InlineData("/v1/api/chat", Ollama)]
    [InlineData("/completion", Engine)]
    [InlineData("/generate", Engine)]
    [InlineData("/v1/tokenize", Engine)]
    [InlineData("/detokenize", Engine)]
    [InlineData("/version", Engine)]
    [InlineData("/v1/load_lora_adapter", Engine)]
    [InlineData(
        "/v1/responses",
        "The Responses API is not served: call client.chat.completions.create(...) instead of "
    )]
    [InlineData("/responses", "The Responses API is not served: call client.chat.completions.create(...) instead of ")]
    [InlineData("/v1/v1/responses/resp_1", "The Responses API is not served: call client.chat.completions.create(...)")]
    [InlineData("/v1/messages", $"Anthropic's API is not served: use an OpenAI client, with the base URL {Here}/v1, ")]
    [InlineData(
        "/v1/messages/count_tokens",
        $"Anthropic's API is not served: use an OpenAI client, with the base URL "
    )]
    [InlineData(
        "/v1/threads/a/messages",
        "This server keeps no conversations: send all messages with each client.chat."
    )]
    [InlineData("/v1/assistants", "This server keeps no conversations: ")]
    [InlineData("/v1/embeddings", "This server has no embeddings: ask another server for them.")]
    [InlineData("/v1/images/generations", "This server generates text alone, by client.chat.completions.create(...).")]
    [InlineData("/v1/audio/speech", "This server generates text alone, by client.chat.completions.create(...).")]
    [InlineData("/v1/moderations", "This server does not rank, classify or moderate texts: ask another server.")]
    [InlineData("/v1/rerank", "This server does not rank, classify or moderate texts: ask another server.")]
    [InlineData("/v1/files", "This server keeps no files and no batches: send each request by client.chat.")]
    [InlineData("/v1/files/a/content", "This server keeps no files and no batches: ")]
    [InlineData("/v1/batches", "This server keeps no files and no batches: ")]
    [InlineData("/v1/fine_tuning/jobs", "This server trains no models.")]
    [InlineData("/v1/realtime/sessions", "This server has no realtime API: client.chat.completions.create(...) with ")]
    [InlineData("/v1/log/elsewhere", "Receipts are at /v1/receipts/ID, ")]
    public async Task It_is_answered_with_the_remedy(string path, string remedy)
    {
        await using RunningGateway gateway = await RunningGateway.StartAsync((await shared.StartedAsync()).Url);
        foreach (string url in (string[])[gateway.Url, (await engines.ScriptedAsync()).Url])
        {
            Assert.StartsWith(
                $"Unknown request URL: POST {path.Split('?')[0]}. {remedy}",
                await MessageAsync(url, path, "Host: localhost:8080"),
                StringComparison.Ordinal
            );
        }
    }

    [Theory]
    [InlineData("Host: example.com", "http://example.com")]
    [InlineData("Host: Example.COM:443\r\nX-Forwarded-Proto: https", "https://Example.COM:443")]
    [InlineData("Host: inference_server:8080\r\nX-Forwarded-Proto: gopher", "http://inference_server:8080")]
    [InlineData("Host: [::1]:8080", "http://[::1]:8080")]
    [InlineData("Host: 10.0.0.1:1", "http://10.0.0.1:1")]
    [InlineData("Host: a$(id)b", "http://HOST:PORT")]
    [InlineData("Host: it's", "http://HOST:PORT")]
    [InlineData("Host: -x", "http://HOST:PORT")]
    [InlineData("Host: x:123456", "http://HOST:PORT")]
    [InlineData("Host:", "http://HOST:PORT")]
    public async Task The_address_is_the_one_that_the_client_used_where_it_is_one(string headers, string address)
    {
        await using RunningGateway gateway = await RunningGateway.StartAsync("http://127.0.0.1:9");
        Assert.EndsWith(
            $"Set the client's base URL to {address}/v1.",
            await MessageAsync(gateway.Url, "/chat/completions", headers),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task A_long_name_of_a_host_is_not_repeated()
    {
        await using RunningGateway gateway = await RunningGateway.StartAsync("http://127.0.0.1:9");
        string name = new('a', 100);
        Assert.Contains(
            $"http://{name}/v1",
            await MessageAsync(gateway.Url, "/models", $"Host: {name}"),
            StringComparison.Ordinal
        );
        Assert.Contains(
            "http://HOST:PORT/v1",
            await MessageAsync(gateway.Url, "/models", $"Host: {name}a"),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Whatever_the_path_is_the_message_is_short_and_has_no_control_characters()
    {
        await using RunningGateway gateway = await RunningGateway.StartAsync("http://127.0.0.1:9");
        var paths = new List<string>
        {
            "/%0A%0D%1B%5B31m",
            "/%E2%80%AE/chat/completions",
            "/%C2%85%F0%9F%98%80",
            "/%FF%FE",
            "/" + new string('p', 7000),
            "/" + string.Concat(Enumerable.Repeat("/v1", 2000)),
            "/" + new string('x', 300) + "/chat/completions",
        };
        for (int i = 0; i < 200; i++)
        {
            var random = new FuzzRandom((ulong)i);
            // Kestrel itself refuses a path with a zero.
            paths.Add(
                "/" + string.Concat(Enumerable.Range(0, random.Next(60)).Select(_ => $"%{1 + random.Next(255):X2}"))
            );
        }
        foreach (string path in paths)
        {
            string message = await MessageAsync(gateway.Url, path, "Host: x");
            Assert.StartsWith("Unknown request URL: POST /", message, StringComparison.Ordinal);
            Assert.InRange(message.Length, 50, 400);
            Assert.All(message, c => Assert.True(c is >= ' ' and < '\x7f' or '…', $"{(int)c:X4} in {message}"));
        }
    }

    [Fact]
    public async Task A_long_method_is_cut()
    {
        await using RunningGateway gateway = await RunningGateway.StartAsync("http://127.0.0.1:9");
        string message = await MessageAsync(gateway.Url, "/nothing", "Host: x", new string('M', 1000));
        Assert.StartsWith($"Unknown request URL: {new string('M', 20)}… /nothing. ", message, StringComparison.Ordinal);
    }

    private static async Task<string> MessageAsync(string url, string path, string headers, string method = "POST")
    {
        using RawConnection connection = await RawConnection.OpenAsync(url);
        await connection.SendAsync($"{method} {path} HTTP/1.1\r\n{headers}\r\nContent-Length: 2\r\n\r\n{{}}");
        (string head, string body) = await connection.ReadAnswerAsync();
        Assert.StartsWith("HTTP/1.1 404 ", head, StringComparison.Ordinal);
        JsonNode error = JsonNode.Parse(body)!["error"]!;
        Assert.Equal("unknown_url", (string?)error["code"]);
        return (string)error["message"]!;
    }
}
