using System.Diagnostics;

namespace DeterministicInference.Server.Backends.Guard;

/// <summary>
/// Ends what an earlier server left behind when it and its guards were killed at once. Ours is only what carries the
/// random tag of a state file, or has the number and the start time that the file names, and what such a process
/// started. A name, a port or a number alone is never proof.
/// </summary>
internal static class GuardReclaim
{
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(10), s_guardPause = TimeSpan.FromMilliseconds(50), s_cleanUp = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Goes through the state files of servers that are gone; a guard that still runs is waited for, not raced. Call it
    /// before an engine is started.
    /// </summary>
    /// <param name="stateFolder">As in <see cref="GuardSettings"/>.</param>
    /// <param name="cancellation">How long to wait for guards and for processes that do not die.</param>
    /// <returns>The processes that were ended.</returns>
    /// <exception cref="IOException">The folder is not ours alone.</exception>
    public static async Task<IReadOnlyList<int>> RunAsync(string stateFolder, CancellationToken cancellation)
    {
        if (!OperatingSystem.IsLinux()) return [];
        string folder = StateFolder.Require(stateFolder);
        using FileStream @lock = await LockAsync(Path.Combine(folder, "lock"), cancellation);
        var ended = new List<int>();
        foreach (string path in Directory.GetFiles(folder, "*" + GuardState.Extension))
        {
            if (GuardState.Read(path) is not { } state) continue;
            if (state.Boot != GuardState.CurrentBoot)
            {
                GuardState.Delete(path);
                continue;
            }
            // In another container its numbers mean other processes. A server that runs looks after its own.
            if (state.Space != GuardState.CurrentSpace || state.Server.IsRunning) continue;
            if (await GuardsEndAsync(state, cancellation) is { } left) ended.AddRange(await EndAsync(left, cancellation));
        }
        return ended;
    }

    /// <summary>Ends the processes of one state file, whose guards are gone, and deletes it once none is left.</summary>
    /// <returns>The processes that were ended.</returns>
    public static async Task<IReadOnlyList<int>> EndAsync(GuardState state, CancellationToken cancellation)
    {
        var ended = new HashSet<int>();
        long begin = Stopwatch.GetTimestamp();
        // Two, as one may miss a process that moves from parent to parent meanwhile.
        for (int emptyScans = 0; emptyScans < 2;)
        {
            bool sparing = Stopwatch.GetElapsedTime(begin) < s_cleanUp;
            List<ProcessEntry> left = Leftovers(state);
            emptyScans = left.Count == 0 ? emptyScans + 1 : 0;
            foreach (ProcessEntry process in left)
            {
                if ((!sparing || !ProcessTable.IsResourceTracker(process.Pid)) && process.Identity.Signal(Libc.SigKill)) ended.Add(process.Pid);
            }
            await Task.Delay(s_pause, cancellation);
        }
        GuardState.Delete(state.Path);
        return [.. ended];
    }

    /// <summary>The processes of a state file that still run.</summary>
    public static List<ProcessEntry> Leftovers(GuardState state)
    {
        List<ProcessEntry> table = ProcessTable.Scan();
        var known = state.Processes.ToHashSet();
        // Whatever started before the server did can't be its engine.
        var roots = table
            .Where(process => process.Identity.Start >= state.Server.Start
                && (known.Contains(process.Identity) || ProcessTable.HasVariable(process.Pid, GuardEnvironment.TagName, state.Tag)))
            .ToList();
        HashSet<int> untouchable = OwnLine(table);
        return [.. roots.Concat(ProcessTable.Descendants(table, roots.Select(root => root.Pid)))
            .Where(process => !process.IsZombie && !untouchable.Contains(process.Pid))];
    }

    /// <summary>Waits for the guards of a state file.</summary>
    /// <returns>What the file says then, or null if a guard has seen the end of everything.</returns>
    private static async Task<GuardState?> GuardsEndAsync(GuardState state, CancellationToken cancellation)
    {
        while (state.Guards.Any(guard => guard.IsRunning))
        {
            await Task.Delay(s_guardPause, cancellation);
            // The inner guard may have been added meanwhile.
            state = GuardState.Read(state.Path) ?? state;
        }
        return GuardState.Read(state.Path);
    }

    /// <summary>This process and those above it.</summary>
    private static HashSet<int> OwnLine(IReadOnlyList<ProcessEntry> table)
    {
        var parents = table.ToDictionary(process => process.Pid, process => process.Parent);
        var line = new HashSet<int> { 1 };
        for (int pid = Environment.ProcessId; pid > 0 && line.Add(pid);) pid = parents.GetValueOrDefault(pid);
        return line;
    }

    private static async Task<FileStream> LockAsync(string path, CancellationToken cancellation)
    {
        while (true)
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException) when (File.Exists(path))
            {
                await Task.Delay(s_guardPause, cancellation);
            }
        }
    }
}
