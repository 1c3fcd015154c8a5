using DeterministicInference.Server.Guard;
using DeterministicInference.Server.Native;
using Xunit;

namespace DeterministicInference.Server.Tests.Serve;

/// <summary>The server as process 1 of a container without an init.</summary>
public sealed class InitTests
{
    [Fact]
    public async Task Process_1_reaps_the_orphans_that_it_is_given()
    {
        Assert.SkipUnless(
            OperatingSystem.IsLinux() && Libc.geteuid() == 0 && InstalledProgram.Exists("unshare"),
            "skipped: needs root and unshare"
        );
        // Each sleep loses its parent at once, and ends later as a child of process 1.
        const string script = "for i in 1 2 3 4 5 6; do (sleep 1 &); done; exec \"$0\" \"$@\"";
        var asInit = new ServerProgram(
            "unshare",
            [
                "--fork",
                "--pid",
                "--mount-proc",
                "sh",
                "-c",
                script,
                ServerProgram.Built.File,
                .. ServerProgram.Built.Leading,
            ]
        );
        await using ServeProcess server = await ServeProcess.StartAsync(asInit, ServeProcess.FakeSglang);
        await server.ReadyAsync("SGLang server");
        ProcessEntry init = Assert.Single(ProcessTable.Scan(), process => process.Parent == server.Id);
        await Limits.UntilAsync(
            () => !ChildrenOf(init).Any(process => process.IsZombie || NameOf(process) == "sleep"),
            () => string.Join(' ', ChildrenOf(init).Select(process => $"{NameOf(process)} {process.IsZombie}"))
        );
        // The guards' own end is still seen by who waits for it.
        await server.Api.JsonAsync(ApiClient.Completions, """{"prompt":"a","max_tokens":2}""");
        server.CloseInput();
        Assert.Equal(0, await server.WaitForExitAsync());
    }

    private static IEnumerable<ProcessEntry> ChildrenOf(ProcessEntry init) =>
        ProcessTable.Scan().Where(process => process.Parent == init.Pid);

    private static string NameOf(ProcessEntry process) =>
        System.Text.Encoding.UTF8.GetString(ProcFile.ReadAll($"/proc/{process.Pid}/comm")).Trim();
}
