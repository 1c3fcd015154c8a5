using System.Diagnostics;
using Xunit;

namespace DeterministicInference.Server.Tests.Guard;

/// <summary>Two processes that look like an engine's but are not, one of them in its own session.</summary>
internal sealed class Bystanders : IDisposable
{
    private readonly Process[] _processes =
    [
        Process.Start("sleep", ["300"]),
        Process.Start("setsid", ["sleep", "300"]),
    ];

    public void AssertUnharmed() => Assert.All(_processes, process => Assert.False(process.HasExited));

    public void Dispose()
    {
        foreach (Process process in _processes)
        {
            process.Kill();
            process.WaitForExit();
            process.Dispose();
        }
    }
}
