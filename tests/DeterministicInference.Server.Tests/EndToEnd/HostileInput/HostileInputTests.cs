using System.Text;
using System.Text.Json.Nodes;
using DeterministicInference.Server.Tests.Documentation;
using Xunit;

namespace DeterministicInference.Server.Tests.EndToEnd.HostileInput;

/// <summary>
/// Every input gets the right status and error, reaches the engine only if it is a valid request, and does not affect
/// other requests.
/// </summary>
public sealed class HostileInputTests(HostileGateway gateway) : IClassFixture<HostileGateway>
{
    private const string Page = "docs/hostile-input.md";

    private static readonly Dictionary<string, HostileInput> Inputs = (
        (HostileInput[])[.. HostileBodies.All, .. HostileFields.All, .. HostileHttp.All]
    ).ToDictionary(input => $"{input.Group}, {input.Name}");

    public static TheoryData<string> Names => new(Inputs.Keys);

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Hostile_input_gets_the_right_answer_and_the_server_stays_healthy(string name)
    {
        HostileInput input = Inputs[name];
        HostileOutcome outcome = await gateway.TryAsync(input);
        Assert.Equal(
            (input.Status, input.Closes, input.Forwarded),
            (outcome.Status, outcome.Closed, outcome.Forwarded)
        );
        if (outcome.Status < 400)
            return;
        if (input.IsBare || input.Request.AsSpan().StartsWith("HEAD "u8))
        {
            Assert.False(outcome.HasBody);
            return;
        }
        JsonObject error = Assert.IsType<JsonObject>(outcome.Error);
        Assert.Equal(["message", "type", "param", "code"], error.Select(member => member.Key));
        Assert.InRange(((string)error["message"]!).Length, 10, 400);
        Assert.Equal(
            ("invalid_request_error", input.Code, input.Param),
            ((string?)error["type"], (string?)error["code"], (string?)error["param"])
        );
    }

    [Fact]
    public async Task The_page_of_hostile_inputs_shows_what_happens()
    {
        var page = new StringBuilder(HostileInputPage.Introduction);
        foreach (IGrouping<string, HostileInput> group in Inputs.Values.GroupBy(input => input.Group))
        {
            page.Append(HostileInputPage.Heading(group.Key));
            foreach (HostileInput input in group)
                page.Append(HostileInputPage.Row(input.Name, await gateway.TryAsync(input)));
        }
        string path = Path.Combine(RepositoryFiles.Root, Page),
            actual = page.ToString();
        if (Environment.GetEnvironmentVariable("DIS_WRITE_DOCS") == "1")
            await File.WriteAllTextAsync(path, actual, TestContext.Current.CancellationToken);
        string committed = File.Exists(path)
            ? await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken)
            : "";
        Assert.True(
            committed == actual,
            $"{Page} does not show what the server does. Run this test with DIS_WRITE_DOCS=1, which writes it, and "
                + "look at the difference."
        );
    }

    [Fact]
    public async Task An_error_repeats_only_the_beginning_of_what_was_sent()
    {
        string role = new('r', 10_000),
            type = "x/" + new string('t', 10_000);
        HostileInput longRole = HostileInput.Chat(
            "",
            "",
            $$"""{"messages":[{"role":"{{role}}","content":"x"}]}""",
            400
        );
        HostileInput longType = HostileInput.Raw(
            "",
            "",
            $"POST {ApiClient.Completions} HTTP/1.1\r\nHost: x\r\nContent-Type: {type}\r\nContent-Length: 2\r\n\r\n{{}}",
            415
        );
        HostileInput longPath = HostileInput.Raw(
            "",
            "",
            $"GET /{new string('p', 8000)} HTTP/1.1\r\nHost: x\r\n\r\n",
            404
        );
        foreach (HostileInput input in (HostileInput[])[longRole, longType, longPath])
        {
            HostileOutcome outcome = await gateway.TryAsync(input);
            Assert.Equal(input.Status, outcome.Status);
            Assert.InRange(((string)outcome.Error!["message"]!).Length, 10, 400);
        }
    }
}
