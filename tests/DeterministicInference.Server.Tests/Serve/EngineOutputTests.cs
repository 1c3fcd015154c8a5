using System.Net;
using System.Text;
using DeterministicInference.Server.Backends.Guard;
using DeterministicInference.Server.Tests.EndToEnd;
using Xunit;

namespace DeterministicInference.Server.Tests.Serve;

/// <summary>Whatever an engine prints, it is never made to wait, and the server neither fills up nor falls silent.</summary>
public sealed class EngineOutputTests
{
    /// <summary>
    /// KiB that the server may take beyond what it had. What waits is bounded: 2,500 entries for the console and 8 MiB before them;
    /// several times as much is garbage that the collector has not come to. Kept whole, the lines would take twice this.
    /// </summary>
    private const long Allowed = 256 << 10;

    [Theory]
    [InlineData("log/600000")]
    [InlineData("line/50000000")]
    [InlineData("garbage/50000000")]
    public async Task Output_without_end_blocks_neither_engine_nor_server(string output)
    {
        // Nobody reads the console: the worst that can be done to a log.
        await using ServeProcess server = await ServeProcess.StartAsync(ServerProgram.Built, ServeProcess.FakeSglang, ServeProcess.SteadyMemory, readsOutput: false);
        await server.Api.AnswersAsync("/readyz", HttpStatusCode.OK, server);
        await server.Api.JsonAsync(ApiClient.Completions, """{"prompt":"before"}""");
        int pid = server.Guarded.Server.Pid;
        var resident = new List<long> { ResidentKibibytes(pid) };
        int answered = 0;
        for (int outpour = 0; outpour < 3; outpour++)
        {
            // Answered when all of it is written, which an engine that has to wait for its reader never comes to.
            Task<Reply> printing = server.Engine.PostAsync($"/__fake/{output}", "");
            do
            {
                await server.Api.JsonAsync(ApiClient.Completions, """{"prompt":"meanwhile"}""");
                answered++;
            }
            while (!printing.IsCompleted);
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
