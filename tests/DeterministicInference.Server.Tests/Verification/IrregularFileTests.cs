using System.Net.Sockets;
using Xunit;

namespace DeterministicInference.Server.Tests.Verification;

/// <summary>What stands in a folder may be no file at all, and to open it may never end.</summary>
public sealed class IrregularFileTests
{
    [Fact]
    public async Task In_a_folder_only_regular_files_are_opened()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "skipped: needs Linux");
        string folder = TestModels.NewFolder("irregular");
        string At(string name) => Path.Combine(folder, name);
        Assert.Equal(0, (await InstalledProgram.RunAsync("mkfifo", At("a-pipe"))).ExitCode);
        File.CreateSymbolicLink(At("b-link"), At("a-pipe"));
        File.CreateSymbolicLink(At("c-device"), "/dev/zero");
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(At("d-socket")));
        Directory.CreateSymbolicLink(At("e-loop"), folder);
        File.CreateSymbolicLink(At("f-circle"), At("f-circle"));
        File.CreateSymbolicLink(At("g-gone"), At("nothing"));
        File.WriteAllText(At("h-empty"), "");

        CommandResult result = await ServerProgram.Built.RunAsync(["verify", folder]);
        Assert.Equal(2, result.ExitCode);
        string[] lines = result.Output.Split('\n');
        Assert.Equal(
            [
                $"a-pipe: UNUSABLE: {At("a-pipe")}: is a pipe, and no regular file",
                $"b-link: UNUSABLE: {At("b-link")}: is a pipe, and no regular file",
                $"c-device: UNUSABLE: {At("c-device")}: is a device, and no regular file",
                $"d-socket: UNUSABLE: {At("d-socket")}: is a socket, and no regular file",
                $"e-loop: UNUSABLE: {At("e-loop")}: is a folder, and no regular file",
            ],
            lines[..5]
        );
        Assert.StartsWith("f-circle: UNUSABLE: ", lines[5], StringComparison.Ordinal);
        Assert.Equal($"g-gone: UNUSABLE: {At("g-gone")}: can't be read: there is no such file", lines[6]);
        Assert.Equal("8 files: 8 UNUSABLE", lines[^2]);
    }

    [Fact]
    public async Task A_folder_a_socket_and_a_device_that_are_named_are_refused()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "skipped: needs Linux");
        string folder = TestModels.NewFolder("irregular"),
            bound = Path.Combine(folder, "socket"),
            file = Path.Combine(folder, "file");
        File.WriteAllText(file, "{}");
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(bound));
        foreach (
            (string name, string kind, string[] arguments) in ((string, string, string[])[])
                [
                    (bound, "socket", [bound]),
                    ("/dev/zero", "device", ["/dev/zero"]),
                    ($"--request: {folder}", "folder", [file, "--request", folder]),
                    ("--key: /dev/zero", "device", [file, "--key", "/dev/zero"]),
                ]
        )
        {
            CommandResult result = await ServerProgram.Built.RunAsync(["verify", .. arguments]);
            Assert.Equal(
                (2, "", $"error: {name}: is a {kind}, and no regular file: give a file."),
                (result.ExitCode, result.Output, Assert.Single(result.ErrorLines))
            );
        }
    }

    [Theory]
    [InlineData("""printf '{}' | "$@" /dev/stdin""")]
    [InlineData("""printf '{}' | "$@" /dev/fd/0""")]
    [InlineData(""" "$@" /dev/stdin </dev/null""")]
    public async Task Standard_input_is_read_whatever_it_is(string script)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "skipped: needs Linux");
        CommandResult result = await InstalledProgram.RunAsync(
            "sh",
            ["-c", script, "sh", ServerProgram.Built.File, .. ServerProgram.Built.Leading, "verify"]
        );
        Assert.Equal(2, result.ExitCode);
        Assert.Contains(": is neither ", Assert.Single(result.ErrorLines), StringComparison.Ordinal);
    }
}
