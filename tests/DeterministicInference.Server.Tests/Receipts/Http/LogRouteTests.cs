using System.IO.Compression;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using DeterministicInference.Receipts.Log;
using DeterministicInference.Server.Tests.Documentation;
using DeterministicInference.Server.Tests.Receipts.Issuing;
using DeterministicInference.Server.Tests.Receipts.Store;
using DeterministicInference.Server.Tests.Serve;
using Xunit;

namespace DeterministicInference.Server.Tests.Receipts.Http;

/// <summary>The log as anyone outside sees it.</summary>
public sealed class LogRouteTests : IDisposable
{
    private readonly StoreFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>With nothing of ours: samples/node/follow.mjs reads the formats from their documents.</summary>
    [Fact]
    public async Task A_reader_in_Node_follows_the_log_and_notices_another_history()
    {
        Assert.SkipWhen(OwnerProcess.Find("node") is null, "skipped: needs Node");
        await _folder.FillAsync(600);
        await using ServeProcess server = await ServeAsync();
        string key = _folder.Beside("key"),
            state = _folder.Beside("state");
        string vkey = (string)(await server.Api.GetAsync("/v1/receipts/key")).Json["vkey"]!;
        await File.WriteAllTextAsync(key, vkey, Cancellation);
        Assert.Equal((0, Told(601, 0)), await FollowAsync(server.Url, key, state));
        for (int i = 0; i < 3; i++)
            await AskAsync(server);
        Assert.Equal((0, Told(604, 601)), await FollowAsync(server.Url, key, state));
        Assert.Equal((0, Told(604, 604)), await FollowAsync(server.Url, key, state));

        // The log's own key signs another history: the evidence is in both signatures.
        using var signer = DeterministicInference.Receipts.Signing.SigningKeyFile.Read(_folder.KeyFile);
        string origin = vkey[..vkey.IndexOf('+', StringComparison.Ordinal)];
        foreach (int size in (int[])[1, 300, 604])
        {
            string fork = new Checkpoint(origin, size, MerkleHash.Empty).Sign(signer).ToString();
            await File.WriteAllTextAsync(state, fork, Cancellation);
            (int exit, string text) = await FollowAsync(server.Url, key, state);
            Assert.Equal(13, exit);
            Assert.StartsWith($"NOT CONSISTENT: the first {size} entries", text, StringComparison.Ordinal);
            Assert.Contains(fork, text, StringComparison.Ordinal);
            Assert.Contains(await TextAsync(server, "checkpoint"), text, StringComparison.Ordinal);
            Assert.Equal(fork, await File.ReadAllTextAsync(state, Cancellation));
        }
    }

    /// <summary>A cache may show an old checkpoint, and a disk may be full: only what is proven accuses.</summary>
    [Fact]
    public async Task What_a_reader_in_Node_can_t_prove_is_an_error()
    {
        Assert.SkipWhen(OwnerProcess.Find("node") is null, "skipped: needs Node");
        await _folder.FillAsync(3);
        string key = _folder.Beside("key"),
            state = _folder.Beside("state");
        string url;
        await using (ServeProcess server = await ServeAsync())
        {
            url = server.Url;
            string vkey = (string)(await server.Api.GetAsync("/v1/receipts/key")).Json["vkey"]!;
            await File.WriteAllTextAsync(key, vkey, Cancellation);
            using var signer = DeterministicInference.Receipts.Signing.SigningKeyFile.Read(_folder.KeyFile);
            string origin = vkey[..vkey.IndexOf('+', StringComparison.Ordinal)];
            string later = new Checkpoint(origin, 900, MerkleHash.Empty).Sign(signer).ToString();
            foreach (
                (string kept, string finding) in new[]
                {
                    (later, "error: the log shows a checkpoint of 4 entries, and has shown one of 900\n"),
                    ("", "error: what was kept of the log is damaged, or of another: "),
                }
            )
            {
                await File.WriteAllTextAsync(state, kept, Cancellation);
                (int exit, string text) = await FollowAsync(server.Url, key, state);
                Assert.Equal(1, exit);
                Assert.StartsWith(finding, text, StringComparison.Ordinal);
            }
        }
        File.Delete(state);
        (int unreachable, string why) = await FollowAsync(url, key, state);
        Assert.Equal(1, unreachable);
        Assert.StartsWith("error: ", why, StringComparison.Ordinal);
        Assert.False(File.Exists(state));
    }

    [Fact]
    public async Task Each_tile_of_the_checkpoint_is_served_and_no_other()
    {
        await _folder.FillAsync(600);
        await using ServeProcess server = await ServeAsync();
        string note = await TextAsync(server, "checkpoint");
        Assert.Equal(601, Checkpoint.Parse(SignedNote.Parse(note).Text).Size);
        foreach (
            (string path, int bytes) in new[]
            {
                ("tile/0/000", 8192),
                ("tile/0/001", 8192),
                ("tile/0/002.p/89", 89 * 32),
                ("tile/0/002.p/1", 32),
                ("tile/0/000.p/255", 255 * 32),
                ("tile/1/000.p/2", 64),
                ("tile/1/000.p/1", 32),
                ("tile/entries/002.p/89", 89 * 85),
                ("tile/entries/002.p/2", 170),
            }
        )
        {
            using HttpResponseMessage reply = await GetAsync(server, path);
            Assert.Equal((path, bytes), (path, (int)reply.Content.Headers.ContentLength!));
            Assert.Equal("application/octet-stream", reply.Content.Headers.ContentType!.ToString());
            // Another log may be continued one day, whose tiles are others.
            Assert.Equal("no-cache", reply.Headers.CacheControl!.ToString());
            using HttpResponseMessage lasting = await GetAsync(server, path, "/v1/logs/1");
            Assert.Equal("public, max-age=31536000, immutable", lasting.Headers.CacheControl!.ToString());
            Assert.Equal(
                await reply.Content.ReadAsByteArrayAsync(Cancellation),
                await lasting.Content.ReadAsByteArrayAsync(Cancellation)
            );
        }
        foreach (
            string path in (string[])
                [
                    "tile/0/002",
                    "tile/0/002.p/90",
                    "tile/0/002.p/0",
                    "tile/0/002.p/089",
                    "tile/0/003.p/1",
                    "tile/0/0",
                    "tile/00/000",
                    "tile/0/x000/000",
                    "tile/1/000",
                    "tile/1/000.p/3",
                    "tile/2/000.p/1",
                    "tile/63/000",
                    "tile/64/000",
                    "tile/-1/000",
                    "tile/entries/002",
                    "tile/entries/x009/x223/x372/x036/x854/x775/x807",
                    "tile/entries/x036/x028/x797/x018/x963/x967/x000",
                    "tile/0/999/999",
                    "tile/",
                    "tile/0/000/",
                ]
        )
        {
            JsonNode error = OpenAIErrors.Read(await server.Api.GetAsync($"/v1/log/{path}"), HttpStatusCode.NotFound);
            Assert.Equal((path, "log_tile_not_found"), (path, (string?)error["code"]));
        }
    }

    /// <summary>Served tiles are enough for any proof.</summary>
    [Fact]
    public async Task Any_two_checkpoints_are_proved_consistent_and_any_receipt_included()
    {
        await _folder.FillAsync(600);
        await using ServeProcess server = await ServeAsync();
        NoteKey key = NoteKey.Parse((string)(await server.Api.GetAsync("/v1/receipts/key")).Json["vkey"]!);
        ReceivedAnswer first = await AskAsync(server);
        TlogProof proof = TlogProof.Parse(first.Receipt.Proof);
        Checkpoint before = Checkpoint.Verify(proof.Checkpoint, key);
        for (int i = 0; i < 2; i++)
            await AskAsync(server);
        Checkpoint now = Checkpoint.Verify(await TextAsync(server, "checkpoint"), key);
        Assert.Equal((602, 604), (before.Size, now.Size));
        var tiles = new Dictionary<(int, long), byte[]>();
        for (int level = 0; level < 2; level++)
        {
            long count = now.Size >> (8 * level);
            for (long index = 0; index * 256 < count; index++)
            {
                int width = (int)Math.Min(256, count - index * 256);
                tiles[(level, index)] = await BytesAsync(server, $"{new TilePath(level, index, width)}");
            }
        }
        Assert.True(
            MerkleProof.VerifyConsistency(
                before.Size,
                before.Root,
                now.Size,
                now.Root,
                MerkleProof.Consistency(before.Size, now.Size, Read)
            )
        );
        Assert.True(
            MerkleProof.VerifyInclusion(
                LogEntry.Receipt(first.Receipt.Statement.Span).Leaf,
                proof.Index,
                now.Size,
                MerkleProof.Inclusion(proof.Index, now.Size, Read),
                now.Root
            )
        );

        ReadOnlyMemory<byte> Read(int level, long index) => tiles.GetValueOrDefault((level, index));
    }

    [Fact]
    public async Task Entries_are_compressed_for_who_takes_it()
    {
        await _folder.FillAsync(300);
        await using ServeProcess server = await ServeAsync();
        byte[] plain = await BytesAsync(server, "tile/entries/000");
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/log/tile/entries/000");
        request.Headers.Add("Accept-Encoding", "br, gzip;q=0.5");
        using HttpResponseMessage reply = await server.Api.Http.SendAsync(request, Cancellation);
        Assert.Equal(["gzip"], reply.Content.Headers.ContentEncoding);
        Assert.Equal(["Accept-Encoding"], reply.Headers.Vary);
        Assert.True(reply.Content.Headers.ContentLength < plain.Length * 2 / 3);
        await using Stream body = await reply.Content.ReadAsStreamAsync(Cancellation);
        await using var gzip = new GZipStream(body, CompressionMode.Decompress);
        using var read = new MemoryStream();
        await gzip.CopyToAsync(read, Cancellation);
        Assert.Equal(plain, read.ToArray());
        using var refusing = new HttpRequestMessage(HttpMethod.Get, "/v1/log/tile/entries/000");
        refusing.Headers.Add("Accept-Encoding", "gzip;q=0");
        using HttpResponseMessage refused = await server.Api.Http.SendAsync(refusing, Cancellation);
        Assert.Empty(refused.Content.Headers.ContentEncoding);
    }

    [Fact]
    public async Task The_log_needs_the_key_unless_it_is_public()
    {
        await _folder.FillAsync(1);
        string[] paths = ["/v1/logs", "/v1/logs/1/tile/0/000.p/2", "/v1/receipts/key", "/v1/log/checkpoint"];
        await using (ServeProcess server = await ServeAsync("--api-key", "k1"))
        {
            foreach (string path in paths)
                Assert.Equal(HttpStatusCode.Unauthorized, (await server.Api.GetAsync(path)).Status);
            server.Api.Http.DefaultRequestHeaders.Add("Authorization", "Bearer k1");
            Reply tile = await server.Api.GetAsync(paths[1]);
            Assert.Equal(
                (HttpStatusCode.OK, "max-age=31536000, private, immutable"),
                (tile.Status, tile.Headers.CacheControl!.ToString())
            );
        }
        await using ServeProcess open = await ServeAsync("--api-key", "k1", "--public-log");
        foreach (string path in paths)
            Assert.Equal(HttpStatusCode.OK, (await open.Api.GetAsync(path)).Status);
        foreach (string path in (string[])["/v1/models", "/v1/receipts/x", "/v1/logsx", "/v1/receipts/key/x"])
            Assert.Equal(HttpStatusCode.Unauthorized, (await open.Api.GetAsync(path)).Status);
    }

    [Fact]
    public async Task A_damaged_tile_is_an_error_and_not_served()
    {
        await _folder.FillAsync(300);
        await using ServeProcess server = await ServeAsync();
        _folder.Tamper("DELETE FROM entry WHERE idx = 280");
        foreach (string tile in new[] { "entries/001.p/45", "0/001.p/45", "0/001.p/30" })
        {
            JsonNode error = OpenAIErrors.Read(
                await server.Api.GetAsync($"/v1/log/tile/{tile}"),
                HttpStatusCode.InternalServerError,
                "server_error"
            );
            Assert.Equal("log_damaged", (string?)error["code"]);
        }
        Assert.Equal(
            "of the entries from 256 on 1 are missing; receipts check finds what is damaged",
            (string?)(await server.Api.GetAsync("/health")).Json["receipts"]!["detail"]
        );
    }

    /// <summary>What a receipt seals is proved without the document of its environment.</summary>
    [Fact]
    public async Task A_damaged_environment_is_told_and_costs_no_receipt()
    {
        string id = (await _folder.FillAsync(1))[0].ReceiptId;
        await using ServeProcess server = await ServeAsync();
        string path = $"/v1/environment/{_folder.Environment.Id}";
        Assert.Equal(HttpStatusCode.OK, (await server.Api.GetAsync(path)).Status);
        _folder.Tamper($"UPDATE environment SET document = x'7b7d' WHERE id = x'{_folder.Environment.Id}'");
        Reply receipt = await server.Api.GetAsync($"/v1/receipts/{id}");
        Assert.Equal(HttpStatusCode.OK, receipt.Status);
        Assert.Null(receipt.Json["environment"]);
        Assert.NotNull(receipt.Json["proof"]);
        Assert.Contains(
            $"the document of the environment {_folder.Environment.Id} was changed",
            (string?)(await server.Api.GetAsync("/health")).Json["receipts"]!["detail"],
            StringComparison.Ordinal
        );
        JsonNode error = OpenAIErrors.Read(
            await server.Api.GetAsync(path),
            HttpStatusCode.InternalServerError,
            "server_error"
        );
        Assert.Equal("log_damaged", (string?)error["code"]);
    }

    [Fact]
    public async Task Without_receipts_there_is_no_log()
    {
        await using ServeProcess server = await ServeProcess.EmbeddedAsync(TestModels.Chat, "--receipts", "off");
        JsonNode error = OpenAIErrors.Read(await server.Api.GetAsync("/v1/log/checkpoint"), HttpStatusCode.NotFound);
        Assert.Contains("serve without --receipts off", (string?)error["message"], StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    private static string Told(long size, long seen) =>
        $"the log has {size} entries, and begins with the {seen} that were seen before\n";

    private static Task<ReceivedAnswer> AskAsync(ServeProcess server) =>
        ReceivedAnswer.AskAsync(server.Api, ApiClient.Completions, """{"prompt":"a","max_tokens":2}""");

    private static async Task<(int ExitCode, string Output)> FollowAsync(string url, string key, string state)
    {
        CommandResult result = await InstalledProgram.RunAsync(
            OwnerProcess.Find("node")!,
            [Path.Combine(RepositoryFiles.Root, "samples", "node", "follow.mjs"), url, key, state]
        );
        return (result.ExitCode, result.Output + result.Error);
    }

    private static async Task<string> TextAsync(ServeProcess server, string path) =>
        Encoding.UTF8.GetString(await BytesAsync(server, path));

    private static async Task<byte[]> BytesAsync(ServeProcess server, string path)
    {
        using HttpResponseMessage reply = await GetAsync(server, path);
        return await reply.Content.ReadAsByteArrayAsync(Cancellation);
    }

    private static async Task<HttpResponseMessage> GetAsync(ServeProcess server, string path, string log = "/v1/log")
    {
        HttpResponseMessage reply = await server.Api.Http.GetAsync(
            new Uri($"{log}/{path}", UriKind.Relative),
            Cancellation
        );
        Assert.True(reply.IsSuccessStatusCode, path);
        return reply;
    }

    private Task<ServeProcess> ServeAsync(params string[] arguments) =>
        ServeProcess.EmbeddedAsync(TestModels.Chat, ["--data-dir", _folder.Path, .. arguments]);
}
