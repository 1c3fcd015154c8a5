using System.Text.Json.Nodes;
using Xunit;

namespace DeterministicInference.Server.Tests.Gateway.Forwarding;

/// <summary>A client that disconnects frees the engine.</summary>
public sealed class ClientGoneTests(SharedFakeBackend shared)
{
    [Theory]
    [InlineData(ApiClient.Completions, false, "waiting")]
    [InlineData(ApiClient.Chat, false, "waiting")]
    [InlineData(ApiClient.Completions, true, "waiting")]
    [InlineData(ApiClient.Chat, true, "reading")]
    public async Task The_engine_sees_that_its_client_left(string path, bool stream, string when)
    {
        FakeBackendProcess fake = await shared.StartedAsync();
        await using RunningGateway gateway = await RunningGateway.StartAsync(fake.Url);
        string marker = $"leaves {path} {stream} {when}";
        // A gate that is never opened; without it the stream's first event is sent.
        string behaviour = stream ? "{\"then\":\"stall\"}" : "{\"gate\":\"never\"}";
        string prompt = path == ApiClient.Chat ? $$"""[{"role":"user","content":"{{marker}}"}]""" : $"\"{marker}\"";
        string body =
            $$"""{"{{(path == ApiClient.Chat ? "messages" : "prompt")}}":{{prompt}},"stream":"""
            + $$"""{{(stream ? "true" : "false")}},"fake":{{behaviour}}}""";

        using var leaver = new ApiClient(gateway.Url);
        using var leave = new CancellationTokenSource();
        var firstRead = new TaskCompletionSource();
        Task request = SendAsync(leaver, path, body, firstRead, leave.Token);
        Assert.Equal("running", (string?)(await fake.RequestAsync(marker))["state"]);
        if (when == "reading")
            await firstRead.Task.Within();

        await leave.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => request.Within());
        // Nothing else ends it: the gate stays closed, the stream stalls, and no timeout is set.
        JsonNode end = await fake.EndOfAsync(marker);
        Assert.Equal("cancelled", (string?)end["state"]);
        await gateway.DisposeAsync();
        Assert.Contains(
            gateway.Log.All,
            line =>
                line.StartsWith(
                    $"Information deterministic_inference.server POST {path} 499 ",
                    StringComparison.Ordinal
                )
        );
    }

    private static async Task SendAsync(
        ApiClient client,
        string path,
        string body,
        TaskCompletionSource firstRead,
        CancellationToken leave
    )
    {
        using HttpRequestMessage request = ApiClient.Post(path, body);
        using HttpResponseMessage response = await client.Http.SendAsync(
            request,
            HttpCompletionOption.ResponseHeadersRead,
            leave
        );
        await using Stream stream = await response.Content.ReadAsStreamAsync(leave);
        var buffer = new byte[4096];
        while (await stream.ReadAsync(buffer, leave) > 0)
            firstRead.TrySetResult();
    }
}
