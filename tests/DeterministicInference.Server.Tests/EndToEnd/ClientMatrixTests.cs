using System.ClientModel;
using System.Text;
using System.Text.Json.Nodes;
using DeterministicInference.Server.Tests.Documentation;
using Microsoft.Extensions.AI;
using OpenAI;
using OpenAI.Chat;
using Xunit;
using ChatMessage = Microsoft.Extensions.AI.ChatMessage;

namespace DeterministicInference.Server.Tests.EndToEnd;

/// <summary>
/// How .NET client libraries read the streams of tests/clients/engine-streams.json, directly from the engine and
/// through the gateway. The table is in docs/client-matrix.md; DIS_WRITE_DOCS=1 writes it. Node's half comes from
/// tests/clients/node.
/// </summary>
public sealed class ClientMatrixTests(SharedFakeBackend shared)
{
    private const string Begin = "<!-- .NET -->\n",
        End = "<!-- /.NET -->";

    private static readonly (string Name, Func<string, string, Task<string>> Stream)[] Clients =
    [
        ("OpenAI", OpenAIAsync),
        ("Microsoft.Extensions.AI.OpenAI", ExtensionsAsync),
    ];

    [Fact]
    public async Task Broken_streams_are_failures_to_every_client_and_complete_ones_are_not()
    {
        FakeBackendProcess fake = await shared.StartedAsync();
        await using RunningGateway gateway = await RunningGateway.StartAsync(fake.Url);
        var table = new StringBuilder("| the engine sends | ")
            .AppendJoin(" | ", Clients.Select(client => client.Name))
            .Append(" |\n|")
            .Insert(0, Begin);
        table.Insert(table.Length, " --- |", Clients.Length + 1).Append('\n');
        var wrong = new List<string>();
        foreach (
            JsonNode? row in JsonNode
                .Parse(
                    await File.ReadAllTextAsync(
                        Path.Combine(RepositoryFiles.Root, "tests", "clients", "engine-streams.json"),
                        TestContext.Current.CancellationToken
                    )
                )!
                .AsArray()
        )
        {
            string name = (string)row!["engine"]!,
                expected = (string)row["outcome"]!,
                behaviour = row["fake"]!.ToJsonString();
            table.Append($"| {name} |");
            foreach ((string client, Func<string, string, Task<string>> stream) in Clients)
            {
                string direct = await OutcomeAsync(stream, fake.Url, behaviour),
                    through = await OutcomeAsync(stream, gateway.Url, behaviour);
                table.Append($" {direct} → {through} |");
                if (through != expected)
                    wrong.Add($"{name}, {client}: {through} instead of {expected}");
            }
            table.Append('\n');
        }
        Assert.Empty(wrong);
        Require(table.Append(End).ToString());
    }

    private static void Require(string table)
    {
        string path = Path.Combine(RepositoryFiles.Root, "docs", "client-matrix.md");
        string document = File.ReadAllText(path);
        int begin = document.IndexOf(Begin, StringComparison.Ordinal),
            end = document.IndexOf(End, StringComparison.Ordinal) + End.Length;
        if (Environment.GetEnvironmentVariable("DIS_WRITE_DOCS") == "1")
            File.WriteAllText(path, document[..begin] + table + document[end..]);
        else
            Assert.Equal(table, document[begin..end]);
    }

    /// <returns>
    /// <c>ok</c> for the whole text, <c>failure</c> for an exception, <c>silent</c> for anything else that was accepted
    /// as an answer.
    /// </returns>
    private static async Task<string> OutcomeAsync(
        Func<string, string, Task<string>> stream,
        string url,
        string behaviour
    )
    {
        try
        {
            return await stream(url, behaviour) == "Hello:Stop" ? "ok" : "silent";
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            return "failure";
        }
    }

    private static async Task<string> OpenAIAsync(string url, string behaviour)
    {
        var text = new StringBuilder();
        string? finish = null;
        await foreach (
            StreamingChatCompletionUpdate update in Chat(url)
                .CompleteChatStreamingAsync(
                    [new UserChatMessage("x")],
                    Options(behaviour),
                    TestContext.Current.CancellationToken
                )
        )
        {
            foreach (ChatMessageContentPart part in update.ContentUpdate)
                text.Append(part.Text);
            finish ??= update.FinishReason?.ToString();
        }
        return $"{text}:{finish}";
    }

    private static async Task<string> ExtensionsAsync(string url, string behaviour)
    {
        using IChatClient chat = Chat(url).AsIChatClient();
        var options = new ChatOptions { RawRepresentationFactory = _ => Options(behaviour) };
        ChatResponse response = await chat.GetStreamingResponseAsync(
                [new ChatMessage(ChatRole.User, "x")],
                options,
                TestContext.Current.CancellationToken
            )
            .ToChatResponseAsync(TestContext.Current.CancellationToken);
        bool isStop = response.FinishReason == Microsoft.Extensions.AI.ChatFinishReason.Stop;
        return $"{response.Text}:{(isStop ? "Stop" : response.FinishReason?.Value)}";
    }

    private static ChatClient Chat(string url) =>
        new OpenAIClient(
            new ApiKeyCredential("unused"),
            new OpenAIClientOptions
            {
                Endpoint = new Uri(url + "/v1"),
                NetworkTimeout = Limits.Overall,
                RetryPolicy = new System.ClientModel.Primitives.ClientRetryPolicy(0),
            }
        ).GetChatClient("m");

    private static ChatCompletionOptions Options(string behaviour)
    {
        var options = new ChatCompletionOptions();
#pragma warning disable SCME0001 // The library's way to send a member that it does not know.
        options.Patch.Set("$.fake"u8, BinaryData.FromString(behaviour));
#pragma warning restore SCME0001
        return options;
    }
}
