using System.Globalization;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using DeterministicInference.Server.Engines;
using DeterministicInference.Server.Native;

namespace DeterministicInference.Server.Guard;

/// <summary>
/// An engine with everything it starts, held by two guard processes: it ends when the server asks, when the server is
/// gone for whatever reason, and when a guard is killed.
/// </summary>
internal sealed class GuardedProcess : IAsyncDisposable
{
    /// <summary>Descriptor number of the report pipe in both guards.</summary>
    private const int ReportDescriptor = 3;

    private readonly Lock _lock = new();
    private readonly TimeSpan _patience;
    private readonly ProcessIdentity _guard;
    private readonly EnginePipeReader _watch;
    private int _control;

    private GuardedProcess(ProcessIdentity guard, int control, EnginePipeReader watch, TimeSpan patience) =>
        (_guard, _control, _watch, _patience) = (guard, control, watch, patience);

    /// <summary>Whether engines can be launched on this machine.</summary>
    [SupportedOSPlatformGuard("linux")]
    public static bool IsSupported =>
        OperatingSystem.IsLinux() && RuntimeInformation.ProcessArchitecture is Architecture.X64 or Architecture.Arm64;

    /// <summary>Completes with the engine's main process, or with null if it can't be started.</summary>
    public Task<int?> Started => _watch.Record.Started;

    /// <summary>The engine's main process, once it has been started; null before and if it can't be.</summary>
    public int? EnginePid => Started.IsCompletedSuccessfully ? Started.Result : null;

    /// <summary>How the engine ended, as soon as it is known; other processes of it may still exist.</summary>
    public Task<EngineExit> Ended => _watch.Record.Ended;

    /// <summary>How the engine ended, once no process of it is left and its last line was delivered.</summary>
    public Task<EngineExit> Exited => _watch.Exited;

    /// <summary>Starts an engine; a failure to start is reported as <see cref="EngineExit.NotStarted"/>.</summary>
    /// <param name="launch">The launch.</param>
    /// <param name="settings">Settings of the guards.</param>
    /// <param name="onLine">
    /// Receives each line of the engine's output and errors, one call at a time, at most 16 KiB; longer lines are
    /// split. While it blocks, the engine continues, and lines beyond 4 Mi characters are lost.
    /// </param>
    /// <exception cref="IOException">The state folder can't be used, or the guard can't be started.</exception>
    /// <exception cref="PlatformNotSupportedException">This is not Linux on x64 or arm64.</exception>
    public static GuardedProcess Start(EngineLaunch launch, GuardSettings settings, Action<string> onLine)
    {
        if (!IsSupported)
            throw new PlatformNotSupportedException("Engines can be launched on Linux (x64, arm64) only.");
        if (!GuardState.IsTag(settings.Tag))
            throw new ArgumentException("The tag must be 32 hexadecimal digits.", nameof(settings));
        using Pipe control = new(),
            output = new(),
            error = new(),
            report = new();
        _ = Libc.fcntl(report.Writer, Libc.SetStatusFlags, Libc.NonBlocking);
        _ = Libc.fcntl(control.Writer, Libc.SetStatusFlags, Libc.NonBlocking);
        using NativeStrings environment = GuardEnvironment.ForGuard(launch.Environment, launch.Unset, settings.Tag);
        GuardState state = GuardState.Create(
            GuardStateDirectory.Require(settings.GuardStateDirectory),
            settings.Tag,
            settings.EngineFolder
        );
        MakeFolder(settings.EngineFolder, launch, state);
        int failure = PosixSpawn.Start(
            Command(launch, settings, state.Path),
            environment,
            [(control.Reader, 0), (output.Writer, 1), (error.Writer, 2), (report.Writer, ReportDescriptor)],
            emptyInput: false,
            out int pid
        );
        if (failure != 0)
        {
            GuardState.Delete(state.Path);
            throw new IOException(
                $"The guard process {settings.Program[0]} could not be started: "
                    + $"{Marshal.GetPInvokeErrorMessage(failure)}"
            );
        }
        var watch = new EnginePipeReader(
            pid,
            [output.TakeReader(), error.TakeReader(), report.TakeReader()],
            state,
            onLine
        );
        return new GuardedProcess(ProcessIdentity.Of(pid), control.TakeWriter(), watch, settings.Patience);
    }

    /// <summary>Makes the engine's folder, after the file that names it, so that a crash can't leave it.</summary>
    private static void MakeFolder(string? folder, EngineLaunch launch, GuardState state)
    {
        if (folder is null)
            return;
        try
        {
            EngineFolder.Create(folder, launch.Files);
        }
        catch
        {
            GuardState.Delete(state.Path);
            throw;
        }
    }

    /// <summary>
    /// Ends the engine: SIGTERM to its main process, SIGKILL to all of its processes after the grace, and to the guards
    /// if even they do not answer.
    /// </summary>
    /// <param name="grace">How long the engine may take by itself.</param>
    /// <param name="now">Ends the grace.</param>
    /// <returns>Completes with <see cref="Exited"/>.</returns>
    public async Task StopAsync(TimeSpan grace, CancellationToken now)
    {
        TimeSpan limit = TimeSpan.FromMilliseconds(
            Math.Clamp(grace.TotalMilliseconds, 0, TimeSpan.FromDays(1).TotalMilliseconds)
        );
        if (!now.IsCancellationRequested)
            SendStop(limit);
        if (!await EndsWithinAsync(limit + _patience, now))
        {
            SendStop(TimeSpan.Zero);
            if (!await EndsWithinAsync(_patience, CancellationToken.None))
                KillGuards();
        }
        await Exited;
        CloseControl();
    }

    /// <summary>Ends it at once if it still runs.</summary>
    public async ValueTask DisposeAsync() => await StopAsync(TimeSpan.Zero, CancellationToken.None);

    private static IReadOnlyList<string> Command(EngineLaunch launch, GuardSettings settings, string stateFile)
    {
        var inner = new GuardArguments(
            GuardRole.Inner,
            settings.Grace,
            stateFile,
            ReportDescriptor,
            [launch.File, .. launch.Arguments]
        );
        var outer = new GuardArguments(
            GuardRole.Outer,
            settings.Grace,
            stateFile,
            ReportDescriptor,
            [.. settings.Program, .. inner.ToCommandLine()]
        );
        return [.. settings.Program, .. outer.ToCommandLine()];
    }

    private async Task<bool> EndsWithinAsync(TimeSpan limit, CancellationToken now)
    {
        try
        {
            await Exited.WaitAsync(limit, now);
            return true;
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException && !Exited.IsCompleted)
        {
            return false;
        }
    }

    /// <summary>See <see cref="GuardLoop"/> for the meaning of the line.</summary>
    private void SendStop(TimeSpan grace)
    {
        lock (_lock)
        {
            if (_control >= 0)
                DescriptorText.Write(
                    _control,
                    string.Create(CultureInfo.InvariantCulture, $"{(long)grace.TotalMilliseconds}\n")
                );
        }
    }

    private void CloseControl()
    {
        lock (_lock)
        {
            if (_control >= 0)
                _ = Libc.close(_control);
            _control = -1;
        }
    }

    private void KillGuards()
    {
        foreach (ProcessIdentity guard in (IEnumerable<ProcessIdentity>)[_guard, .. _watch.Record.Guards])
            guard.Signal(Libc.SigKill);
    }
}
