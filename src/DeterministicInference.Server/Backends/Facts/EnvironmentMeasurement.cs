using System.Collections.Frozen;
using System.Net;
using System.Text.Json;
using DeterministicInference.Receipts.Environments;
using DeterministicInference.Server.Backends.Preflight;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Receipts;

namespace DeterministicInference.Server.Backends.Facts;

/// <summary>Finds out in which environment an engine that is healthy computes, before it is called ready.</summary>
internal sealed partial class EnvironmentMeasurement(
    IBackend backend, InferenceOptions options, MachineFacts machine, EngineCalls calls, ModelMeasurement model, EnvironmentRegistry registry, ILogger logger) : IDisposable
{
    /// <summary>An engine that is healthy has these answers at hand.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>The model's files are read from now on, while the engine loads them too.</summary>
    public void Begin() => model.Begin();

    /// <summary>Collects what is known, and waits for the model's digest.</summary>
    public async Task<FactSheet> MeasureAsync(CancellationToken stop)
    {
        var sheet = new FactSheet(isNeeded: options.Receipts != "off");
        sheet.Measured("engine.name", backend.Name);
        string asked = string.Join(',', backend.Requests.AllTokenIdMembers);
        if (asked.Length > 0 && options.Receipts != "off") sheet.Measured("forward.inject", asked);
        BackendLaunch? launch = options.BackendUrl is null ? backend.Launch(options, machine) : null;
        // Nothing rests on them without receipts.
        IReadOnlyDictionary<string, JsonElement> answers = options.Receipts == "off" ? FrozenDictionary<string, JsonElement>.Empty : await AskAsync(stop);
        backend.DescribeEnvironment(
            new FactInputs(options, machine, answers)
            {
                Launch = launch,
                // Looked up as the engine's process was: by this server's own variables.
                Packages = launch is not null && backend.RunsOnPython && options.Receipts != "off" ? new PythonEnvironment(machine.Variables).Packages(launch.File) : null,
            },
            sheet);
        await model.DescribeAsync(sheet, stop);
        return sheet;
    }

    /// <summary>From now on answers are computed in this environment.</summary>
    /// <param name="sheet">What was measured.</param>
    /// <param name="verdict">What speaks against determinism, what the sheet lacks included.</param>
    /// <param name="stop">Ends the wait for the disk.</param>
    /// <exception cref="BackendFailureException">The environment can't be written down, without which there are no receipts.</exception>
    public async Task PublishAsync(FactSheet sheet, DeterminismVerdict verdict, CancellationToken stop)
    {
        var environment = new InferenceEnvironment(sheet.Facts, verdict.Reasons.Select(reason => reason.Code));
        bool isNew = registry.Current?.Id != environment.Id;
        if (!await registry.PublishAsync(environment, stop))
        {
            throw new BackendFailureException("The environment's description can't be stored, and receipts would name what nobody can look up. Free space in --data-dir, or use --receipts off.");
        }
        if (isNew) Computed(environment.Id.ToString(), environment.Facts.Count);
    }

    public void Dispose() => model.Dispose();

    private async Task<IReadOnlyDictionary<string, JsonElement>> AskAsync(CancellationToken stop)
    {
        var answers = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(Patience);
        foreach (string path in backend.FactPaths)
        {
            try
            {
                (HttpStatusCode status, byte[] body) = await calls.GetAsync(path, limit.Token);
                if (status != HttpStatusCode.OK) continue;
                using JsonDocument document = JsonDocument.Parse(body);
                if (document.RootElement.ValueKind == JsonValueKind.Object) answers[path] = document.RootElement.Clone();
            }
            catch (Exception e) when (e is HttpRequestException or JsonException || (e is OperationCanceledException && !stop.IsCancellationRequested))
            {
                // The facts that would have come from it are missing, which the engine's description notices.
            }
        }
        return answers;
    }

    [LoggerMessage(LogLevel.Information, "Environment {Id}: {Facts} facts; GET /v1/environment shows them")]
    private partial void Computed(string id, int facts);
}
