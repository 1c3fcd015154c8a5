using System.ClientModel;
using System.Net;
using System.Text.Json.Nodes;
using DeterministicInference.Server.Tests.EndToEnd;
using OpenAI;
using OpenAI.Chat;
using Xunit;

namespace DeterministicInference.Server.Tests.Integration;

/// <summary>
/// What the tests of the Python original ask of a running server (tests/test_integration.py of
/// apuslabs/deterministic-inference): a caller of that one must not notice a difference.
/// </summary>
public sealed class ScenarioTests(ServerUnderTest server) : IClassFixture<ServerUnderTest>
{
    private const string Model = "test-model";
    private const int Runs = 5;

    [Fact]
    public async Task Health_is_200() => Assert.Equal(HttpStatusCode.OK, (await server.Api.GetAsync("/health")).Status);

    [Fact]
    public async Task A_prompt_is_completed()
    {
        JsonObject answer = await CompleteAsync(maxTokens: 50, temperature: 0.7);
        Assert.NotEmpty((string)answer["id"]!);
        Assert.NotNull(Assert.Single(ChoiceText.Of(answer)).Text);
        Assert.InRange((int)answer["usage"]!["completion_tokens"]!, 1, 50);
        RequireEnvironment(answer);
    }

    [Fact]
    public async Task Five_completions_at_temperature_0_are_the_same()
    {
        var answers = new List<JsonObject>();
        for (int i = 0; i < Runs; i++) answers.Add(await CompleteAsync(maxTokens: 200, temperature: 0));
        Assert.Single(answers.Select(answer => ChoiceText.Of(answer)[0].Text).Distinct());
        Assert.All(answers, RequireEnvironment);
    }

    [Fact]
    public async Task A_chat_is_answered()
    {
        ClientResult<ChatCompletion> result = await ChatAsync(50, 0.7f, new SystemChatMessage("You are a helpful assistant."), new UserChatMessage("Hello, how are you?"));
        Assert.NotEmpty(result.Value.Id);
        Assert.Equal(ChatMessageRole.Assistant, result.Value.Role);
        Assert.NotEmpty(result.Value.Content);
        Assert.InRange(result.Value.Usage.OutputTokenCount, 1, 50);
        RequireEnvironment(Json(result));
    }

    [Fact]
    public async Task Five_chats_at_temperature_0_are_the_same()
    {
        var results = new List<ClientResult<ChatCompletion>>();
        for (int i = 0; i < Runs; i++) results.Add(await ChatAsync(200, 0, new UserChatMessage("Tell me a long story.")));
        Assert.NotEmpty(Assert.Single(results.Select(result => result.Value.Content[0].Text).Distinct()));
        Assert.All(results, result => RequireEnvironment(Json(result)));
    }

    [Theory]
    [InlineData("/v1//invalid")]
    [InlineData("/invalid")]
    public async Task An_unknown_address_is_404(string path) => Assert.Equal(HttpStatusCode.NotFound, (await server.Api.GetAsync(path)).Status);

    private static JsonObject Json(ClientResult result) => JsonNode.Parse(result.GetRawResponse().Content)!.AsObject();

    private static void RequireEnvironment(JsonObject answer)
    {
        // A JSON text inside the JSON: it was a string in the original, and its callers parse it.
        JsonObject environment = JsonNode.Parse(answer["environment"]!.GetValue<string>())!.AsObject();
        Assert.All((string[])["driver_version", "cuda_version", "gpu_count", "gpus"], member => Assert.True(environment.ContainsKey(member), member));
        Assert.Equal(environment["gpu_count"]!.GetValue<int>(), environment["gpus"]!.AsArray().Count);
    }

    private Task<JsonObject> CompleteAsync(int maxTokens, double temperature) => server.Api.JsonAsync(
        ApiClient.Completions, string.Create(null, $$"""{"model":"{{Model}}","prompt":"Once upon a time","max_tokens":{{maxTokens}},"temperature":{{temperature}}}"""));

    private async Task<ClientResult<ChatCompletion>> ChatAsync(int maxTokens, float temperature, params ChatMessage[] messages)
    {
        var client = new ChatClient(Model, new ApiKeyCredential("test-api-key"), new OpenAIClientOptions { Endpoint = new Uri(server.Api.Url + "/v1"), NetworkTimeout = Limits.Overall });
        return await client.CompleteChatAsync(messages, new ChatCompletionOptions { MaxOutputTokenCount = maxTokens, Temperature = temperature }, TestContext.Current.CancellationToken);
    }
}
