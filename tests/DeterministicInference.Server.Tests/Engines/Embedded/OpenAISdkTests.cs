using System.ClientModel;
using System.ClientModel.Primitives;
using System.Text;
using System.Text.Json.Nodes;
using OpenAI;
using OpenAI.Chat;
using OpenAI.Models;
using Xunit;

namespace DeterministicInference.Server.Tests.Engines.Embedded;

/// <summary>The official OpenAI library for .NET, unchanged, with nothing but the address set.</summary>
public sealed class OpenAISdkTests(SharedEngines engines)
{
    private static readonly ChatMessage[] Conversation =
    [
        new SystemChatMessage("You are a helpful assistant."),
        new UserChatMessage("What is the capital of France?"),
    ];

    [Fact]
    public async Task A_chat_is_answered_and_streams_the_same_text()
    {
        ChatClient chat = await ChatAsync();
        ChatCompletion answer = await chat.CompleteChatAsync(Conversation, Options(), Cancellation);
        Assert.Equal(ChatMessageRole.Assistant, answer.Role);
        Assert.Equal(TestModels.ChatName, answer.Model);
        Assert.StartsWith("chatcmpl-", answer.Id, StringComparison.Ordinal);
        Assert.NotEmpty(answer.Content[0].Text);
        Assert.Equal(answer.Usage.InputTokenCount + answer.Usage.OutputTokenCount, answer.Usage.TotalTokenCount);

        var text = new StringBuilder();
        ChatFinishReason? finish = null;
        ChatTokenUsage? usage = null;
        await foreach (
            StreamingChatCompletionUpdate update in chat.CompleteChatStreamingAsync(
                Conversation,
                Options(),
                Cancellation
            )
        )
        {
            foreach (ChatMessageContentPart part in update.ContentUpdate)
                text.Append(part.Text);
            finish ??= update.FinishReason;
            usage ??= update.Usage;
        }
        Assert.Equal(answer.Content[0].Text, text.ToString());
        Assert.Equal(answer.FinishReason, finish);
        // The library asks for usage by itself.
        Assert.Equal(answer.Usage.TotalTokenCount, usage!.TotalTokenCount);
    }

    [Fact]
    public async Task The_same_seed_repeats_and_another_seed_differs()
    {
        ChatClient chat = await ChatAsync();
        ChatMessage[] story = [new UserChatMessage("Tell me a story.")];
        string[] texts = new string[6];
        for (int i = 0; i < texts.Length; i++)
        {
            ChatCompletion answer = await chat.CompleteChatAsync(
                story,
                Options(temperature: 2, seed: i < 3 ? 5 : i),
                Cancellation
            );
            texts[i] = answer.Content[0].Text;
        }
        Assert.Single(texts[..3].Distinct());
        Assert.NotEqual(1, texts[2..].Distinct().Count());
    }

    [Fact]
    public async Task A_stop_text_is_obeyed()
    {
        ChatClient chat = await ChatAsync();
        string whole = ((ChatCompletion)await chat.CompleteChatAsync(Conversation, Options(), Cancellation))
            .Content[0]
            .Text;
        string stop = whole[(whole.Length / 2)..][..2];
        ChatCompletionOptions options = Options();
        options.StopSequences.Add(stop);
        ChatCompletion answer = await chat.CompleteChatAsync(Conversation, options, Cancellation);
        Assert.Equal(ChatFinishReason.Stop, answer.FinishReason);
        Assert.Equal(
            whole[..whole.IndexOf(stop, StringComparison.Ordinal)],
            answer.Content.Count == 0 ? "" : answer.Content[0].Text
        );
    }

    [Fact]
    public async Task A_token_limit_is_obeyed_and_reported()
    {
        ChatCompletionOptions options = Options();
        options.MaxOutputTokenCount = 2;
        ChatCompletion answer = await (await ChatAsync()).CompleteChatAsync(Conversation, options, Cancellation);
        Assert.Equal(ChatFinishReason.Length, answer.FinishReason);
        Assert.Equal(2, answer.Usage.OutputTokenCount);
    }

    [Fact]
    public async Task Log_probabilities_arrive()
    {
        ChatCompletionOptions options = Options();
        options.IncludeLogProbabilities = true;
        options.TopLogProbabilityCount = 3;
        options.MaxOutputTokenCount = 4;
        ChatCompletion answer = await (await ChatAsync()).CompleteChatAsync(Conversation, options, Cancellation);
        Assert.Equal(4, answer.ContentTokenLogProbabilities.Count);
        foreach (ChatTokenLogProbabilityDetails token in answer.ContentTokenLogProbabilities)
        {
            Assert.Equal(3, token.TopLogProbabilities.Count);
            // Greedy: the token that was taken is the most probable one.
            Assert.Equal(token.TopLogProbabilities[0].LogProbability, token.LogProbability);
            Assert.Equal(Encoding.UTF8.GetBytes(token.Token), token.Utf8Bytes!.Value.ToArray());
        }
        Assert.Equal(
            answer.Content[0].Text,
            string.Concat(answer.ContentTokenLogProbabilities.Select(token => token.Token))
        );
    }

    [Fact]
    public async Task Several_choices_come_through_the_protocol_method()
    {
        ChatClient chat = await ChatAsync();
        BinaryContent body = BinaryContent.Create(
            BinaryData.FromString(
                """{"messages":[{"role":"user","content":"Tell me a """
                    + """story."}],"n":3,"temperature":1,"max_tokens":16,"seed":1}"""
            )
        );
        ClientResult result = await chat.CompleteChatAsync(
            body,
            new RequestOptions { CancellationToken = Cancellation }
        );
        Assert.Equal(3, JsonNode.Parse(result.GetRawResponse().Content)!["choices"]!.AsArray().Count);
        Assert.True(result.GetRawResponse().Headers.TryGetValue("x-request-id", out _));
    }

    [Fact]
    public async Task Models_are_listed_and_retrieved()
    {
        OpenAIModelClient models = (await ClientAsync()).GetOpenAIModelClient();
        OpenAIModel listed = Assert.Single((OpenAIModelCollection)await models.GetModelsAsync(Cancellation));
        OpenAIModel one = await models.GetModelAsync(TestModels.ChatName, Cancellation);
        Assert.Equal(
            (TestModels.ChatName, listed.CreatedAt, "deterministic-inference-server"),
            (one.Id, one.CreatedAt, one.OwnedBy)
        );
    }

    [Fact]
    public async Task An_unknown_model_is_a_404()
    {
        OpenAIModelClient models = (await ClientAsync()).GetOpenAIModelClient();
        ClientResultException e = await Assert.ThrowsAsync<ClientResultException>(() =>
            models.GetModelAsync("nothing", Cancellation)
        );
        Assert.Equal(404, e.Status);
        Assert.Contains("model_not_found", e.Message, StringComparison.Ordinal);
        Assert.Contains("'nothing' does not exist", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_bad_request_is_a_400_with_code_and_parameter()
    {
        ChatClient chat = await ChatAsync();
        ClientResultException e = await Assert.ThrowsAsync<ClientResultException>(() =>
            chat.CompleteChatAsync(Conversation, Options(temperature: 9), Cancellation)
        );
        Assert.Equal(400, e.Status);
        Assert.Contains("decimal_above_max_value", e.Message, StringComparison.Ordinal);
        Assert.Contains("Parameter: temperature", e.Message, StringComparison.Ordinal);

        // A stream that is refused is refused before it begins.
        ChatCompletionOptions options = Options();
        options.Tools.Add(ChatTool.CreateFunctionTool("f"));
        e = await Assert.ThrowsAsync<ClientResultException>(async () =>
        {
            await foreach (
                StreamingChatCompletionUpdate _ in chat.CompleteChatStreamingAsync(Conversation, options, Cancellation)
            )
                Assert.Fail("No event was expected.");
        });
        Assert.Contains("unsupported_parameter", e.Message, StringComparison.Ordinal);
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static ChatCompletionOptions Options(float temperature = 0, long seed = 1) =>
        new()
        {
            Temperature = temperature,
            Seed = seed,
            MaxOutputTokenCount = 60,
        };

    private async Task<OpenAIClient> ClientAsync() =>
        new(
            new ApiKeyCredential("unused"),
            new OpenAIClientOptions
            {
                Endpoint = new Uri((await engines.ChatAsync()).Url + "/v1"),
                NetworkTimeout = Limits.Overall,
            }
        );

    private async Task<ChatClient> ChatAsync() => (await ClientAsync()).GetChatClient(TestModels.ChatName);
}
