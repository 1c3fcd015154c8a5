using System.Globalization;
using System.Text;
using DeterministicInference.Server.Native;

namespace DeterministicInference.Server.Guard;

/// <summary>The state of the guards' reports so far.</summary>
internal sealed class GuardReportState
{
    private readonly Lock _lock = new();
    private readonly List<ProcessIdentity> _guards = [];
    private readonly TaskCompletionSource<int?> _started = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private readonly TaskCompletionSource<EngineExit> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when the engine is known to have ended: its main process or its guard is gone.</summary>
    public Task<EngineExit> Ended => _ended.Task;

    /// <summary>The engine's main process, or null if there never was one.</summary>
    public Task<int?> Started => _started.Task;

    public IReadOnlyList<ProcessIdentity> Guards
    {
        get
        {
            lock (_lock)
                return [.. _guards];
        }
    }

    /// <summary>How the engine ended, as far as it was reported.</summary>
    public EngineExit Exit { get; private set; } = new EngineExit.GuardDied();

    /// <summary>Whether a guard has seen the end of everything.</summary>
    public bool IsClean { get; private set; }

    /// <summary>Records that the outer guard is gone; the inner one ends the engine.</summary>
    public void GuardIsGone() => _ended.TrySetResult(Exit);

    /// <summary>Records that no more reports follow.</summary>
    public void Close()
    {
        _started.TrySetResult(null);
        _ended.TrySetResult(Exit);
    }

    /// <summary>Processes one line.</summary>
    /// <returns>A remark for the log, or null.</returns>
    public string? Read(ReadOnlySpan<byte> line)
    {
        string text = Encoding.UTF8.GetString(line);
        int space = text.IndexOf(' ', StringComparison.Ordinal);
        ReadOnlySpan<char> rest = text.AsSpan(space + 1);
        switch (space < 0 ? text : text[..space])
        {
            case "guard" when ProcessIdentity.Parse(rest) is { } guard:
                lock (_lock)
                    _guards.Add(guard);
                break;
            case "engine" when ProcessIdentity.Parse(rest) is { } engine:
                _started.TrySetResult(engine.Pid);
                break;
            case "failed" when int.TryParse(rest, NumberStyles.None, CultureInfo.InvariantCulture, out int error):
                Exit = new EngineExit.NotStarted(error);
                Close();
                break;
            case "exit" when int.TryParse(rest, NumberStyles.None, CultureInfo.InvariantCulture, out int raw):
                var status = new WaitStatus(raw);
                Exit = status.Signal == 0 ? new EngineExit.Exited(status.Code) : new EngineExit.Signaled(status.Signal);
                _ended.TrySetResult(Exit);
                break;
            case "left":
                Exit = Exit with { LeftBehind = Pids(rest) };
                break;
            case "clean":
                IsClean = true;
                break;
            case "waiting":
                return $"Processes of the engine that do not end although they were killed: {rest}";
            default:
                break;
        }
        return null;
    }

    private static List<int> Pids(ReadOnlySpan<char> text)
    {
        var pids = new List<int>();
        foreach (Range part in text.Split(' '))
        {
            if (int.TryParse(text[part], NumberStyles.None, CultureInfo.InvariantCulture, out int pid))
                pids.Add(pid);
        }
        return pids;
    }
}
