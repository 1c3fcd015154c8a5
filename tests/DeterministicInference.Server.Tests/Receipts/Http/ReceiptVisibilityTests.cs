using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using DeterministicInference.Receipts.Statements;
using DeterministicInference.Server.Tests.Gateway.Admission;
using DeterministicInference.Server.Tests.Receipts.Issuing;
using DeterministicInference.Server.Tests.Receipts.Store;
using Xunit;

namespace DeterministicInference.Server.Tests.Receipts.Http;

/// <summary>Which API key gets which receipts, over the starts of servers of one folder.</summary>
public sealed class ReceiptVisibilityTests : IDisposable
{
    private const string Mine = "sk-mine-0123456789",
        Theirs = "sk-theirs-0123456789",
        Request = """{"messages":[{"role":"user","content":"whose"}],"max_tokens":2}""",
        Streamed = """{"messages":[{"role":"user","content":"whose"}],"max_tokens":2,"stream":true}""",
        NeverIssued = "6b02bfc02c23b6d6bcff6d3e7a776aa7";

    private readonly StoreFolder _folder = new();

    [Theory]
    [InlineData("inline", Request)]
    [InlineData("inline", Streamed)]
    [InlineData("reference", Request)]
    [InlineData("reference", Streamed)]
    public async Task A_key_gets_its_own_receipts_and_no_others(string receipts, string request)
    {
        await using ServeProcess server = await ServeAsync("--receipts", receipts, "--api-key", $"{Mine} {Theirs}");
        string mine = await AskAsync(server, Mine, request),
            theirs = await AskAsync(server, Theirs, request);
        Assert.Equal(mine, (string?)(await GetAsync(server, mine, Mine)).Json["receipt_id"]);
        Assert.Equal(theirs, (string?)(await GetAsync(server, theirs, Theirs)).Json["receipt_id"]);
        await RequireUnknownAsync(server, mine, Theirs);
        await RequireUnknownAsync(server, theirs, Mine);
        Reply head = await SendAsync(server, HttpMethod.Head, mine, "Authorization", "Bearer " + Theirs);
        Assert.Equal(HttpStatusCode.NotFound, head.Status);
        Assert.Equal(HttpStatusCode.OK, (await SendAsync(server, HttpMethod.Get, mine, "X-Api-Key", Mine)).Status);
        foreach (string? wrong in (string?[])[null, "sk-mine-0123456788"])
        {
            Reply refused = await GetAsync(server, mine, wrong);
            Assert.Equal("invalid_api_key", (string?)OpenAIErrors.Read(refused, HttpStatusCode.Unauthorized)["code"]);
        }
    }

    [Fact]
    public async Task With_all_every_key_gets_every_receipt()
    {
        await using ServeProcess server = await ServeAsync(
            "--api-key",
            $"{Mine} {Theirs}",
            "--receipts-visible",
            "all"
        );
        string mine = await AskAsync(server, Mine);
        Assert.Equal(mine, (string?)(await GetAsync(server, mine, Theirs)).Json["receipt_id"]);
        Assert.Equal(HttpStatusCode.Unauthorized, (await GetAsync(server, mine, "wrong")).Status);
    }

    /// <summary>The rest of a broken stream's text is as confidential as that of a whole one.</summary>
    [Fact]
    public async Task The_receipt_of_a_stream_that_was_left_is_its_keys_own()
    {
        await using ServeProcess server = await ServeAsync("--api-key", $"{Mine} {Theirs}");
        string id;
        using (
            var request = ApiClient.Post(
                ApiClient.Chat,
                """{"messages":[{"role":"user","content":"long"}],"max_tokens":400,"ignore_eos":true,"stream":true}"""
            )
        )
        {
            request.Headers.Add("Authorization", "Bearer " + Mine);
            using HttpResponseMessage response = await server.Api.Http.SendAsync(
                request,
                HttpCompletionOption.ResponseHeadersRead,
                TestContext.Current.CancellationToken
            );
            id = Assert.Single(response.Headers.GetValues("X-Receipt-Id"));
        }
        await Limits.UntilAsync(
            async () => (await GetAsync(server, id, Mine)).Status == HttpStatusCode.OK,
            () => $"There is no receipt {id}."
        );
        await RequireUnknownAsync(server, id, Theirs);
    }

    [Fact]
    public async Task What_is_whose_does_not_depend_on_starts_order_and_labels_of_keys()
    {
        string mine;
        await using (ServeProcess server = await ServeAsync("--api-key", $"{Mine} {Theirs}"))
            mine = await AskAsync(server, Mine);
        string file = ApiKeyTests.File($"team-a {Mine}\n");
        await using (ServeProcess server = await ServeAsync("--api-key", $"new {Theirs}", "--api-key-file", file))
        {
            Assert.Equal(HttpStatusCode.OK, (await GetAsync(server, mine, Mine)).Status);
            await RequireUnknownAsync(server, mine, Theirs);
            await RequireUnknownAsync(server, mine, "new");
        }
    }

    [Fact]
    public async Task The_receipts_of_a_key_that_was_removed_are_nobodys_until_it_is_back()
    {
        string mine;
        await using (ServeProcess server = await ServeAsync("--api-key", Mine))
            mine = await AskAsync(server, Mine);
        await using (ServeProcess server = await ServeAsync("--api-key", Theirs))
        {
            await RequireUnknownAsync(server, mine, Theirs);
            Assert.Equal(HttpStatusCode.Unauthorized, (await GetAsync(server, mine, Mine)).Status);
        }
        await using (ServeProcess server = await ServeAsync("--api-key", $"{Theirs} {Mine}"))
            Assert.Equal(HttpStatusCode.OK, (await GetAsync(server, mine, Mine)).Status);
    }

    [Fact]
    public async Task Switching_keys_on_or_off_opens_no_receipt()
    {
        string mine,
            open;
        await using (ServeProcess server = await ServeAsync("--api-key", Mine))
            mine = await AskAsync(server, Mine);
        await using (ServeProcess server = await ServeAsync())
        {
            open = await AskAsync(server, null);
            Assert.Equal(HttpStatusCode.OK, (await GetAsync(server, open, null)).Status);
            await RequireUnknownAsync(server, mine, null);
            // A key that nobody asks for is no key.
            await RequireUnknownAsync(server, mine, Mine);
        }
        await using (ServeProcess server = await ServeAsync("--api-key", $"{Theirs} {Mine}"))
        {
            Assert.Equal(HttpStatusCode.OK, (await GetAsync(server, mine, Mine)).Status);
            await RequireUnknownAsync(server, open, Mine);
            await RequireUnknownAsync(server, open, Theirs);
        }
        await using (ServeProcess server = await ServeAsync("--receipts-visible", "all"))
        {
            foreach (string id in (string[])[mine, open])
                Assert.Equal(HttpStatusCode.OK, (await GetAsync(server, id, null)).Status);
        }
    }

    [Fact]
    public async Task That_a_receipt_was_deleted_is_told_to_its_own_key_alone()
    {
        string[] keys = ["--api-key", $"{Mine} {Theirs}"];
        string mine;
        DateTimeOffset issued;
        await using (ServeProcess server = await ServeAsync(keys))
        {
            mine = await AskAsync(server, Mine);
            issued = TimeProvider.System.GetUtcNow();
        }
        // Ages are counted in seconds.
        await Limits.UntilAsync(
            () => TimeProvider.System.GetUtcNow() > issued + TimeSpan.FromSeconds(2),
            () => "The clock stands."
        );
        await using (ServeProcess server = await ServeAsync([.. keys, "--receipt-retention", "1ms"]))
        {
            await server.LineAsync("1 receipts were deleted with their salts");
            JsonNode gone = OpenAIErrors.Read(await GetAsync(server, mine, Mine), HttpStatusCode.Gone);
            Assert.Equal("receipt_pruned", (string?)gone["code"]);
            await RequireUnknownAsync(server, mine, Theirs);
        }
        await using (ServeProcess server = await ServeAsync([.. keys, "--receipts-visible", "all"]))
            Assert.Equal(HttpStatusCode.Gone, (await GetAsync(server, mine, Theirs)).Status);
        await using (ServeProcess server = await ServeAsync())
            await RequireUnknownAsync(server, mine, null);
    }

    /// <summary>All that another key can get tells neither id nor salt nor statement.</summary>
    [Fact]
    public async Task No_other_route_shows_anything_of_a_receipt()
    {
        await using ServeProcess server = await ServeAsync("--api-key", $"{Mine} {Theirs}");
        ReceivedAnswer answer = await ReceivedAnswer.AskAsync(
            server.Api,
            ApiClient.Chat,
            Request,
            [("Authorization", "Bearer " + Mine)]
        );
        Receipt receipt = answer.Receipt;
        string environment = answer.Statement.EnvironmentId.ToString();
        string[] secrets =
        [
            answer.ReceiptId,
            receipt.Salts!.Root!.ToBase64(),
            answer.Statement.OutputCommitment.ToString()!,
            Encoding.UTF8.GetString(receipt.Statement.Span),
        ];
        foreach (
            string path in (string[])
                [
                    "/health",
                    "/livez",
                    "/readyz",
                    "/v1/models",
                    "/v1/environment",
                    $"/v1/environment/{environment}",
                    "/v1/receipts/key",
                    "/v1/log/checkpoint",
                    "/v1/log/tile/0/000.p/2",
                    "/v1/log/tile/entries/000.p/2",
                ]
        )
        {
            Reply reply = await SendAsync(server, HttpMethod.Get, path, "Authorization", "Bearer " + Theirs);
            Assert.Equal(HttpStatusCode.OK, reply.Status);
            string shown = string.Join('\n', [reply.Body, .. reply.Headers.SelectMany(header => header.Value)]);
            Assert.All(secrets, secret => Assert.DoesNotContain(secret, shown, StringComparison.Ordinal));
        }
        // Negative control: its own key sees all of them.
        string own = (await GetAsync(server, answer.ReceiptId, Mine)).Body;
        Assert.Contains(secrets[0], own, StringComparison.Ordinal);
        Assert.Contains(secrets[1], own, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    private Task<ServeProcess> ServeAsync(params string[] arguments) =>
        ServeProcess.EmbeddedAsync(TestModels.Chat, ["--data-dir", _folder.Path, .. arguments]);

    private static async Task<string> AskAsync(ServeProcess server, string? key, string request = Request) =>
        (
            await ReceivedAnswer.AskAsync(
                server.Api,
                ApiClient.Chat,
                request,
                key is null ? [] : [("Authorization", "Bearer " + key)]
            )
        ).ReceiptId;

    private static Task<Reply> GetAsync(ServeProcess server, string id, string? key) =>
        SendAsync(server, HttpMethod.Get, id, "Authorization", key is null ? null : "Bearer " + key);

    private static Task<Reply> SendAsync(
        ServeProcess server,
        HttpMethod method,
        string idOrPath,
        string header,
        string? value
    )
    {
        var request = new HttpRequestMessage(method, idOrPath[0] == '/' ? idOrPath : $"/v1/receipts/{idOrPath}");
        if (value is not null)
            request.Headers.Add(header, value);
        return server.Api.SendAsync(request);
    }

    /// <summary>Status, headers and body are those of an id that was never issued.</summary>
    private static async Task RequireUnknownAsync(ServeProcess server, string id, string? key)
    {
        Reply never = await GetAsync(server, NeverIssued, key),
            reply = await GetAsync(server, id, key);
        Assert.Equal("receipt_not_found", (string?)OpenAIErrors.Read(never, HttpStatusCode.NotFound)["code"]);
        Assert.Equal((never.Status, never.Body), (reply.Status, reply.Body));
        Assert.Equal(Headers(never), Headers(reply));

        static IEnumerable<string> Headers(Reply reply) =>
            reply
                .Headers.Concat(reply.ContentHeaders)
                .Where(header => header.Key.ToUpperInvariant() is not ("DATE" or "X-REQUEST-ID"))
                .Select(header => $"{header.Key}: {string.Join(',', header.Value)}");
    }
}
