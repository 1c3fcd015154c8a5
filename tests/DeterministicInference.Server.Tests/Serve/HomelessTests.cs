using System.Net;
using Xunit;

namespace DeterministicInference.Server.Tests.Serve;

/// <summary>The server of a user without a home, such as a service has, or with one that can't be written.</summary>
public sealed class HomelessTests
{
    /// <summary>No folder, and one in which not even root can make another.</summary>
    public static TheoryData<string> Homes => ["/nonexistent", "/proc"];

    [Theory]
    [MemberData(nameof(Homes))]
    public async Task It_keeps_its_records_in_the_data_folder(string home)
    {
        var launch = new ServeLaunch();
        string data = Path.Combine(launch.GuardStateDirectory, "data");
        await using ServeProcess server = await ServeProcess.StartAsync(
            ServerProgram.Built,
            [.. ServeProcess.FakeSglang, "--data-dir", data],
            [("HOME", home), ("XDG_STATE_HOME", "")],
            launch: launch
        );
        await server.ReadyAsync("SGLang server");
        Assert.Equal(Path.Combine(data, "engines"), Path.GetDirectoryName(Assert.Single(server.StateFiles)));
        await server.Api.JsonAsync(ApiClient.Completions, """{"prompt":"x"}""");
    }

    [Theory]
    [MemberData(nameof(Homes))]
    public async Task Without_receipts_they_are_in_the_folder_for_temporary_files(string home)
    {
        var launch = new ServeLaunch();
        await using ServeProcess server = await ServeProcess.StartAsync(
            ServerProgram.Built,
            [.. ServeProcess.FakeSglang, "--receipts", "off"],
            [("HOME", home), ("XDG_STATE_HOME", ""), ("TMPDIR", launch.GuardStateDirectory)],
            launch: launch
        );
        await server.ReadyAsync("SGLang server");
        Assert.StartsWith(
            Path.Combine(launch.GuardStateDirectory, "deterministic-inference-"),
            Path.GetDirectoryName(Assert.Single(server.StateFiles)),
            StringComparison.Ordinal
        );
        Assert.Equal(HttpStatusCode.OK, (await server.Api.GetAsync("/livez")).Status);
    }

    [Fact]
    public async Task It_needs_a_folder_for_its_key()
    {
        CommandResult result = await new ServeLaunch().RunAsync(
            ServeProcess.FakeSglang,
            ("HOME", "/nonexistent"),
            ("XDG_STATE_HOME", "")
        );
        Assert.Equal(
            [
                "error: --data-dir: no folder for receipts, as this user has no home. Pass --data-dir, set XDG_STATE_HOME, "
                    + "or pass --receipts off.",
            ],
            result.ErrorLines
        );
        Assert.Equal((2, ""), (result.ExitCode, result.Output));
    }
}
