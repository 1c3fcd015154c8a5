using System.Runtime.InteropServices;
using DeterministicInference.Server.Configuration;

namespace DeterministicInference.Server.Hosting;

/// <summary>
/// Why the server should stop: SIGTERM, SIGINT or SIGQUIT, or the end of standard input, which is how a program that started
/// us (an Erlang port, a Node process) shows that it is gone. The second signal means: at once.
/// </summary>
internal sealed class StopRequest : IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly CancellationTokenSource _now = new();
    private readonly List<PosixSignalRegistration> _signals = [];

    /// <summary>Cancelled by the first reason to stop.</summary>
    public CancellationToken Stop => _stop.Token;

    /// <summary>Cancelled by the second signal.</summary>
    public CancellationToken Now => _now.Token;

    /// <summary>The first reason, for the log.</summary>
    public string Reason { get; private set; } = "";

    public static StopRequest Listen(InferenceOptions options)
    {
        var request = new StopRequest();
        foreach (PosixSignal signal in (PosixSignal[])[PosixSignal.SIGTERM, PosixSignal.SIGINT, PosixSignal.SIGQUIT])
        {
            request._signals.Add(PosixSignalRegistration.Create(signal, context =>
            {
                context.Cancel = true;
                request.Ask(signal.ToString());
            }));
        }
        if (StandardInput.ShouldWatch(options.StopOnStdinEof))
        {
            // A read can't be cancelled, so the thread is left behind when the process ends.
            new Thread(() =>
            {
                StandardInput.ReadToEnd();
                request.Ask("end of standard input");
            })
            { IsBackground = true, Name = "standard input" }.Start();
        }
        return request;
    }

    public void Dispose()
    {
        foreach (PosixSignalRegistration signal in _signals) signal.Dispose();
    }

    private void Ask(string reason)
    {
        lock (_signals)
        {
            if (Reason.Length == 0) Reason = reason;
            else if (reason.StartsWith("SIG", StringComparison.Ordinal)) _now.Cancel();
        }
        _stop.Cancel();
    }
}
