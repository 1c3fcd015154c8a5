namespace DeterministicInference.Server.Backends.Guard;

/// <summary>
/// Kills everything below this process, which must be a child subreaper with one thread that reaps: then the number of a
/// child that was not reaped yet can't have been given to anybody else.
/// </summary>
/// <param name="reap">Reaps all children that have ended.</param>
internal sealed class Sweep(Action reap)
{
    /// <summary>A process that starts its successor and ends is caught only by being faster; a scan is not.</summary>
    private const int Chases = 300;

    private readonly HashSet<int> _spared = [];
    private readonly List<int> _children = [];

    /// <summary>Kills all that are there now and those that appear meanwhile.</summary>
    /// <param name="sparing">Whether those may live that clean up after the others.</param>
    /// <param name="main">The one that is never spared.</param>
    /// <returns>The processes that were there.</returns>
    public IReadOnlyList<ProcessEntry> Round(bool sparing, int main)
    {
        _spared.Clear();
        List<ProcessEntry> descendants = ProcessTable.Descendants(ProcessTable.Scan(), [Environment.ProcessId]);
        foreach (ProcessEntry process in descendants)
        {
            if (sparing && process.Pid != main && ProcessTable.IsResourceTracker(process.Pid)) _spared.Add(process.Pid);
            else if (process.Parent == Environment.ProcessId) _ = Libc.kill(process.Pid, Libc.SigKill);
            else process.Identity.Signal(Libc.SigKill);
        }
        for (int i = 0; i < Chases; i++)
        {
            reap();
            ProcessTable.OwnChildren(_children);
            _children.RemoveAll(_spared.Contains);
            if (_children.Count == 0) break;
            foreach (int child in _children) _ = Libc.kill(child, Libc.SigKill);
        }
        return descendants;
    }
}
