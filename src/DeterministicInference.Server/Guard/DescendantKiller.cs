using DeterministicInference.Server.Native;

namespace DeterministicInference.Server.Guard;

/// <summary>
/// Kills all descendants of this process, which must be a child subreaper
/// (https://man7.org/linux/man-pages/man2/PR_SET_CHILD_SUBREAPER.2const.html) with one thread that reaps: the kernel
/// gives the number of a child to no other process before the child is reaped.
/// </summary>
/// <param name="reap">Reaps all children that have ended.</param>
internal sealed class DescendantKiller(Action reap)
{
    /// <summary>
    /// Rounds that kill direct children without a scan of /proc: only they are faster than a process that starts its
    /// successor and ends.
    /// </summary>
    private const int Chases = 300;

    private readonly HashSet<int> _spared = [];
    private readonly List<int> _children = [];

    /// <summary>Kills all that exist now and those that appear meanwhile.</summary>
    /// <param name="sparing">Whether processes are spared that clean up after the others.</param>
    /// <param name="main">The process that is never spared.</param>
    /// <returns>The processes that existed.</returns>
    public IReadOnlyList<ProcessEntry> KillOnce(bool sparing, int main)
    {
        _spared.Clear();
        List<ProcessEntry> descendants = ProcessTable.Descendants(ProcessTable.Scan(), [Environment.ProcessId]);
        foreach (ProcessEntry process in descendants)
        {
            if (sparing && process.Pid != main && ProcessTable.IsResourceTracker(process.Pid))
                _spared.Add(process.Pid);
            else if (process.Parent == Environment.ProcessId)
                _ = Libc.kill(process.Pid, Libc.SigKill);
            else
                process.Identity.Signal(Libc.SigKill);
        }
        for (int i = 0; i < Chases; i++)
        {
            reap();
            ProcessTable.OwnChildren(_children);
            _children.RemoveAll(_spared.Contains);
            if (_children.Count == 0)
                break;
            foreach (int child in _children)
                _ = Libc.kill(child, Libc.SigKill);
        }
        return descendants;
    }
}
