using Xunit;

namespace DeterministicInference.Server.Tests.EndToEnd.OriginalScenarios;

/// <summary>
/// The scenarios of the Python original on the server that INFERENCE_TEST_URL names, or one of our own.
/// </summary>
public sealed class ScenarioTests(ServerUnderTest server) : IClassFixture<ServerUnderTest>
{
    private Scenarios Scenarios => new(server.Api, "test-model");

    [Fact]
    public Task Health_is_200() => Scenarios.HealthIs200Async();

    [Fact]
    public Task A_prompt_is_completed() => Scenarios.APromptIsCompletedAsync();

    [Fact]
    public Task Five_completions_at_temperature_0_are_the_same() => Scenarios.FiveCompletionsAreTheSameAsync();

    [Fact]
    public Task A_chat_is_answered() => Scenarios.AChatIsAnsweredAsync();

    [Fact]
    public Task Five_chats_at_temperature_0_are_the_same() => Scenarios.FiveChatsAreTheSameAsync();

    [Theory]
    [InlineData("/v1//invalid")]
    [InlineData("/invalid")]
    public Task An_unknown_address_is_404(string path) => Scenarios.IsUnknownAsync(path);
}
