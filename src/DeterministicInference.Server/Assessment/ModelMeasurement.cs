using DeterministicInference.Receipts;
using DeterministicInference.Receipts.Models;
using DeterministicInference.Server.Engines.Facts;
using DeterministicInference.Server.Machine;

namespace DeterministicInference.Server.Assessment;

/// <summary>Computes the digests of the files that an engine loads, while it loads them. Not thread-safe.</summary>
/// <param name="models">Locates what the engine loads.</param>
/// <param name="hashes">Cache of hashes of unchanged files.</param>
/// <param name="isNeeded">Whether digests are used; without receipts no file is read.</param>
/// <param name="progress">Notified of the progress while the engine waits only for hashing.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">The engine's logger.</param>
internal sealed partial class ModelMeasurement(
    ModelLocator models,
    FileHashCache hashes,
    bool isNeeded,
    Action<string> progress,
    TimeProvider time,
    ILogger logger
) : IDisposable
{
    private static readonly TimeSpan ShowInterval = TimeSpan.FromSeconds(1),
        LogInterval = TimeSpan.FromSeconds(10);

    private readonly Dictionary<ModelPart, Hashing> _running = [];
    private CancellationTokenSource _end = new();

    /// <summary>Starts hashing the files that exist already. Called at each start of the engine.</summary>
    public void Begin()
    {
        Cancel();
        if (!isNeeded)
            return;
        foreach (ModelPart part in models.Parts)
        {
            if (models.Find(part) is { } found)
                Begin(part, found.Path);
        }
    }

    /// <summary>Waits for the digests. A healthy engine has downloaded missing files by then.</summary>
    public async Task DescribeAsync(FactSheet sheet, CancellationToken stop)
    {
        if (!isNeeded)
            return;
        if (models.IsDeclared)
            Cancel();
        foreach (ModelPart part in models.Parts)
        {
            if (models.Find(part) is not { } found)
            {
                ModelLocator.AddMissing(part, sheet);
                continue;
            }
            // The commit of the hub's name may have changed since the launch.
            if (!_running.TryGetValue(part, out Hashing? running) || running.Path != found.Path)
                running = Begin(part, found.Path);
            if (await WaitAsync(running, stop) is not { } digest)
            {
                ModelLocator.AddMissing(part, sheet);
                continue;
            }
            Describe(sheet, part, digest, found.Commit);
        }
        models.RequireModel(sheet);
    }

    public void Dispose()
    {
        _end.Cancel();
        _end.Dispose();
    }

    private void Describe(FactSheet sheet, ModelPart part, Sha256Value digest, string? commit)
    {
        Action<string, string> write = models.IsDeclared ? sheet.Declared : sheet.Measured;
        write(part.Fact, digest.ToString());
        if (commit is not null)
            write(part.Name + ".revision", commit);
        if (models.IsDeclared)
            ModelLocator.AddDeclared(sheet);
    }

    private void Cancel()
    {
        _end.Cancel();
        _end.Dispose();
        _end = new CancellationTokenSource();
        _running.Clear();
    }

    private Hashing Begin(ModelPart part, string path)
    {
        CancellationToken end = _end.Token;
        var read = new HashingProgress();
        Task<Sha256Value?> digest = Task.Run(() => ComputeAsync(path, read, end), CancellationToken.None);
        return _running[part] = new Hashing(path, read, digest);
    }

    private async Task<Sha256Value?> ComputeAsync(string path, HashingProgress read, CancellationToken end)
    {
        using var telling = CancellationTokenSource.CreateLinkedTokenSource(end);
        Task told = TellAsync(read, telling.Token);
        try
        {
            return await ModelDigest.ComputeAsync(path, Environment.ProcessorCount, hashes.HashAsync, read, end);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            NotMeasured(e.Message);
            return null;
        }
        catch (OperationCanceledException)
        {
            // The digest is not needed any more.
            return null;
        }
        finally
        {
            await telling.CancelAsync();
            await told;
            hashes.Save();
        }
    }

    private async Task TellAsync(HashingProgress read, CancellationToken end)
    {
        using var timer = new PeriodicTimer(LogInterval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(end))
                ShowHashing(read.ToString());
        }
        catch (OperationCanceledException)
        {
            // All files have been read.
        }
    }

    private async Task<Sha256Value?> WaitAsync(Hashing running, CancellationToken stop)
    {
        while (!running.Digest.IsCompleted)
        {
            progress($"hashing the model: {running.Read}");
            using var shown = CancellationTokenSource.CreateLinkedTokenSource(stop);
            await Task.WhenAny(running.Digest, Task.Delay(ShowInterval, time, shown.Token));
            await shown.CancelAsync();
            stop.ThrowIfCancellationRequested();
        }
        return await running.Digest;
    }

    [LoggerMessage(LogLevel.Information, "Hashing the model's files: {Progress}")]
    private partial void ShowHashing(string progress);

    [LoggerMessage(LogLevel.Warning, "The model's files can't be hashed, so receipts are best-effort: {Problem}")]
    private partial void NotMeasured(string problem);

    /// <param name="Path">The files.</param>
    /// <param name="Read">How much of them has been read.</param>
    /// <param name="Digest">Of the files; null if it could not be computed.</param>
    private sealed record Hashing(string Path, HashingProgress Read, Task<Sha256Value?> Digest);
}
