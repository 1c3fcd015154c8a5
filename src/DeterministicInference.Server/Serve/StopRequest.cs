using System.Globalization;
using System.Runtime.InteropServices;
using DeterministicInference.Server.Configuration;

namespace DeterministicInference.Server.Serve;

/// <summary>
/// Requests to stop: SIGTERM, SIGINT, SIGQUIT or SIGHUP, or the end of standard input, by which a parent (an Erlang
/// port, a Node process) shows that it is gone. The second signal stops at once.
/// </summary>
internal sealed class StopRequest : IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly CancellationTokenSource _now = new();
    private readonly List<PosixSignalRegistration> _registrations = [];
    private readonly Lock _lock = new();
    private int _signals;

    /// <summary>Cancelled by the first request.</summary>
    public CancellationToken Stop => _stop.Token;

    /// <summary>Cancelled by the second signal.</summary>
    public CancellationToken Now => _now.Token;

    /// <summary>Reason of the first request, for the log.</summary>
    public string Reason { get; private set; } = "";

    public static StopRequest Listen(ServeOptions options)
    {
        var request = new StopRequest();
        foreach (
            PosixSignal signal in (PosixSignal[])
                [PosixSignal.SIGTERM, PosixSignal.SIGINT, PosixSignal.SIGQUIT, PosixSignal.SIGHUP]
        )
        {
            // nohup ignores SIGHUP, which asks to survive the end of the terminal
            // (https://man7.org/linux/man-pages/man1/nohup.1.html).
            if (signal == PosixSignal.SIGHUP && IsHangUpIgnored())
                continue;
            request._registrations.Add(
                PosixSignalRegistration.Create(
                    signal,
                    context =>
                    {
                        context.Cancel = true;
                        request.Ask(signal.ToString(), isSignal: true);
                    }
                )
            );
        }
        if (StandardInput.ShouldWatch(options.StopOnStdinEof))
        {
            // A blocking read can't be cancelled, so the thread is abandoned when the process ends.
            new Thread(() =>
            {
                StandardInput.ReadToEnd();
                request.Ask("end of standard input", isSignal: false);
            })
            {
                IsBackground = true,
                Name = "standard input",
            }.Start();
        }
        return request;
    }

    public void Dispose()
    {
        foreach (PosixSignalRegistration signal in _registrations)
            signal.Dispose();
    }

    private void Ask(string reason, bool isSignal)
    {
        bool isSecond;
        lock (_lock)
        {
            if (Reason.Length == 0)
                Reason = reason;
            // An owner that exits closes the pipe and may send a signal too: that is one request, not two.
            isSecond = isSignal && ++_signals > 1;
        }
        if (isSecond)
            _now.Cancel();
        _stop.Cancel();
    }

    private static bool IsHangUpIgnored()
    {
        const string ignored = "SigIgn:\t";
        if (!OperatingSystem.IsLinux())
            return false;
        string line = File.ReadLines("/proc/self/status")
            .First(line => line.StartsWith(ignored, StringComparison.Ordinal));
        return (ulong.Parse(line.AsSpan(ignored.Length), NumberStyles.HexNumber, CultureInfo.InvariantCulture) & 1)
            != 0;
    }
}
