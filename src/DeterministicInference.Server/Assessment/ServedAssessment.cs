using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Engines;
using DeterministicInference.Server.Machine;
using DeterministicInference.Server.Receipts.Store;

namespace DeterministicInference.Server.Assessment;

/// <summary>
/// The assessment of <c>serve</c>: hashes the files that the engine loads, logs the findings, and publishes the
/// environment for receipts.
/// </summary>
internal sealed class ServedAssessment : IDisposable
{
    private readonly EngineAssessor _assessor;
    private readonly ModelMeasurement _digests;
    private readonly ProgramMeasurement _program;
    private readonly EnvironmentPublisher _environments;
    private readonly AssessmentLog _log;
    private readonly EngineCalls _calls;
    private readonly WeightsWatch _weights;
    private readonly IEngineFacts _facts;

    /// <summary>Whether files are read again, to know whether they are the same.</summary>
    private bool _isDoubtful;

    /// <param name="kind">The engine.</param>
    /// <param name="options">Settings.</param>
    /// <param name="machine">The machine.</param>
    /// <param name="calls">Sends the requests.</param>
    /// <param name="environments">The environments in which answers are computed.</param>
    /// <param name="progress">Notified of the progress while the engine waits only for hashing.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">The engine's logger.</param>
    public ServedAssessment(
        IEngineKind kind,
        ServeOptions options,
        MachineFacts machine,
        EngineCalls calls,
        EnvironmentRegistry environments,
        Action<string> progress,
        TimeProvider time,
        ILogger logger
    )
    {
        (_calls, _facts) = (calls, kind.Facts);
        _assessor = new EngineAssessor(kind, options, machine, time, logger);
        var hashes = new FileHashCache(options.DataDir ?? StatePaths.Receipts, time, logger);
        _program = new ProgramMeasurement(hashes);
        _digests = new ModelMeasurement(_assessor.Models, hashes, options.HasReceipts, progress, time, logger);
        _weights = new WeightsWatch(
            kind.Facts,
            new FileWatch(_assessor.Models, hashes),
            options.HasReceipts,
            calls,
            time,
            logger
        );
        _environments = new EnvironmentPublisher(environments, logger);
        _log = new AssessmentLog(logger);
    }

    /// <summary>
    /// Makes the checks that need no running engine, and watches from now on the files that it will load.
    /// </summary>
    /// <param name="launch">The launch; null for an attached engine.</param>
    public EngineAssessment BeforeLaunch(EngineLaunch? launch)
    {
        _weights.Begin();
        _isDoubtful = false;
        EngineAssessment assessment = _assessor.BeforeLaunch(launch);
        // A refusal is reported as the failure itself; an attached engine is queried in a moment.
        if (launch is not null && assessment.Refusal is null)
            _log.Write(assessment);
        return assessment;
    }

    /// <summary>Starts hashing the files while the engine loads them.</summary>
    public void BeginHashing() => _digests.Begin();

    /// <summary>Looks whether the running engine still serves what was assessed.</summary>
    /// <param name="asks">Whether the engine is asked too; its files are looked at in any case.</param>
    /// <param name="stop">Cancels the requests.</param>
    /// <returns>False if it is to be assessed anew; receipts are best-effort until then.</returns>
    /// <exception cref="EngineFailureException">See <see cref="PublishAsync"/>.</exception>
    public async Task<bool> IsCurrentAsync(bool asks, CancellationToken stop)
    {
        (bool isOther, bool isDoubtful) = await _weights.LookAtFilesAsync();
        isOther |= asks && await _weights.AskAsync(stop);
        if (isOther || isDoubtful || _program.HasEnded)
            await _environments.DoubtAsync(stop);
        else if (_isDoubtful)
            await _environments.RestoreAsync(stop);
        _isDoubtful = isDoubtful;
        return !isOther;
    }

    /// <summary>
    /// Whether the process that computed has ended, although the one that was launched may still run: a script that
    /// starts engines one after the other.
    /// </summary>
    public bool HasProgramEnded => _program.HasEnded;

    /// <summary>Queries a healthy engine, and waits for the digests.</summary>
    /// <param name="before">The assessment before the launch.</param>
    /// <param name="patience">Time limit of the self-check.</param>
    /// <param name="end">Cancels the queries when the engine ends or the server stops.</param>
    /// <param name="process">The process that was launched; null for an attached engine.</param>
    public async Task<EngineAssessment> CompleteAsync(
        EngineAssessment before,
        TimeSpan patience,
        CancellationToken end,
        int? process = null
    )
    {
        await _weights.SettleAsync(end);
        EngineAssessment assessment = await _assessor.WhenReadyAsync(
            before,
            _calls,
            _digests,
            patience,
            end,
            process is { } pid
                ? sheet =>
                    _program.DescribeAsync(pid, before.Launch?.Arguments ?? [], _facts.KeepsCommandLine, sheet, end)
                : null,
            _weights.Change,
            () => _facts.KeepsCommandLine ? _program.Variables : null
        );
        _log.Write(assessment);
        return assessment;
    }

    /// <inheritdoc cref="EnvironmentPublisher.PublishAsync"/>
    public Task PublishAsync(EngineAssessment assessment, CancellationToken stop) =>
        _environments.PublishAsync(assessment, stop);

    public void Dispose()
    {
        _weights.Dispose();
        _digests.Dispose();
    }
}
