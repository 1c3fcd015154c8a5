using System.Diagnostics;
using DeterministicInference.Server.Backends;
using DeterministicInference.Server.Backends.Facts;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Tests.EndToEnd;
using DeterministicInference.Server.Tests.Models;
using DeterministicInference.Server.Tests.Proxy;
using Microsoft.Extensions.Logging;
using Xunit;

namespace DeterministicInference.Server.Tests.Backends.Facts;

/// <summary>The model's digest while the engine starts: what it downloads counts, and whoever waits sees for what.</summary>
public sealed class ModelMeasurementTests : IDisposable
{
    private readonly string _root = TestModels.NewFolder("measurement");
    private readonly BackendStatus _status = new(new Uri("http://127.0.0.1:9"));
    private readonly ILoggerFactory _loggers = LoggerFactory.Create(logging => logging.AddProvider(new LogLines()));

    [Fact]
    public async Task What_the_engine_downloads_while_it_starts_is_hashed_once_it_is_healthy()
    {
        using ModelMeasurement model = Create("org/tiny");
        model.Begin();
        HubCacheTests.Write(_root, "org/tiny");
        FactSheet sheet = await DescribeAsync(model);
        Assert.Empty(sheet.Findings);
        Assert.Equal(["model.revision", "model.sha256"], sheet.Facts.Keys);
    }

    [Fact]
    public async Task Where_a_name_of_the_hub_means_another_commit_since_that_one_is_hashed()
    {
        HubCacheTests.Write(_root, "org/tiny");
        using ModelMeasurement model = Create("org/tiny");
        model.Begin();
        string old = (await DescribeAsync(model)).Facts["model.sha256"].Value;
        string snapshot = HubCacheTests.Write(_root, "org/tiny", "main", new string('b', 40));
        File.WriteAllText(Path.Combine(snapshot, "config.json"), "{}");
        FactSheet sheet = await DescribeAsync(model);
        Assert.Equal(new string('b', 40), sheet.Facts["model.revision"].Value);
        Assert.NotEqual(old, sheet.Facts["model.sha256"].Value);
    }

    [Fact]
    public async Task While_only_the_hashing_is_awaited_the_state_says_so()
    {
        // A pipe can't be opened before somebody writes to it. What is no file is then not measured.
        string pipe = Path.Combine(_root, "model.safetensors");
        using (Process made = Process.Start("mkfifo", [pipe])) await made.WaitForExitAsync(TestContext.Current.CancellationToken);
        using ModelMeasurement model = Create(_root);
        model.Begin();
        Task<FactSheet> described = DescribeAsync(model);
        while (_status.State is not BackendState.Starting { Detail: "hashing the model: 0.0 of 0.0 GB" })
        {
            Assert.False(described.IsCompleted);
            await Task.Yield();
            TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
        }
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
            [new ModelPart(ModelPart.Model, reference)], new HubCache(_root), new KnownHashes(Path.Combine(_root, ".cache"), TimeProvider.System, logger), new InferenceOptions(), _status, logger);
    }
}
