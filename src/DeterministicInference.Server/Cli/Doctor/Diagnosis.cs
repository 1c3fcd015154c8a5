using DeterministicInference.Server.Backends;
using DeterministicInference.Server.Backends.Preflight;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Determinism;
using DeterministicInference.Server.Proxy;

namespace DeterministicInference.Server.Cli.Doctor;

/// <summary>What this machine, engine and configuration can promise.</summary>
/// <param name="Backend">The engine.</param>
/// <param name="Machine">What it runs on.</param>
/// <param name="Command">The line that launches it, without secrets; null where it is attached to.</param>
/// <param name="Address">Where it is attached to; null where it is launched.</param>
/// <param name="Verdict">What was found.</param>
/// <param name="Digests">What the embedded engine computed; null for others, and where it can't start.</param>
internal sealed record Diagnosis(IBackend Backend, MachineFacts Machine, string? Command, string? Address, DeterminismVerdict Verdict, EmbeddedDigests? Digests = null)
{
    /// <summary>An engine that is attached to must answer within this time.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    public bool CanStart => Verdict.Refusal is null;

    public int ExitCode => !CanStart ? Cli.ExitCode.Failure : Verdict.IsDeterministic ? Cli.ExitCode.Success : Cli.ExitCode.BestEffort;

    /// <summary>Looks at everything but the digests. An engine that is launched is not started; one that is attached to is asked.</summary>
    public static async Task<Diagnosis> MakeAsync(InferenceOptions options, CancellationToken cancellation)
    {
        IBackend backend = BackendRegistry.Find(options.Backend)!;
        MachineFacts machine = MachineFactsReader.Read(options, GpuEnvironment.Collect());
        if (options.BackendUrl is { } url) return await OfAttachedAsync(backend, options, machine, url, cancellation);
        BackendLaunch launch = backend.Launch(options, machine)!;
        DeterminismVerdict verdict = EnginePreflight.Check(backend, options, machine);
        if (!ExecutableLookup.IsThere(launch.File))
        {
            verdict = verdict with { Findings = [.. verdict.Findings, Finding.Refused("executable_missing", $"'{launch.File}' was not found. {backend.MissingExecutableRemedy}")] };
        }
        string command = SecretMask.Of(options, EnvironmentVariables.OfProcess()).Apply(launch.Describe());
        return new Diagnosis(backend, machine, command, null, verdict);
    }

    private static async Task<Diagnosis> OfAttachedAsync(IBackend backend, InferenceOptions options, MachineFacts machine, Uri url, CancellationToken cancellation)
    {
        using var calls = new EngineCalls(url, BackendKey.Read(options).Key);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(Patience);
        string? problem = await new BackendProbe(backend, calls, Patience).AskAsync(deep: false, cancellation);
        DeterminismVerdict verdict = EnginePreflight.Check(backend, options, machine, problem is null ? await EngineReport.ReadAsync(backend, calls, limit.Token) : null);
        if (problem is not null)
        {
            verdict = verdict with { Findings = [.. verdict.Findings, Finding.Refused("engine_unreachable", $"The engine of --backend-url is not ready: {problem}. Start it, or give its address.")] };
        }
        return new Diagnosis(backend, machine, null, BackendAddress.Shown(url), verdict);
    }
}
