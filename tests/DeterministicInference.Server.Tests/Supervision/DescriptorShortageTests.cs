using System.Globalization;
using System.Net;
using DeterministicInference.Server.Native;
using Xunit;

namespace DeterministicInference.Server.Tests.Supervision;

/// <summary>A server that can't open a pipe, a file or a socket starts its engine as soon as it can.</summary>
public sealed class DescriptorShortageTests
{
    /// <param name="left">Descriptors that can still be opened.</param>
    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    public async Task Without_descriptors_no_engine_is_started_and_with_them_one_is(int left)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "skipped: needs Linux");
        await using ServeProcess server = await ServeProcess.SglangAsync([
            "--restart-delay",
            "2s",
            "--restart-delay-max",
            "2s",
            "--max-restarts",
            "1000",
        ]);
        await server.ReadyAsync("SGLang server");
        server.Family.Signal(server.EngineIdentity, Libc.SigKill);
        await server.LineAsync(" Restart 1 ");
        ResourceLimit.Descriptors.Set(server.Id, Limit(server.Id, left));
        await server.LineAsync("SGLang server can't be launched: ");
        ResourceLimit.Descriptors.Lift(server.Id);
        await server.ReadyAsync("SGLang server", times: 2);
        await server.Api.AnswersAsync("/readyz", HttpStatusCode.OK, server);
        await server.Api.JsonAsync(ApiClient.Completions, """{"prompt":"served again"}""");
    }

    /// <summary>The number below which so many are free.</summary>
    private static ulong Limit(int pid, int left)
    {
        HashSet<int> used =
        [
            .. Directory
                .GetFiles($"/proc/{pid}/fd")
                .Select(path => int.Parse(Path.GetFileName(path), CultureInfo.InvariantCulture)),
        ];
        int limit = 0;
        for (int free = 0; free < left || used.Contains(limit); limit++)
            free += used.Contains(limit) ? 0 : 1;
        return (ulong)limit;
    }
}
