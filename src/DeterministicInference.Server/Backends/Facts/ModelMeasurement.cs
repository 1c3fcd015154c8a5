using DeterministicInference.Receipts;
using DeterministicInference.Receipts.Models;
using DeterministicInference.Server.Configuration;

namespace DeterministicInference.Server.Backends.Facts;

/// <summary>The digest of the model's files, computed while the engine loads them.</summary>
internal sealed partial class ModelMeasurement(IBackend backend, InferenceOptions options, ILogger logger)
{
    private Task<Sha256Value?>? _running;

    /// <summary>Starts to read the files, where they are known. Each start of the engine reads them anew.</summary>
    public void Begin() => _running = options.Receipts == "off" || options.BackendUrl is not null ? null : Task.Run(ComputeAsync);

    /// <summary>Waits for the digest.</summary>
    public async Task DescribeAsync(FactSheet sheet, CancellationToken stop)
    {
        Sha256Value? digest = _running is null ? null : await _running.WaitAsync(stop);
        if (digest is { } value) sheet.Measured("model.sha256", value.ToString());
        else sheet.Lacks("model_not_measured", "The model's files can't be seen from here, so receipts can't say which model answered. Give --model-path a local file or folder.");
    }

    private async Task<Sha256Value?> ComputeAsync()
    {
        if (backend.ModelFiles(options) is not { } path) return null;
        try
        {
            return await ModelDigest.ComputeAsync(path, Environment.ProcessorCount, progress: null, CancellationToken.None);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            NotMeasured(e.Message);
            return null;
        }
    }

    [LoggerMessage(LogLevel.Warning, "The model's files can't be hashed, so receipts are best-effort: {Problem}")]
    private partial void NotMeasured(string problem);
}
