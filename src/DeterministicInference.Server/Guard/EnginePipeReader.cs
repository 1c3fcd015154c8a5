using System.Buffers;
using DeterministicInference.Server.Native;

namespace DeterministicInference.Server.Guard;

/// <summary>
/// Reads the pipes of the engine and its guards on one thread until all are closed. It owns the descriptors.
/// </summary>
internal sealed unsafe class EnginePipeReader
{
    private const int Output = 0,
        Error = 1,
        Report = 2,
        BufferSize = 64 * 1024;

    /// <summary>
    /// After the guards are gone the pipes are read until they are silent for this long: a process outside the engine's
    /// tree may hold its output open.
    /// </summary>
    private const int SilenceMilliseconds = 500;

    private static readonly TimeSpan ReclaimLimit = TimeSpan.FromSeconds(5),
        DeliveryLimit = TimeSpan.FromSeconds(1);

    private readonly TaskCompletionSource<EngineExit> _exited = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly int[] _descriptors;
    private readonly int _guardPid;
    private int _guardDescriptor;
    private readonly GuardState _state;
    private readonly LineDelivery _lines;
    private readonly LineSplitter[] _splitters;

    /// <param name="guardPid">The outer guard, a child of this process.</param>
    /// <param name="descriptors">Reading ends: the engine's output, its errors, the guards' report.</param>
    /// <param name="state">The engine's state file.</param>
    /// <param name="onLine">Receives the engine's lines.</param>
    public EnginePipeReader(int guardPid, int[] descriptors, GuardState state, Action<string> onLine)
    {
        (_guardPid, _descriptors, _state) = (guardPid, descriptors, state);
        _guardDescriptor = Libc.pidfd_open(guardPid);
        _lines = new LineDelivery(onLine);
        _splitters = [new LineSplitter(_lines.Post), new LineSplitter(_lines.Post), new LineSplitter(ReadReport)];
        new Thread(Run) { IsBackground = true, Name = "engine output" }.Start();
    }

    public GuardReportState Record { get; } = new();

    /// <summary>Completes when no process of the engine and its guards is left, and all lines are delivered.</summary>
    public Task<EngineExit> Exited => _exited.Task;

    private void Run()
    {
        try
        {
            ReadAll();
            EngineExit exit = Finish();
            Record.Close();
            _exited.SetResult(exit);
        }
        catch (Exception e)
        {
            _exited.TrySetException(e);
            Record.Close();
        }
    }

    private void ReadAll()
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        int pipes = _descriptors.Length;
        PollDescriptor* watched = stackalloc PollDescriptor[pipes + 1];
        while (Array.Exists(_descriptors, descriptor => descriptor >= 0))
        {
            // The guard first: what it wrote before it ended is then in the pipes that are looked at after it.
            watched[0] = new PollDescriptor(_guardDescriptor);
            for (int i = 0; i < pipes; i++)
                watched[i + 1] = new PollDescriptor(_descriptors[i]);
            int ready = Libc.poll(watched, (nuint)pipes + 1, _descriptors[Report] >= 0 ? -1 : SilenceMilliseconds);
            if (ready < 0)
                continue;
            if (ready == 0)
                break;
            for (int i = 0; i < pipes; i++)
            {
                if (watched[i + 1].IsReady)
                    ReadOnce(i, buffer);
            }
            if (watched[0].IsReady)
                GuardHasEnded();
        }
        for (int i = 0; i < pipes; i++)
            Close(i);
        GuardHasEnded();
        ArrayPool<byte>.Shared.Return(buffer);
    }

    private void ReadOnce(int index, byte[] buffer)
    {
        nint length;
        fixed (byte* pointer = buffer)
            length = Libc.read(_descriptors[index], pointer, (nuint)buffer.Length);
        if (length < 0 && Libc.LastError == Libc.ErrorInterrupted)
            return;
        if (length > 0)
        {
            _splitters[index].Feed(buffer.AsSpan(0, (int)length));
            return;
        }
        Close(index);
        // Both guards were killed: what they guarded is ended from here.
        if (index == Report && !Record.IsClean)
            Reclaim();
    }

    private void Close(int index)
    {
        if (_descriptors[index] < 0)
            return;
        _splitters[index].Finish();
        _ = Libc.close(_descriptors[index]);
        _descriptors[index] = -1;
    }

    /// <summary>
    /// The outer guard's last report, if there was one, has been read by now; the inner guard ends the engine.
    /// </summary>
    private void GuardHasEnded()
    {
        Record.GuardIsGone();
        if (_guardDescriptor >= 0)
            _ = Libc.close(_guardDescriptor);
        _guardDescriptor = -1;
    }

    private void Reclaim()
    {
        using var limit = new CancellationTokenSource(ReclaimLimit);
        try
        {
            GuardReclaim.EndAsync(GuardState.Read(_state.Path) ?? _state, limit.Token).GetAwaiter().GetResult();
        }
        catch (OperationCanceledException)
        {
            // The state file stays for the next start, and the exit names the processes that are left.
        }
    }

    private EngineExit Finish()
    {
        int status;
        while (Libc.waitpid(_guardPid, &status, 0) < 0 && Libc.LastError == Libc.ErrorInterrupted) { }
        OwnProcesses.Forget(_guardPid);
        _lines.Complete(DeliveryLimit);
        // The file is deleted once a guard or the reclaim has seen the end of everything.
        if (Record.IsClean || GuardState.Read(_state.Path) is not { } left)
            return Record.Exit;
        return Record.Exit with { Remaining = [.. GuardReclaim.Leftovers(left).Select(process => process.Pid)] };
    }

    private void ReadReport(ReadOnlySpan<byte> line)
    {
        if (Record.Read(line) is { } remark)
            _lines.Post(remark);
    }
}
