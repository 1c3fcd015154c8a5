using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using DeterministicInference.Server.Native;

namespace DeterministicInference.Server.Guard;

/// <summary>
/// One guard: starts its child, waits for a reason to stop, stops it, and returns only when the kernel reports that no
/// descendant is left. One thread starts, reaps and kills; signal handlers only wake it.
/// </summary>
[SupportedOSPlatform("linux")]
internal sealed unsafe class GuardLoop : IDisposable
{
    private const int NotFound = 127,
        NotExecutable = 126;

    /// <summary>Everything is looked at this often, even where a wake-up was lost.</summary>
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(500);

    private static readonly TimeSpan Settle = TimeSpan.FromMilliseconds(300);

    /// <summary>How long a process may take that unlinks shared memory after the others were killed.</summary>
    private static readonly TimeSpan CleanUp = TimeSpan.FromSeconds(1);

    /// <summary>Time that the inner guard may take beyond the engine's grace before the outer one takes over.</summary>
    private static readonly TimeSpan Nested = TimeSpan.FromSeconds(3);

    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(100),
        Stuck = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan FirstSnapshot = TimeSpan.FromSeconds(1),
        Snapshot = TimeSpan.FromSeconds(5);

    private readonly GuardArguments _arguments;
    private readonly GuardReport _report;
    private readonly Pipe _wake = new(),
        _childControl = new();
    private readonly List<PosixSignalRegistration> _signals = [];
    private readonly DescendantKiller _sweep;
    private readonly HashSet<ProcessIdentity> _recorded = [];
    private readonly long _begin = Stopwatch.GetTimestamp();
    private readonly int _parent = Libc.getppid();
    private readonly int _parentDescriptor;
    private volatile bool _terminated;
    private int _control,
        _child,
        _graceDigits;
    private readonly HashSet<int> _heirs = [];
    private readonly List<int> _children = [];
    private bool _childless,
        _endedUnasked,
        _wrapperEnded,
        _stuckReported;
    private WaitStatus? _childStatus;
    private GuardPhase _phase;
    private TimeSpan? _killAt;
    private TimeSpan _phaseBegan,
        _nextSnapshot = FirstSnapshot,
        _pause;

    public GuardLoop(GuardArguments arguments)
    {
        _arguments = arguments;
        _report = new GuardReport(arguments.ReportDescriptor);
        _sweep = new DescendantKiller(Reap);
        _parentDescriptor = Libc.pidfd_open(_parent);
        foreach (int end in (int[])[_wake.Reader, _wake.Writer, _childControl.Writer])
            _ = Libc.fcntl(end, Libc.SetStatusFlags, Libc.NonBlocking);
        Handle(PosixSignal.SIGTERM, () => _terminated = true);
        Handle(PosixSignal.SIGCHLD, () => { });
        foreach (PosixSignal ignored in (PosixSignal[])[PosixSignal.SIGINT, PosixSignal.SIGHUP, PosixSignal.SIGQUIT])
            Handle(ignored, () => { });
    }

    private TimeSpan Now => Stopwatch.GetElapsedTime(_begin);

    /// <summary>See <see cref="GuardProgram.Run"/>.</summary>
    public int Run()
    {
        ProcessIdentity self = ProcessIdentity.Own;
        _report.Guard(self);
        GuardState.Append(_arguments.StateFile, "guard", self);
        int error = StartChild();
        if (error != 0)
        {
            _report.Failed(error);
            return End(error == Libc.ErrorNoEntry ? NotFound : NotExecutable);
        }
        while (true)
        {
            Reap();
            if (_childless)
                return End(_childStatus?.ShellCode ?? 0);
            Advance();
            Wait();
        }
    }

    public void Dispose()
    {
        foreach (PosixSignalRegistration signal in _signals)
            signal.Dispose();
        _wake.Dispose();
        _childControl.Dispose();
        if (_parentDescriptor >= 0)
            _ = Libc.close(_parentDescriptor);
    }

    private int StartChild()
    {
        bool inner = _arguments.Role == GuardRole.Inner;
        using NativeStrings environment = inner ? GuardEnvironment.ForEngine() : GuardEnvironment.Unchanged();
        ReadOnlySpan<(int, int)> descriptors = inner
            ? []
            : [(_childControl.Reader, 0), (_arguments.ReportDescriptor, _arguments.ReportDescriptor)];
        int error = PosixSpawn.Start(_arguments.Command, environment, descriptors, inner, out _child);
        if (error != 0 || !inner)
            return error;
        var engine = ProcessIdentity.Of(_child);
        Record(engine);
        _report.Engine(engine);
        return 0;
    }

    private int End(int code)
    {
        // The file is needed until the last descendant has ended, which this guard has seen.
        GuardState.Delete(_arguments.StateFile);
        _report.Clean();
        return code;
    }

    /// <summary>Reaps what has ended: the child, and orphans that the kernel has given to this subreaper.</summary>
    private void Reap()
    {
        while (true)
        {
            int status,
                pid = Libc.waitpid(-1, &status, Libc.NoHang);
            if (pid < 0 && Libc.LastError == Libc.ErrorInterrupted)
                continue;
            // An empty scan of /proc proves nothing; ECHILD does
            // (https://man7.org/linux/man-pages/man2/waitpid.2.html).
            if (pid < 0)
                _childless = Libc.LastError == Libc.ErrorNoChild;
            if (pid <= 0)
                return;
            var ended = new WaitStatus(status);
            bool wasAsked = _heirs.Remove(pid) || pid == _child;
            _wrapperEnded |= wasAsked && _phase == GuardPhase.Stopping && ended.Signal == Libc.SigTerm;
            if (pid != _child)
                continue;
            _childStatus = ended;
            if (_arguments.Role == GuardRole.Inner)
                _report.Exit(_childStatus.Value);
        }
    }

    private void Advance()
    {
        if (_terminated || Libc.getppid() != _parent)
            RequestStop(_arguments.Grace);
        if (_wrapperEnded && _arguments.Role == GuardRole.Inner)
            AskHeirs();
        if (_phase < GuardPhase.Settling && _childStatus is not null && _heirs.Count == 0)
        {
            _endedUnasked = _phase == GuardPhase.Running;
            Enter(GuardPhase.Settling);
        }
        bool late = Now >= _killAt;
        if (_phase == GuardPhase.Stopping && late)
            Enter(GuardPhase.Sweeping);
        if (_phase == GuardPhase.Settling && (late || Now >= _phaseBegan + Settle))
        {
            bool isWell = _endedUnasked && _childStatus is { Signal: 0, Code: 0 };
            if (isWell && _arguments.Role == GuardRole.Inner)
                ReportLeft();
            Enter(GuardPhase.Sweeping);
        }
        if (_phase == GuardPhase.Sweeping)
            SweepOnce();
        else if (_arguments.Role == GuardRole.Inner && Now >= _nextSnapshot)
            TakeSnapshot();
    }

    private void Enter(GuardPhase phase) => (_phase, _phaseBegan) = (phase, Now);

    private void RequestStop(TimeSpan grace)
    {
        bool outer = _arguments.Role == GuardRole.Outer;
        TimeSpan killAt = Now + grace + (outer ? Nested : TimeSpan.Zero);
        if (_killAt <= killAt)
            return;
        _killAt = killAt;
        if (outer && _childStatus is null)
            DescriptorText.Write(
                _childControl.Writer,
                string.Create(CultureInfo.InvariantCulture, $"{(long)grace.TotalMilliseconds}\n")
            );
        if (_phase != GuardPhase.Running)
            return;
        Enter(GuardPhase.Stopping);
        // Once, and to the engine's main process only, which ends its other processes itself.
        if (!outer && _childStatus is null && grace > TimeSpan.Zero)
            _ = Libc.kill(_child, Libc.SigTerm);
    }

    /// <summary>
    /// A program that SIGTERM itself has ended passed it on to nobody, such as a shell that runs the engine without
    /// exec. Its children, which are this subreaper's now, are asked in its place and get the rest of the grace.
    /// </summary>
    private void AskHeirs()
    {
        _wrapperEnded = false;
        ProcessTable.OwnChildren(_children);
        foreach (int child in _children)
        {
            if (_heirs.Add(child))
                _ = Libc.kill(child, Libc.SigTerm);
        }
    }

    /// <summary>
    /// A script that has ended well and left its engine in the background is told from an engine that has ended.
    /// </summary>
    private void ReportLeft()
    {
        int[] left =
        [
            .. ProcessTable
                .Descendants(ProcessTable.Scan(), [Environment.ProcessId])
                .Where(process => !process.IsZombie)
                .Select(process => process.Pid),
        ];
        if (left.Length > 0)
            _report.Left(left);
    }

    private void SweepOnce()
    {
        IReadOnlyList<ProcessEntry> left = _sweep.KillOnce(sparing: Now < _phaseBegan + CleanUp, _child);
        _pause = TimeSpan.FromMilliseconds(Math.Clamp(2 * _pause.TotalMilliseconds, 2, LongestPause.TotalMilliseconds));
        if (_stuckReported || Now < _phaseBegan + Stuck)
            return;
        // They wait in a driver or belong to another user: nothing can be done but wait.
        _report.Waiting(left.Select(process => process.Pid));
        _stuckReported = true;
    }

    private void TakeSnapshot()
    {
        _nextSnapshot = Now + Snapshot;
        foreach (ProcessEntry process in ProcessTable.Descendants(ProcessTable.Scan(), [Environment.ProcessId]))
            Record(process.Identity);
    }

    private void Record(ProcessIdentity process)
    {
        // Limited, as an engine that constantly starts processes must not fill the disk.
        if (_recorded.Count < 4096 && _recorded.Add(process))
            GuardState.Append(_arguments.StateFile, "process", process);
    }

    private void Wait()
    {
        PollDescriptor* watched = stackalloc PollDescriptor[3];
        watched[0] = new PollDescriptor(_wake.Reader);
        watched[1] = new PollDescriptor(_control);
        watched[2] = new PollDescriptor(_killAt is null ? _parentDescriptor : -1);
        TimeSpan until = _phase switch
        {
            GuardPhase.Sweeping => Now + _pause,
            GuardPhase.Settling => _phaseBegan + Settle,
            _ => Now + Tick,
        };
        if (_killAt < until && _phase != GuardPhase.Sweeping)
            until = _killAt.Value;
        if (
            Libc.poll(
                watched,
                3,
                (int)Math.Clamp(Math.Ceiling((until - Now).TotalMilliseconds), 0, Tick.TotalMilliseconds)
            ) <= 0
        )
            return;
        if (watched[0].IsReady)
            DrainWakes();
        if (watched[1].IsReady)
            ReadControl();
        if (watched[2].IsReady)
            RequestStop(_arguments.Grace);
    }

    /// <summary>
    /// Reads the parent's orders: each line is a stop and the milliseconds that the engine may take, 0 for none. The
    /// end of the pipe means that the parent is gone, or wants the usual stop.
    /// </summary>
    private void ReadControl()
    {
        byte* buffer = stackalloc byte[64];
        nint length = Libc.read(_control, buffer, 64);
        if (length < 0 && Libc.LastError == Libc.ErrorInterrupted)
            return;
        if (length <= 0)
        {
            _control = -1;
            RequestStop(_arguments.Grace);
        }
        for (int i = 0; i < length; i++)
        {
            if (buffer[i] is >= (byte)'0' and <= (byte)'9')
                _graceDigits = Math.Min(_graceDigits, 100_000_000) * 10 + (buffer[i] - '0');
            else if (buffer[i] == '\n')
            {
                RequestStop(TimeSpan.FromMilliseconds(_graceDigits));
                _graceDigits = 0;
            }
        }
    }

    private void DrainWakes()
    {
        byte* buffer = stackalloc byte[256];
        while (Libc.read(_wake.Reader, buffer, 256) > 0) { }
    }

    private void Handle(PosixSignal signal, Action note) =>
        _signals.Add(
            PosixSignalRegistration.Create(
                signal,
                context =>
                {
                    context.Cancel = true;
                    note();
                    byte one = 1;
                    _ = Libc.write(_wake.Writer, &one, 1);
                }
            )
        );
}
