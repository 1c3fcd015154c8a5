using DeterministicInference.Receipts;
using DeterministicInference.Receipts.Models;
using DeterministicInference.Server.Configuration;

namespace DeterministicInference.Server.Backends.Facts;

/// <summary>The digests of the files that an engine loads, computed while it does. One caller at a time.</summary>
/// <param name="parts">What it loads.</param>
/// <param name="cache">Where models of the hub are.</param>
/// <param name="hashes">Of files that did not change.</param>
/// <param name="options">Settings.</param>
/// <param name="status">Tells how far it is, where the engine waits for nothing else.</param>
/// <param name="logger">Of the engine.</param>
internal sealed partial class ModelMeasurement(
    IReadOnlyList<ModelPart> parts, HubCache cache, KnownHashes hashes, InferenceOptions options, BackendStatus status, ILogger logger) : IDisposable
{
    private static readonly TimeSpan ShowInterval = TimeSpan.FromSeconds(1), LogInterval = TimeSpan.FromSeconds(10);

    private readonly Dictionary<ModelPart, (string Path, Task<Sha256Value?> Digest)> _running = [];
    private CancellationTokenSource _end = new();

    /// <summary>What is being read at present, for whoever waits; several parts take turns.</summary>
    private HashingProgress? _progress;

    /// <summary>Starts to read the files that are known already. Each start of the engine looks at them anew.</summary>
    public void Begin()
    {
        Cancel();
        if (options.Receipts == "off") return;
        foreach (ModelPart part in parts)
        {
            if (cache.Find(part) is { } found) Begin(part, found.Path);
        }
    }

    /// <summary>Waits for the digests. An engine that is healthy has downloaded what was not there.</summary>
    public async Task DescribeAsync(FactSheet sheet, CancellationToken stop)
    {
        if (options.Receipts == "off") return;
        if (options.BackendUrl is not null) Cancel();
        foreach (ModelPart part in parts)
        {
            if (cache.Find(part) is not { } found)
            {
                LacksPart(sheet, part);
                continue;
            }
            // Since the launch the hub's name may have come to mean another commit.
            if (!_running.TryGetValue(part, out (string Path, Task<Sha256Value?> Digest) running) || running.Path != found.Path) running = Begin(part, found.Path);
            if (await WaitAsync(running.Digest, stop) is not { } digest)
            {
                LacksPart(sheet, part);
                continue;
            }
            Describe(sheet, part, digest, found.Commit);
        }
        if (!parts.Any(part => part.Name == ModelPart.Model)) LacksPart(sheet, new ModelPart(ModelPart.Model, ""));
    }

    public void Dispose()
    {
        _end.Cancel();
        _end.Dispose();
    }

    private void Describe(FactSheet sheet, ModelPart part, Sha256Value digest, string? commit)
    {
        if (options.BackendUrl is null)
        {
            sheet.Measured(part.Fact, digest.ToString());
            if (commit is not null) sheet.Measured(part.Name + ".revision", commit);
            return;
        }
        sheet.Declared(part.Fact, digest.ToString());
        if (commit is not null) sheet.Declared(part.Name + ".revision", commit);
        sheet.Lacks("model_declared", "Which model the engine has loaded can't be seen, as somebody else has started it; --model-path only says so. Let this server launch it (leave --backend-url out).");
    }

    private static void LacksPart(FactSheet sheet, ModelPart part)
    {
        if (part.Name == ModelPart.Model)
        {
            sheet.Lacks("model_not_measured", "The model's files can't be seen from here, so receipts can't say which model answered. Give --model-path a local file or folder, or a name on the hub that is in this machine's cache.");
        }
        else
        {
            sheet.Lacks("part_not_measured", $"The files of '{part.Name}', which the engine loads beside the model, can't be seen from here. Give their flag a local file or folder.");
        }
    }

    private void Cancel()
    {
        _end.Cancel();
        _end.Dispose();
        _end = new CancellationTokenSource();
        _running.Clear();
    }

    private (string Path, Task<Sha256Value?> Digest) Begin(ModelPart part, string path)
    {
        CancellationToken end = _end.Token;
        return _running[part] = (path, Task.Run(() => ComputeAsync(path, end), CancellationToken.None));
    }

    private async Task<Sha256Value?> ComputeAsync(string path, CancellationToken end)
    {
        var progress = new HashingProgress();
        using var telling = CancellationTokenSource.CreateLinkedTokenSource(end);
        Task told = TellAsync(progress, telling.Token);
        try
        {
            return await ModelDigest.ComputeAsync(path, Environment.ProcessorCount, hashes.HashAsync, progress, end);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            NotMeasured(e.Message);
            return null;
        }
        catch (OperationCanceledException)
        {
            // Nobody waits for it any more.
            return null;
        }
        finally
        {
            Interlocked.CompareExchange(ref _progress, null, progress);
            await telling.CancelAsync();
            await told;
            hashes.Save();
        }
    }

    private async Task TellAsync(HashingProgress progress, CancellationToken end)
    {
        Volatile.Write(ref _progress, progress);
        using var timer = new PeriodicTimer(LogInterval);
        try
        {
            while (await timer.WaitForNextTickAsync(end)) Hashing(progress.ToString());
        }
        catch (OperationCanceledException)
        {
            // It is read.
        }
    }

    private async Task<Sha256Value?> WaitAsync(Task<Sha256Value?> digest, CancellationToken stop)
    {
        while (!digest.IsCompleted)
        {
            if (Volatile.Read(ref _progress) is { } progress && status.State is BackendState.Starting) status.Set(new BackendState.Starting($"hashing the model: {progress}"));
            using var shown = CancellationTokenSource.CreateLinkedTokenSource(stop);
            await Task.WhenAny(digest, Task.Delay(ShowInterval, shown.Token));
            await shown.CancelAsync();
            stop.ThrowIfCancellationRequested();
        }
        return await digest;
    }

    [LoggerMessage(LogLevel.Information, "Hashing the model's files: {Progress}")]
    private partial void Hashing(string progress);

    [LoggerMessage(LogLevel.Warning, "The model's files can't be hashed, so receipts are best-effort: {Problem}")]
    private partial void NotMeasured(string problem);
}
