using System.Diagnostics;
using System.Security.Cryptography;
using DeterministicInference.Server.Guard;
using DeterministicInference.Server.Native;
using Xunit;

namespace DeterministicInference.Server.Tests.Guard;

/// <summary>What a state file proves, and what it does not. The process that it names is a child of this one.</summary>
public sealed class ReclaimTests : IDisposable
{
    private readonly TemporaryStateFolder _folder = new();
    private readonly string _tag = RandomNumberGenerator.GetHexString(32, lowercase: true);
    private readonly Process _process;
    private readonly ProcessIdentity _identity;

    public ReclaimTests()
    {
        _process = Process.Start("sleep", ["600"]);
        _identity = ProcessIdentity.Of(_process.Id);
    }

    /// <summary>A server that has ended: no process has this number.</summary>
    private static ProcessIdentity Gone => new(int.MaxValue, 1);

    [Fact]
    public async Task A_recorded_process_of_a_server_that_is_gone_is_ended()
    {
        string path = Write(GuardState.CurrentBoot, GuardState.CurrentSpace, Gone, _identity);
        Assert.Equal([_process.Id], await ReclaimAsync());
        await _process.WaitForExitAsync(TestContext.Current.CancellationToken).Within();
        Assert.False(File.Exists(path));
    }

    [Fact]
    public async Task Another_process_with_the_number_of_a_recorded_one_is_not()
    {
        string path = Write(
            GuardState.CurrentBoot,
            GuardState.CurrentSpace,
            Gone,
            _identity with
            {
                Start = _identity.Start + 1,
            }
        );
        Assert.Empty(await ReclaimAsync());
        Assert.False(_process.HasExited);
        Assert.False(File.Exists(path));
    }

    [Fact]
    public void A_process_that_has_the_number_of_another_is_not_signalled()
    {
        ProcessIdentity earlier = _identity with { Start = _identity.Start - 1 };
        Assert.False(earlier.IsRunning);
        Assert.False(earlier.Signal(Libc.SigTerm));
        Assert.True(_identity.IsRunning);
        Assert.True(_identity.Signal(Libc.SigTerm));
    }

    [Fact]
    public async Task A_file_of_another_boot_is_only_deleted()
    {
        string path = Write("another", GuardState.CurrentSpace, Gone, _identity);
        Assert.Empty(await ReclaimAsync());
        Assert.False(_process.HasExited);
        Assert.False(File.Exists(path));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_file_of_another_container_or_of_a_server_that_runs_is_left_alone(bool container)
    {
        string path = Write(
            GuardState.CurrentBoot,
            container ? "pid:[1]" : GuardState.CurrentSpace,
            container ? Gone : ProcessIdentity.Own,
            _identity
        );
        Assert.Empty(await ReclaimAsync());
        Assert.False(_process.HasExited);
        Assert.True(File.Exists(path));
    }

    [Theory]
    [InlineData("")]
    [InlineData("boot x\n")]
    [InlineData("garbage\0\n")]
    public async Task A_file_that_is_none_of_ours_is_left_alone(string content)
    {
        string path = Path.Combine(_folder.Path, "x" + GuardState.Extension);
        await File.WriteAllTextAsync(path, content, TestContext.Current.CancellationToken);
        Assert.Empty(await ReclaimAsync());
        Assert.True(File.Exists(path));
    }

    [Fact]
    public async Task Two_starts_at_once_share_the_work()
    {
        Write(GuardState.CurrentBoot, GuardState.CurrentSpace, Gone, _identity);
        IReadOnlyList<int>[] ended = await Task.WhenAll(ReclaimAsync(), ReclaimAsync(), ReclaimAsync());
        Assert.Equal([_process.Id], ended.SelectMany(pids => pids));
    }

    public void Dispose()
    {
        _process.Kill();
        _process.Dispose();
        _folder.Dispose();
    }

    private Task<IReadOnlyList<int>> ReclaimAsync() =>
        GuardReclaim.RunAsync(_folder.Path, TestContext.Current.CancellationToken).Within();

    private string Write(string boot, string space, ProcessIdentity server, ProcessIdentity engine)
    {
        string path = Path.Combine(_folder.Path, _tag + GuardState.Extension);
        File.WriteAllText(
            path,
            $"boot {boot}\nspace {space}\ntag {_tag}\nserver {server}\nprocess {engine}\nprocess 1"
        );
        return path;
    }
}
