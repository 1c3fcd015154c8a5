using System.Text.Json.Nodes;
using Xunit;

namespace DeterministicInference.Server.Tests.EndToEnd.Dialects;

/// <summary>Whatever the engine, a client sees one API: answers differ in their content only.</summary>
[Collection(DialectGroup.Name)]
public sealed class AnswerShapeTests(DialectServers servers)
{
    private static readonly string[] ApiReasons = ["stop", "length", "tool_calls", "content_filter"];

    [Theory]
    [MemberData(nameof(Dialect.All), MemberType = typeof(Dialect))]
    public async Task Health_has_one_shape(string dialect)
    {
        DialectServer server = await servers.StartedAsync(dialect);
        JsonObject health = (await server.Api.GetAsync("/health")).Json;
        Assert.Equal(("healthy", true), ((string?)health["status"], (bool?)health["backend"]!["healthy"]));
        Assert.Equal(["status", "backend", "receipts", "determinism"], health.Select(member => member.Key));
        Assert.Equal(["status", "healthy", "url"], health["backend"]!.AsObject().Select(member => member.Key).Take(3));
        Assert.Equal(["class", "reasons", "pending"], health["determinism"]!.AsObject().Select(member => member.Key));
        Assert.Equal("ok", (string?)health["receipts"]!["status"]);
    }

    [Theory]
    [MemberData(nameof(Dialect.All), MemberType = typeof(Dialect))]
    public async Task The_served_model_is_listed_by_its_name(string dialect)
    {
        DialectServer server = await servers.StartedAsync(dialect);
        JsonObject models = (await server.Api.GetAsync("/v1/models")).Json;
        Assert.Equal(["object", "data"], models.Select(member => member.Key));
        JsonObject model = Assert.Single(models["data"]!.AsArray())!.AsObject();
        // The context's length and the origin only of engines that report them.
        Assert.Equal(
            ["created", "id", "object", "owned_by"],
            model.Select(member => member.Key).Where(name => name is not ("max_model_len" or "root")).Order()
        );
        Assert.Equal(dialect != Dialect.Tgi, (int?)model["max_model_len"] > 0);
        Assert.Equal(DialectServer.Model, (string?)model["id"]);
    }

    [Theory]
    [MemberData(nameof(Dialect.All), MemberType = typeof(Dialect))]
    public async Task A_completion_has_the_documented_members(string dialect)
    {
        JsonObject answer = await AnswerAsync(dialect, isChat: false);
        Assert.Equal("text_completion", (string?)answer["object"]);
        Assert.NotEmpty((string)answer["choices"]![0]!["text"]!);
    }

    [Theory]
    [MemberData(nameof(Dialect.All), MemberType = typeof(Dialect))]
    public async Task A_chat_has_the_documented_members(string dialect)
    {
        JsonObject answer = await AnswerAsync(dialect, isChat: true);
        Assert.Equal("chat.completion", (string?)answer["object"]);
        Assert.Equal("assistant", (string?)answer["choices"]![0]!["message"]!["role"]);
        Assert.NotEmpty((string)answer["choices"]![0]!["message"]!["content"]!);
    }

    [Theory]
    [MemberData(nameof(Dialect.All), MemberType = typeof(Dialect))]
    public async Task A_completions_stream_is_text_then_one_reason_then_usage(string dialect) =>
        Assert.Equal(["text", "finish", "usage"], await KindsAsync(dialect, isChat: false, "text_completion"));

    [Theory]
    [MemberData(nameof(Dialect.All), MemberType = typeof(Dialect))]
    public async Task A_chats_stream_is_the_role_once_then_text_then_one_reason_then_usage(string dialect) =>
        Assert.Equal(
            ["role", "text", "finish", "usage"],
            await KindsAsync(dialect, isChat: true, "chat.completion.chunk")
        );

    [Theory]
    [MemberData(nameof(Dialect.Faked), MemberType = typeof(Dialect))]
    public async Task The_reason_for_the_end_is_one_of_the_APIs(string dialect)
    {
        DialectServer server = await servers.StartedAsync(dialect);
        foreach (bool isChat in (bool[])[false, true])
        {
            var request = DialectRequest.Of(isChat, dialect);
            string stop = (await request.TextAsync(server.Api)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[3];
            Assert.Equal(["length"], await ReasonsAsync(server, request));
            Assert.Equal(["stop"], await ReasonsAsync(server, request with { More = "\"fake\":{\"ends_after\":3}" }));
            Assert.Equal(["stop"], await ReasonsAsync(server, request with { More = $"\"stop\":\"{stop}\"" }));
            Assert.Equal(["stop"], await ReasonsAsync(server, request with { More = $"\"stop\":[\"{stop}\"]" }));
        }
    }

    private static async Task<IEnumerable<string>> ReasonsAsync(DialectServer server, DialectRequest request)
    {
        JsonObject answer = await server.Api.JsonAsync(request.Path, request.Json);
        IReadOnlyList<JsonObject> chunks = await DialectRequest.ChunksAsync(server.Api, request.Path, request.Stream);
        string[] streamed =
        [
            .. chunks
                .SelectMany(chunk => chunk["choices"]!.AsArray())
                .Select(choice => (string?)choice!["finish_reason"])
                .OfType<string>(),
        ];
        Assert.Equal(ChoiceText.Of(answer).Single().Finish, Assert.Single(streamed));
        return streamed;
    }

    private async Task<JsonObject> AnswerAsync(string dialect, bool isChat)
    {
        DialectServer server = await servers.StartedAsync(dialect);
        var request = DialectRequest.Of(isChat, dialect);
        JsonObject answer = await server.Api.JsonAsync(request.Path, request.Json);
        Assert.NotEmpty((string)answer["id"]!);
        Assert.True((long)answer["created"]! > 0);
        Assert.Equal(DialectServer.Model, (string?)answer["model"]);
        JsonNode choice = Assert.Single(answer["choices"]!.AsArray())!;
        Assert.Equal(0, (int)choice["index"]!);
        Assert.Contains((string)choice["finish_reason"]!, ApiReasons);
        RequireUsage(answer["usage"]!);
        Assert.NotEmpty((string)answer["environment"]!);
        Assert.NotNull(answer["determinism"]);
        return answer;
    }

    /// <summary>
    /// The kinds of chunks, in order; consecutive texts count once, and every chunk must have the same answer id.
    /// </summary>
    private async Task<IReadOnlyList<string>> KindsAsync(string dialect, bool isChat, string type)
    {
        DialectServer server = await servers.StartedAsync(dialect);
        var request = DialectRequest.Of(isChat, dialect);
        IReadOnlyList<JsonObject> chunks = await DialectRequest.ChunksAsync(server.Api, request.Path, request.Stream);
        (string? id, string? _, string? model) = Assert.Single(
            chunks.Select(chunk => ((string?)chunk["id"], (string?)chunk["object"], (string?)chunk["model"])).Distinct()
        );
        Assert.All(chunks, chunk => Assert.Equal(type, (string?)chunk["object"]));
        Assert.NotEmpty(id!);
        Assert.Equal(DialectServer.Model, model);

        var kinds = new List<string>();
        foreach (JsonObject chunk in chunks)
        {
            foreach (JsonNode choice in chunk["choices"]!.AsArray().OfType<JsonNode>())
            {
                if ((string?)choice["delta"]?["role"] is { } role)
                    kinds.Add(role == "assistant" ? "role" : role);
                if (ChoiceText.TextOf(choice).Length > 0 && kinds.LastOrDefault() != "text")
                    kinds.Add("text");
                if ((string?)choice["finish_reason"] is { } reason)
                    kinds.Add(ApiReasons.Contains(reason) ? "finish" : reason);
            }
            if (chunk["usage"] is not { } usage)
                continue;
            RequireUsage(usage);
            kinds.Add("usage");
        }
        JsonObject whole = await server.Api.JsonAsync(request.Path, request.Json);
        Assert.Equal(DialectRequest.TextOf(whole), ChoiceText.Of(chunks).Single().Text);
        return kinds;
    }

    private static void RequireUsage(JsonNode usage)
    {
        Assert.Equal(DialectRequest.Tokens, (int)usage["completion_tokens"]!);
        Assert.True((int)usage["prompt_tokens"]! > 0);
        Assert.Equal((int)usage["prompt_tokens"]! + DialectRequest.Tokens, (int)usage["total_tokens"]!);
    }
}
