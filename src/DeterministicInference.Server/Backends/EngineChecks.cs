using System.Diagnostics;
using System.Text.Json;
using DeterministicInference.Server.Backends.Guard;
using DeterministicInference.Server.Backends.Preflight;
using DeterministicInference.Server.Configuration;

namespace DeterministicInference.Server.Backends;

/// <summary>What the supervisor finds out about an engine's determinism, before each start and before each time that it is ready.</summary>
internal sealed partial class EngineChecks(IBackend backend, InferenceOptions options, MachineFacts machine, EngineCalls calls, BackendStatus status, ILogger logger)
{
    private DeterminismVerdict? _told;

    private bool Attaches => options.BackendUrl is not null;

    /// <summary>Looks at settings and machine.</summary>
    /// <exception cref="BackendFailureException">The engine must not be started so.</exception>
    public void BeforeStart()
    {
        DeterminismVerdict verdict = EnginePreflight.Check(backend, options, machine);
        status.SetVerdict(verdict);
        if (verdict.Refusal is { } refusal) throw new BackendFailureException(refusal.Text);
        // That it is deterministic is told once the engine was asked; that it is not, before it loads for minutes. One that is
        // attached to may still say how it was started.
        if (!Attaches && !verdict.IsDeterministic) Tell(verdict);
    }

    /// <summary>Asks an engine that is healthy and not yet ready.</summary>
    /// <param name="process">The engine, whose end ends the asking; null for one that was attached to.</param>
    /// <param name="patience">The longest that it may take.</param>
    /// <param name="known">What was found elsewhere.</param>
    /// <param name="stop">Ends the asking.</param>
    public async Task BeforeReadyAsync(GuardedProcess? process, TimeSpan patience, IReadOnlyList<Finding> known, CancellationToken stop)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(patience);
        JsonElement? report = Attaches && options.Enforces ? await EngineReport.ReadAsync(backend, calls, limit.Token) : null;
        stop.ThrowIfCancellationRequested();
        DeterminismVerdict verdict = EnginePreflight.Check(backend, options, machine, report);
        verdict = verdict with { Findings = [.. verdict.Findings, .. known] };
        if (options.Enforces && backend.MayIgnoreSeeds)
        {
            IReadOnlyList<Finding> tried = await process.UntilEndAsync(end => TryAsync(patience, limit.Token, end), stop) ?? [];
            verdict = verdict with { Findings = [.. verdict.Findings, .. tried] };
        }
        status.SetVerdict(verdict);
        Tell(verdict);
    }

    private async Task<IReadOnlyList<Finding>> TryAsync(TimeSpan patience, CancellationToken limit, CancellationToken end)
    {
        var check = new EngineSelfCheck(backend.Title, options.ModelName, calls);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit, end);
        long began = Stopwatch.GetTimestamp();
        try
        {
            IReadOnlyList<Finding> found = await check.RunAsync(either.Token);
            Tried(EngineSelfCheck.Cost, Stopwatch.GetElapsedTime(began).TotalMilliseconds);
            return found;
        }
        catch (OperationCanceledException) when (!end.IsCancellationRequested)
        {
            return [check.Incomplete($"it did not answer within {patience.TotalSeconds:0.#} s, which is what --backend-startup-timeout left")];
        }
    }

    private void Tell(DeterminismVerdict verdict)
    {
        if (_told?.SaysTheSameAs(verdict) == true) return;
        _told = verdict;
        foreach (Finding note in verdict.Findings.Except(verdict.Reasons)) Noted(note.Text);
        if (verdict.IsDeterministic) Deterministic(verdict.Basis);
        else BestEffort(string.Join(" ", verdict.Reasons.Select(reason => reason.Text)));
    }

    [LoggerMessage(LogLevel.Information, "Answers are deterministic: {Basis}")]
    private partial void Deterministic(string basis);

    [LoggerMessage(LogLevel.Warning, "Answers are best-effort, not deterministic: {Reasons}")]
    private partial void BestEffort(string reasons);

    [LoggerMessage(LogLevel.Debug, "{Note}")]
    private partial void Noted(string note);

    [LoggerMessage(LogLevel.Debug, "Tried whether the engine keeps to seeds: {Tokens} tokens, {Milliseconds:F0} ms")]
    private partial void Tried(int tokens, double milliseconds);
}
