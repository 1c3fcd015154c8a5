using DeterministicInference.Server.Tests.Documentation;
using DeterministicInference.Server.Tests.Serve;
using Xunit;

namespace DeterministicInference.Server.Tests.Verification;

/// <summary>The program of <c>samples/go</c>, which is built when the first test needs it.</summary>
internal static class ReexecutorProgram
{
    private static readonly Lazy<Task<string>> Built = new(BuildAsync);

    /// <summary>The executable file; null where there is no Go.</summary>
    public static async Task<string?> FindAsync() =>
        OperatingSystem.IsLinux() && OwnerProcess.Find("go") is not null ? await Built.Value : null;

    private static async Task<string> BuildAsync()
    {
        string folder = TestModels.NewFolder("reexecute"),
            program = Path.Combine(folder, "reexecute");
        CommandResult result = await InstalledProgram.RunAsync(
            "/bin/sh",
            "-c",
            "cd \"$1\" && GOCACHE=\"$2\" GOTOOLCHAIN=local GOFLAGS=-buildvcs=false go build -o \"$3\" .",
            "sh",
            Path.Combine(RepositoryFiles.Root, "samples", "go"),
            Path.Combine(folder, "cache"),
            program
        );
        Assert.True(result.ExitCode == 0, result.Error);
        return program;
    }
}
