using System.Net;
using System.Text;
using DeterministicInference.Server.Native;
using Xunit;

namespace DeterministicInference.Server.Tests.Supervision;

/// <summary>
/// Whatever an engine prints, it never blocks, and the server's memory stays bounded and its log continues.
/// </summary>
public sealed class EngineOutputTests
{
    /// <summary>
    /// Growth of the server's memory in KiB that is allowed. Queues are bounded: 2,500 entries for the console and 8
    /// MiB before them; several times as much is garbage that was not collected yet. Kept whole, the lines would take
    /// twice this.
    /// </summary>
    private const long Allowed = 256 << 10;

    [Theory]
    [InlineData("log", 600_000, 600_000)]
    [InlineData("line", 50_000_000, 50_000_000)]
    [InlineData("garbage", 10_000_000, 50_000_000)]
    public async Task Output_without_end_blocks_neither_engine_nor_server(string kind, int usually, int atLength)
    {
        string output = $"{kind}/{LongRun.Times(usually, atLength)}";
        // The console is not read: the worst case for a log.
        await using ServeProcess server = await ServeProcess.StartAsync(
            ServerProgram.Built,
            // Lines of batches are there at DEBUG.
            [.. ServeProcess.FakeSglang, "--log-level", "DEBUG"],
            ServeProcess.SteadyMemory,
            readsOutput: false
        );
        await server.Api.AnswersAsync("/readyz", HttpStatusCode.OK, server);
        await server.Api.JsonAsync(ApiClient.Completions, """{"prompt":"before"}""");
        int pid = server.Guarded.Server.Pid;
        var resident = new List<long> { ResidentKibibytes(pid) };
        int answered = 0;
        for (int outpour = 0; outpour < 3; outpour++)
        {
            // Answered once everything is written, which never happens if the engine has to wait for its reader.
            Task<Reply> printing = server.Engine.PostAsync($"/__fake/{output}", "");
            do
            {
                await server.Api.JsonAsync(ApiClient.Completions, """{"prompt":"meanwhile"}""");
                answered++;
            } while (!printing.IsCompleted);
            Assert.Equal(HttpStatusCode.OK, (await printing).Status);
            resident.Add(ResidentKibibytes(pid));
        }
        string told = $"{output}: {string.Join(", ", resident)} KiB, {answered} answers meanwhile";
        TestContext.Current.TestOutputHelper!.WriteLine(told);
        Assert.True(resident.Max() < resident[0] + Allowed, told);
        await server.Api.JsonAsync(ApiClient.Completions, """{"prompt":"after"}""");
    }

    private static long ResidentKibibytes(int pid)
    {
        string status = Encoding.UTF8.GetString(ProcFile.ReadAll($"/proc/{pid}/status"));
        string line = status.Split('\n').Single(line => line.StartsWith("VmRSS:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], null);
    }
}
