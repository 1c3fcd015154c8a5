using System.Net;
using Xunit;

namespace DeterministicInference.Server.Tests.EndToEnd.RealEngines;

/// <summary>However often a real llama-server is started, and however it ends, nothing of it is left.</summary>
public sealed class LlamaServerStartTests
{
    private const int AtOnce = 4;

    private static readonly int Starts = LongRun.Times(8, atLength: 20);

    private static readonly string[] Small = ["--receipts", "off", "--", "-c", "512", "-t", "1", "-tb", "1"];

    [Fact]
    public async Task Many_starts_leave_no_process_no_socket_and_no_folder()
    {
        RealLlamaServer real = RealLlamaServer.Require();
        await Parallel.ForEachAsync(
            Enumerable.Range(0, Starts),
            new ParallelOptions
            {
                MaxDegreeOfParallelism = AtOnce,
                CancellationToken = TestContext.Current.CancellationToken,
            },
            async (round, _) => await RoundAsync(real, round)
        );
    }

    private static async Task RoundAsync(RealLlamaServer real, int round)
    {
        var launch = new ServeLaunch { GivesPort = false };
        string? folder = null;
        // The end of a server is followed by assertions about processes and state files.
        await using (
            ServeProcess server = await ServeProcess.StartAsync(
                ServerProgram.Built,
                [.. real.Arguments, .. Small],
                launch: launch
            )
        )
        {
            bool stopsWhileLoading = round % 5 == 3,
                isKilled = round % 5 == 4;
            if (!stopsWhileLoading)
            {
                await server.ReadyAsync("llama.cpp server");
                folder = Path.GetDirectoryName(await server.SocketPathAsync());
                Assert.True(Directory.Exists(folder));
                Reply reply = await server.Api.PostAsync(ApiClient.Completions, """{"prompt":"a","max_tokens":1}""");
                Assert.Equal(HttpStatusCode.OK, reply.Status);
            }
            if (isKilled)
                server.Kill();
        }
        Assert.False(Directory.Exists(folder));
        Assert.DoesNotContain(
            Directory.EnumerateFileSystemEntries(launch.GuardStateDirectory, "*", SearchOption.AllDirectories),
            path => Path.GetExtension(path) is ".sock" or ".json" || Path.GetFileName(path) == "key"
        );
    }
}
