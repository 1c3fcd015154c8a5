using System.ClientModel;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.AI;
using OpenAI;
using OpenAI.Chat;
using Xunit;
using ChatMessage = Microsoft.Extensions.AI.ChatMessage;

namespace DeterministicInference.Server.Tests.Serve;

/// <summary>
/// The official OpenAI library for .NET and Microsoft.Extensions.AI over it, with nothing but the address set.
/// </summary>
public sealed class ClientLibraryTests(SharedServers servers)
{
    [Fact]
    public async Task The_OpenAI_library_chats_and_streams_the_same_text()
    {
        ChatClient chat = await ChatAsync();
        global::OpenAI.Chat.ChatMessage[] conversation =
        [
            new SystemChatMessage("You are a helpful assistant."),
            new UserChatMessage("What is the capital of France?"),
        ];
        var options = new ChatCompletionOptions
        {
            Temperature = 0.8f,
            Seed = 3,
            MaxOutputTokenCount = 40,
        };
        ClientResult<ChatCompletion> result = await chat.CompleteChatAsync(conversation, options, Cancellation);
        Assert.NotEmpty(result.Value.Content[0].Text);
        Assert.NotNull(
            JsonNode.Parse((string)JsonNode.Parse(result.GetRawResponse().Content)!["environment"]!)!["gpu_count"]
        );

        var text = new StringBuilder();
        ChatTokenUsage? usage = null;
        await foreach (
            StreamingChatCompletionUpdate update in chat.CompleteChatStreamingAsync(conversation, options, Cancellation)
        )
        {
            foreach (ChatMessageContentPart part in update.ContentUpdate)
                text.Append(part.Text);
            usage ??= update.Usage;
        }
        Assert.Equal(result.Value.Content[0].Text, text.ToString());
        Assert.Equal(result.Value.Usage.TotalTokenCount, usage!.TotalTokenCount);
    }

    [Fact]
    public async Task The_OpenAI_library_gets_the_engines_own_error()
    {
        ChatClient chat = await ChatAsync();
        ClientResultException e = await Assert.ThrowsAsync<ClientResultException>(() =>
            chat.CompleteChatAsync(
                [new UserChatMessage("x")],
                new ChatCompletionOptions { Temperature = 9 },
                Cancellation
            )
        );
        Assert.Equal(400, e.Status);
        Assert.Contains("Parameter: temperature", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Microsoft_Extensions_AI_chats_and_streams_the_same_text()
    {
        using IChatClient chat = (await ChatAsync()).AsIChatClient();
        ChatMessage[] conversation =
        [
            new(ChatRole.System, "You are a helpful assistant."),
            new(ChatRole.User, "Tell me a story."),
        ];
        var options = new ChatOptions
        {
            Temperature = 0.8f,
            Seed = 5,
            MaxOutputTokens = 40,
        };
        ChatResponse answer = await chat.GetResponseAsync(conversation, options, Cancellation);
        Assert.NotEmpty(answer.Text);
        Assert.Equal(TestModels.ChatName, answer.ModelId);

        ChatResponse streamed = await chat.GetStreamingResponseAsync(conversation, options, Cancellation)
            .ToChatResponseAsync(Cancellation);
        Assert.Equal(
            (answer.Text, answer.FinishReason, answer.Usage!.TotalTokenCount),
            (streamed.Text, streamed.FinishReason, streamed.Usage!.TotalTokenCount)
        );
        Assert.Equal(answer.Text, (await chat.GetResponseAsync(conversation, options, Cancellation)).Text);
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private async Task<ChatClient> ChatAsync() =>
        new OpenAIClient(
            new ApiKeyCredential("unused"),
            new OpenAIClientOptions
            {
                Endpoint = new Uri((await servers.ChatAsync()).Url + "/v1"),
                NetworkTimeout = Limits.Overall,
            }
        ).GetChatClient(TestModels.ChatName);
}
