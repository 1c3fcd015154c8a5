using DeterministicInference.Server.Guard;
using Xunit;

namespace DeterministicInference.Server.Tests.Guard;

/// <summary>An empty folder that is gone after the test.</summary>
internal sealed class TemporaryStateFolder : IDisposable
{
    public TemporaryStateFolder() =>
        Assert.SkipUnless(GuardedProcess.IsSupported, "skipped: engines are launched on Linux only");

    public string Path { get; } = Directory.CreateTempSubdirectory("guard-").FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
