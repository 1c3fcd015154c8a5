using System.Net;
using System.Text.Json.Nodes;
using Xunit;

namespace DeterministicInference.Server.Tests.Verification;

/// <summary><c>ask</c> leaves files that <c>verify</c> takes, and shows nothing that is not verified.</summary>
public sealed class AskTests : IAsyncLifetime
{
    private readonly string _folder = TestModels.NewFolder("asked");
    private IssuingServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await IssuingServer.StartAsync();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Theory]
    [InlineData("answer.json")]
    [InlineData("answer.sse", "--stream", "--model", "tiny", "--max-tokens", "7")]
    public async Task The_files_are_those_of_a_proof(string answer, params string[] more)
    {
        CommandResult asked = await AskAsync(more);
        Assert.Equal((0, ""), (asked.ExitCode, asked.Error));
        Assert.StartsWith("The capital is Paris.\n", asked.Output, StringComparison.Ordinal);
        Assert.Contains("which came from the server just now: keep it.", asked.Output, StringComparison.Ordinal);
        string[] command = asked.Output.TrimEnd('\n').Split('\n')[^1].Split(' ');
        Assert.Equal(
            ("deterministic-inference-server", "verify", Path.Combine(_folder, answer)),
            (command[0], command[1], command[2])
        );
        CommandResult verified = await ServerProgram.Built.RunAsync(command[1..]);
        Assert.Equal(0, verified.ExitCode);
        Assert.StartsWith("REPRODUCED: ", verified.Output, StringComparison.Ordinal);
        JsonNode request = JsonNode.Parse(File.ReadAllText(Path.Combine(_folder, "request.json")))!;
        Assert.Equal("What is the capital?", (string?)request["messages"]![0]!["content"]);
        Assert.Equal(more.Length == 0 ? null : 7, (int?)request["max_tokens"]);
    }

    /// <summary>A key that was kept is not replaced by what a server says later.</summary>
    [Fact]
    public async Task The_key_of_the_folder_is_the_one_that_counts()
    {
        await AskAsync();
        string kept = File.ReadAllText(Path.Combine(_folder, "key.json"));
        CommandResult again = await AskAsync();
        Assert.Contains("which was there.", again.Output, StringComparison.Ordinal);
        await using IssuingServer other = await IssuingServer.StartAsync();
        CommandResult elsewhere = await AskAsync("--url", other.Url);
        Assert.Equal((19, ""), (elsewhere.ExitCode, elsewhere.Output));
        Assert.StartsWith(
            "The answer is not shown, because it is not verified. OTHER KEY: ",
            elsewhere.Error,
            StringComparison.Ordinal
        );
        Assert.Equal(kept, File.ReadAllText(Path.Combine(_folder, "key.json")));
    }

    [Fact]
    public async Task An_answer_that_was_changed_on_the_way_is_not_shown()
    {
        await AskAsync();
        string text = File.ReadAllText(Path.Combine(_folder, "answer.json"));
        string request = File.ReadAllText(Path.Combine(_folder, "request.json"));
        _server.Instead[ApiClient.Chat] = (200, text.Replace("Paris", "Lyon", StringComparison.Ordinal));
        CommandResult asked = await AskAsync();
        Assert.Equal((13, ""), (asked.ExitCode, asked.Output));
        Assert.Contains("TAMPERED: the output is not the one that was sealed", asked.Error, StringComparison.Ordinal);
        // Another question with a stored answer.
        _server.Instead[ApiClient.Chat] = (200, text);
        asked = await ServerProgram.Built.RunAsync(["ask", "Another?", "--url", _server.Url, "-o", _folder]);
        Assert.Equal((13, ""), (asked.ExitCode, asked.Output));
        Assert.NotEqual(request, File.ReadAllText(Path.Combine(_folder, "request.json")));
        _server.Instead[ApiClient.Chat] = ((int)HttpStatusCode.ServiceUnavailable, "{}");
        asked = await AskAsync();
        Assert.Equal((15, ""), (asked.ExitCode, asked.Output));
    }

    private Task<CommandResult> AskAsync(params string[] more) =>
        ServerProgram.Built.RunAsync([
            "ask",
            "What is the capital?",
            .. more.Contains("--url") ? (string[])[] : ["--url", _server.Url],
            "-o",
            _folder,
            .. more,
        ]);
}
