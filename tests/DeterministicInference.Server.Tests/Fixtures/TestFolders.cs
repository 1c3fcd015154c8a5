using System.Globalization;
using Xunit.Sdk;
using Xunit.v3;

[assembly: TestPipelineStartup(typeof(DeterministicInference.Server.Tests.Fixtures.TestFolders))]

namespace DeterministicInference.Server.Tests.Fixtures;

/// <summary>
/// The folders of a test run, in one that is removed behind the last fixture. Not at the exit of the process: xunit
/// ends that by force after ten seconds (https://github.com/xunit/xunit/issues/3587).
/// </summary>
public sealed class TestFolders : ITestPipelineStartup
{
    private static readonly string Root = Directory.CreateTempSubdirectory("dis-tests-").FullName;
    private static int _count;

    /// <summary>An empty folder of this name, in one of its own.</summary>
    public static string Create(string name) =>
        Directory
            .CreateDirectory(
                Path.Combine(Root, Interlocked.Increment(ref _count).ToString(CultureInfo.InvariantCulture), name)
            )
            .FullName;

    public ValueTask StartAsync(IMessageSink diagnosticMessageSink) => ValueTask.CompletedTask;

    public ValueTask StopAsync()
    {
        Directory.Delete(Root, recursive: true);
        return ValueTask.CompletedTask;
    }
}
