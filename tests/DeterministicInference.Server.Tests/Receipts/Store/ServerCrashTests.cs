using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using DeterministicInference.Receipts.Statements;
using DeterministicInference.Server.Tests.Receipts.Issuing;
using Xunit;

namespace DeterministicInference.Server.Tests.Receipts.Store;

/// <summary>A receipt that a client holds is on the server's disk, whenever and however the server ends.</summary>
public sealed class ServerCrashTests
{
    private const int Clients = 4;

    private static readonly string[] Embedded =
    [
        "--backend",
        "embedded",
        "--model-path",
        TestModels.Chat,
        "--log-level",
        "WARNING",
    ];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task After_kill_9_under_load_no_receipt_that_a_client_received_is_missing()
    {
        var launch = new ServeLaunch();
        ConcurrentBag<string> received = [];
        int rounds = LongRun.Times(usually: 3, atLength: 200);
        for (int round = 0; round < rounds; round++)
        {
            await using ServeProcess server = await StartAsync(launch);
            int awaited = received.Count + 1 + round * 29 % 53;
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
            var enough = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            Task[] clients =
            [
                .. Enumerable
                    .Range(0, Clients)
                    .Select(client =>
                        AskAsync(server, client, received, () => Tell(received.Count >= awaited, enough), stop.Token)
                    ),
            ];
            await enough.Task.Within();
            server.Kill();
            await server.WaitForExitAsync();
            await stop.CancelAsync();
            await Task.WhenAll(clients).Within();
            await server.Family.GoneAsync();
        }
        await using ServeProcess last = await StartAsync(launch);
        foreach (string id in received)
        {
            Reply reply = await last.Api.GetAsync($"/v1/receipts/{id}");
            Assert.True(reply.Status == HttpStatusCode.OK, $"{id}: {reply.Body}");
        }
        Assert.True(received.Count >= rounds);
        TestContext.Current.TestOutputHelper?.WriteLine($"{rounds} kills, {received.Count} receipts, all there.");
    }

    [Fact]
    public async Task The_log_is_synced_before_the_bytes_that_carry_a_receipt_leave()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && InstalledProgram.Exists("strace"), "skipped: needs strace");
        var launch = new ServeLaunch();
        string trace = Path.Combine(launch.GuardStateDirectory, "trace");
        const int Count = 10;
        await using (ServeProcess server = await StartAsync(launch))
        {
            using Process strace = await AttachedTrace.StartAsync(
                server.Id,
                "sendmsg,sendto,write,writev,pwrite64,fsync,fdatasync",
                trace
            );
            for (int i = 0; i < Count; i++)
            {
                ReceivedAnswer answer = await ReceivedAnswer.AskAsync(
                    server.Api,
                    ApiClient.Completions,
                    $$"""{"prompt":"traced {{i}}","max_tokens":2,"stream":{{(i % 2 == 0 ? "true" : "false")}}}"""
                );
                Assert.NotNull(answer.Determinism);
            }
            server.Terminate();
            await strace.WaitForExitAsync(Cancellation).Within();
        }
        string wal = Path.Combine(
            launch.GuardStateDirectory,
            "deterministic-inference",
            "receipts",
            "log-1",
            "receipts.db-wal"
        );
        int told = SyncOrder.ReceiptsAfterSync(
            await File.ReadAllLinesAsync(trace, Cancellation),
            wal,
            call =>
                call.StartsWith("send", StringComparison.Ordinal)
                && call.Contains("receipt_id", StringComparison.Ordinal)
        );
        Assert.Equal(Count, told);
    }

    /// <summary>
    /// Needs no privileges: a file size limit simulates the full disk. It affects all files of the server, the
    /// checkpoint file too.
    /// </summary>
    [Theory]
    [InlineData("continue")]
    [InlineData("refuse")]
    public async Task While_the_disk_takes_nothing_the_setting_decides(string setting)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "skipped: needs Linux");
        await using ServeProcess server = await ServeProcess.EmbeddedAsync(
            TestModels.Chat,
            "--on-receipt-failure",
            setting
        );
        await AssertSettingDecidesAsync(
            server,
            setting,
            () => FileSizeLimit.Set(server.Id, 1),
            () => FileSizeLimit.Lift(server.Id)
        );
    }

    /// <summary>A disk that is really full, used by the store alone.</summary>
    [Theory]
    [InlineData("continue")]
    [InlineData("refuse")]
    public async Task While_the_disk_of_the_receipts_is_full_the_setting_decides(string setting)
    {
        await SmallDisk.RequireAsync();
        string folder = TestModels.NewFolder("data");
        var disk = new SmallDisk(folder, 4 << 20);
        string[] command = [.. disk.Prefix, ServerProgram.Built.File, .. ServerProgram.Built.Leading];
        var program = new ServerProgram(command[0], command[1..]);
        await using ServeProcess server = await ServeProcess.EmbeddedAsync(
            program,
            TestModels.Chat,
            "--on-receipt-failure",
            setting,
            "--data-dir",
            folder
        );
        await AssertSettingDecidesAsync(server, setting, () => disk.Fill(server.Id), () => disk.Free(server.Id));
    }

    [Fact]
    public async Task A_stream_that_its_client_left_has_a_receipt_that_says_so()
    {
        await using ServeProcess server = await ServeProcess.EmbeddedAsync(TestModels.Slow);
        string id;
        using (
            EventStream stream = await server.Api.OpenAsync(
                ApiClient.Completions,
                """{"prompt":"a","max_tokens":4000,"ignore_eos":true,"stream":true}"""
            )
        )
        {
            id = Assert.Single(stream.Response.Headers.GetValues("X-Receipt-Id"));
            for (int i = 0; i < 3; i++)
                Assert.NotNull(await stream.ReadAsync());
        }
        Reply reply = await server.Api.AnswersAsync($"/v1/receipts/{id}", HttpStatusCode.OK, server);
        ReceiptStatement statement = StatementReader.Read(
            Receipt.FromJson(Encoding.UTF8.GetBytes(reply.Body)).Statement
        );
        Assert.False(statement.Complete);
        Assert.DoesNotContain("trail\":", reply.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_second_server_on_the_same_folder_is_refused_with_the_remedy()
    {
        await using ServeProcess first = await ServeProcess.EmbeddedAsync(TestModels.Chat);
        var second = new ServeLaunch();
        CommandResult result = await second.RunAsync([
            .. Embedded,
            "--data-dir",
            Path.Combine(first.GuardStateDirectory, "deterministic-inference", "receipts"),
        ]);
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("--data-dir", result.Error, StringComparison.Ordinal);
        Assert.Contains("--receipts off", result.Error, StringComparison.Ordinal);
    }

    private static void Tell(bool isEnough, TaskCompletionSource enough)
    {
        if (isEnough)
            enough.TrySetResult();
    }

    private static async Task<ServeProcess> StartAsync(ServeLaunch launch)
    {
        ServeProcess server = await ServeProcess.StartAsync(
            ServerProgram.Built,
            Embedded,
            isQuiet: true,
            launch: launch
        );
        await server.Api.AnswersAsync("/readyz", HttpStatusCode.OK, server);
        return server;
    }

    private static async Task AskAsync(
        ServeProcess server,
        int client,
        ConcurrentBag<string> received,
        Action tell,
        CancellationToken stop
    )
    {
        for (int i = 0; !stop.IsCancellationRequested; i++)
        {
            bool isStream = (client + i) % 2 == 0;
            try
            {
                using HttpRequestMessage request = ApiClient.Post(
                    ApiClient.Completions,
                    $$"""{"prompt":"{{client}} {{i}}","max_tokens":2,"stream":{{(isStream ? "true" : "false")}}}"""
                );
                using HttpResponseMessage response = await server.Api.Http.SendAsync(
                    request,
                    HttpCompletionOption.ResponseHeadersRead,
                    stop
                );
                using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(stop));
                // Received lines count, even if the connection broke before the end.
                while (await reader.ReadLineAsync(stop) is { } line)
                {
                    string? json = isStream
                        ? (
                            line.StartsWith(": dis-receipt ", StringComparison.Ordinal)
                                ? line[": dis-receipt ".Length..]
                                : null
                        )
                        : JsonNode.Parse(line)!["determinism"]!.ToJsonString();
                    if (json is null)
                        continue;
                    received.Add(Receipt.FromJson(Encoding.UTF8.GetBytes(json)).ReceiptId);
                    tell();
                }
            }
            catch (Exception e)
                when (e
                        is HttpRequestException
                            or IOException
                            or OperationCanceledException
                            or System.Text.Json.JsonException
                )
            {
                if (server.HasExited)
                    return;
            }
        }
    }

    private static async Task AssertSettingDecidesAsync(ServeProcess server, string setting, Action fill, Action free)
    {
        const string Json = """{"prompt":"full","max_tokens":2}""",
            Stream = """{"prompt":"full","max_tokens":2,"stream":true}""";
        await ReceivedAnswer.AskAsync(server.Api, ApiClient.Completions, Json);
        fill();
        if (setting == "continue")
        {
            foreach (string request in (string[])[Json, Stream])
            {
                ReceivedAnswer answer = await ReceivedAnswer.AskAsync(server.Api, ApiClient.Completions, request);
                string without = $$"""{"receipt_id":"{{answer.ReceiptId}}","error":"log_unavailable"}""";
                Assert.Equal(without, answer.Determinism);
            }
            Assert.Equal(HttpStatusCode.OK, (await server.Api.GetAsync("/readyz")).Status);
        }
        else
        {
            using (EventStream stream = await server.Api.OpenAsync(ApiClient.Completions, Stream))
            {
                // A broken stream never ends regularly.
                await Assert.ThrowsAnyAsync<IOException>(stream.ReadToEndAsync);
            }
            Assert.Equal(HttpStatusCode.ServiceUnavailable, (await server.Api.GetAsync("/readyz")).Status);
            foreach (string request in (string[])[Json, Stream])
            {
                Reply refused = await server.Api.PostAsync(ApiClient.Completions, request);
                JsonNode error = OpenAIErrors.Read(refused, HttpStatusCode.ServiceUnavailable, "server_error");
                Assert.Equal("log_unavailable", (string?)error["code"]);
                Assert.Equal("5", Assert.Single(refused.Headers.GetValues("Retry-After")));
                // The engine, which would count tokens, does not get the request.
                string id = Assert.Single(refused.Headers.GetValues("x-request-id"));
                await server.LineAsync($" prompt_tokens=0 completion_tokens=0 {id}");
            }
        }
        JsonObject health = (await server.Api.GetAsync("/health")).Json;
        Assert.Equal("unavailable", (string?)health["receipts"]!["status"]);
        free();
        await server.Api.HealthAsync(health => (string?)health["receipts"]!["status"] == "ok");
        Assert.Equal(HttpStatusCode.OK, (await server.Api.GetAsync("/readyz")).Status);
        ReceivedAnswer again = await ReceivedAnswer.AskAsync(server.Api, ApiClient.Completions, Json);
        await again.RequireValidAsync(server.Api);
    }
}
