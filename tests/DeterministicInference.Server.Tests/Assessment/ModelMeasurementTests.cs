using System.Collections.Concurrent;
using DeterministicInference.Server.Assessment;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Engines.Facts;
using DeterministicInference.Server.Engines.Vllm;
using DeterministicInference.Server.Machine;
using DeterministicInference.Server.Tests.Machine;
using Microsoft.Extensions.Logging;
using Xunit;

namespace DeterministicInference.Server.Tests.Assessment;

/// <summary>
/// The model's digest while the engine starts: downloads are included, and the progress names what is awaited.
/// </summary>
public sealed class ModelMeasurementTests : IDisposable
{
    private readonly string _root = TestModels.NewFolder("measurement");
    private readonly ConcurrentBag<string> _progress = [];
    private readonly ILoggerFactory _loggers = LoggerFactory.Create(logging => logging.AddProvider(new LogLines()));

    [Fact]
    public async Task What_the_engine_downloads_while_it_starts_is_hashed_once_it_is_healthy()
    {
        using ModelMeasurement model = Create("org/tiny");
        model.Begin();
        HuggingFaceCacheTests.Write(_root, "org/tiny");
        FactSheet sheet = await DescribeAsync(model);
        Assert.Empty(sheet.Findings);
        Assert.Equal(["model.revision", "model.sha256"], sheet.Facts.Keys);
    }

    [Fact]
    public async Task Where_a_name_of_the_hub_means_another_commit_since_that_one_is_hashed()
    {
        HuggingFaceCacheTests.Write(_root, "org/tiny");
        using ModelMeasurement model = Create("org/tiny");
        model.Begin();
        string old = (await DescribeAsync(model)).Facts["model.sha256"].Value;
        string snapshot = HuggingFaceCacheTests.Write(_root, "org/tiny", "main", new string('b', 40));
        File.WriteAllText(Path.Combine(snapshot, "config.json"), "{}");
        FactSheet sheet = await DescribeAsync(model);
        Assert.Equal(new string('b', 40), sheet.Facts["model.revision"].Value);
        Assert.NotEqual(old, sheet.Facts["model.sha256"].Value);
    }

    [Fact]
    public async Task While_only_the_hashing_is_awaited_the_state_says_so()
    {
        // Opening a pipe blocks until it has a writer. A file that is not regular is not measured.
        string pipe = Path.Combine(_root, "model.safetensors");
        Assert.Equal(0, (await InstalledProgram.RunAsync("mkfifo", pipe)).ExitCode);
        using ModelMeasurement model = Create(_root);
        model.Begin();
        Task<FactSheet> described = DescribeAsync(model);
        await Limits.UntilAsync(
            () => _progress.Contains("hashing the model: 0.0 of 0.0 GB"),
            () => string.Join("; ", _progress)
        );
        Assert.False(described.IsCompleted);
        File.OpenHandle(pipe, FileMode.Open, FileAccess.Write).Dispose();
        Assert.Equal(["model_not_measured"], (await described.Within()).Findings.Select(finding => finding.Code));
    }

    public void Dispose() => _loggers.Dispose();

    private static async Task<FactSheet> DescribeAsync(ModelMeasurement model)
    {
        var sheet = new FactSheet(isNeeded: true);
        await model.DescribeAsync(sheet, TestContext.Current.CancellationToken);
        return sheet;
    }

    private ModelMeasurement Create(string reference)
    {
        ILogger logger = _loggers.CreateLogger("test");
        return new ModelMeasurement(
            new ModelLocator(
                new VllmFacts(),
                new ServeOptions { ModelPath = reference },
                new MachineFacts { Variables = new Dictionary<string, string> { ["HF_HUB_CACHE"] = _root } }
            ),
            new FileHashCache(Path.Combine(_root, ".cache"), TimeProvider.System, logger),
            isNeeded: true,
            _progress.Add,
            TimeProvider.System,
            logger
        );
    }
}
