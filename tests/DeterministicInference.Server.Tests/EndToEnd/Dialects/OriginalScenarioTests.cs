using DeterministicInference.Server.Tests.EndToEnd.OriginalScenarios;
using Xunit;

namespace DeterministicInference.Server.Tests.EndToEnd.Dialects;

/// <summary>
/// The scenarios of the Python original in front of every engine; its tests name a model that nobody serves.
/// </summary>
[Collection(DialectGroup.Name)]
public sealed class OriginalScenarioTests(DialectServers servers)
{
    [Theory]
    [MemberData(nameof(Dialect.All), MemberType = typeof(Dialect))]
    public async Task The_originals_scenarios_pass(string dialect)
    {
        DialectServer server = await servers.StartedAsync(dialect);
        // An engine that is not known gets the name as it is, and this one refuses any other.
        var scenarios = new Scenarios(server.Api, dialect == Dialect.External ? DialectServer.Model : "test-model");
        await scenarios.HealthIs200Async();
        await scenarios.APromptIsCompletedAsync();
        await scenarios.FiveCompletionsAreTheSameAsync();
        await scenarios.AChatIsAnsweredAsync();
        await scenarios.FiveChatsAreTheSameAsync();
        await scenarios.IsUnknownAsync("/invalid");
    }
}
