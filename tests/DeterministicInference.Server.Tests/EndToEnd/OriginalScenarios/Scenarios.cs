using System.ClientModel;
using System.Net;
using System.Text.Json.Nodes;
using OpenAI;
using OpenAI.Chat;
using Xunit;

namespace DeterministicInference.Server.Tests.EndToEnd.OriginalScenarios;

/// <summary>
/// The integration tests of the Python original (tests/test_integration.py of apuslabs/deterministic-inference), with
/// plain HTTP and with the official library: its callers must not notice a difference.
/// </summary>
/// <param name="api">The server.</param>
/// <param name="model">The name that requests give.</param>
internal sealed class Scenarios(ApiClient api, string model)
{
    private const int Runs = 5;

    public async Task HealthIs200Async() => Assert.Equal(HttpStatusCode.OK, (await api.GetAsync("/health")).Status);

    public async Task APromptIsCompletedAsync()
    {
        JsonObject answer = await CompleteAsync(maxTokens: 50, temperature: 0.7);
        Assert.NotEmpty((string)answer["id"]!);
        Assert.NotNull(Assert.Single(ChoiceText.Of(answer)).Text);
        Assert.InRange((int)answer["usage"]!["completion_tokens"]!, 1, 50);
        RequireEnvironment(answer);
    }

    public async Task FiveCompletionsAreTheSameAsync()
    {
        var answers = new List<JsonObject>();
        for (int i = 0; i < Runs; i++)
            answers.Add(await CompleteAsync(maxTokens: 200, temperature: 0));
        Assert.Single(answers.Select(answer => ChoiceText.Of(answer)[0].Text).Distinct());
        Assert.All(answers, RequireEnvironment);
    }

    public async Task AChatIsAnsweredAsync()
    {
        ClientResult<ChatCompletion> result = await ChatAsync(
            50,
            0.7f,
            new SystemChatMessage("You are a helpful assistant."),
            new UserChatMessage("Hello, how are you?")
        );
        Assert.NotEmpty(result.Value.Id);
        Assert.Equal(ChatMessageRole.Assistant, result.Value.Role);
        Assert.NotEmpty(result.Value.Content);
        Assert.InRange(result.Value.Usage.OutputTokenCount, 1, 50);
        RequireEnvironment(Json(result));
    }

    public async Task FiveChatsAreTheSameAsync()
    {
        var results = new List<ClientResult<ChatCompletion>>();
        for (int i = 0; i < Runs; i++)
            results.Add(await ChatAsync(200, 0, new UserChatMessage("Tell me a long story.")));
        Assert.NotEmpty(Assert.Single(results.Select(result => result.Value.Content[0].Text).Distinct()));
        Assert.All(results, result => RequireEnvironment(Json(result)));
    }

    public async Task IsUnknownAsync(string path) =>
        Assert.Equal(HttpStatusCode.NotFound, (await api.GetAsync(path)).Status);

    private static JsonObject Json(ClientResult result) => JsonNode.Parse(result.GetRawResponse().Content)!.AsObject();

    private static void RequireEnvironment(JsonObject answer)
    {
        // A JSON text within a JSON string, as in the original, whose callers parse it.
        JsonObject environment = JsonNode.Parse(answer["environment"]!.GetValue<string>())!.AsObject();
        Assert.All(
            (string[])["driver_version", "cuda_version", "gpu_count", "gpus"],
            member => Assert.True(environment.ContainsKey(member), member)
        );
        Assert.Equal(environment["gpu_count"]!.GetValue<int>(), environment["gpus"]!.AsArray().Count);
    }

    private Task<JsonObject> CompleteAsync(int maxTokens, double temperature) =>
        api.JsonAsync(
            ApiClient.Completions,
            string.Create(
                null,
                $$"""{"model":"{{model}}","prompt":"Once upon a """
                    + $$"""time","max_tokens":{{maxTokens}},"temperature":{{temperature}}}"""
            )
        );

    private async Task<ClientResult<ChatCompletion>> ChatAsync(
        int maxTokens,
        float temperature,
        params ChatMessage[] messages
    )
    {
        var client = new ChatClient(
            model,
            new ApiKeyCredential("test-api-key"),
            new OpenAIClientOptions { Endpoint = new Uri(api.Url + "/v1"), NetworkTimeout = Limits.Overall }
        );
        return await client.CompleteChatAsync(
            messages,
            new ChatCompletionOptions { MaxOutputTokenCount = maxTokens, Temperature = temperature },
            TestContext.Current.CancellationToken
        );
    }
}
