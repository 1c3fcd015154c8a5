using System.Diagnostics;
using DeterministicInference.Server.Native;

namespace DeterministicInference.Server.Guard;

/// <summary>
/// Ends what an earlier server left behind when it and its guards were killed at once. A process belongs to it only if
/// it carries the random tag of a state file, or has the number and the start time that the file names, or was started
/// by such a process. A name, a port or a number alone is never proof.
/// </summary>
internal static class GuardReclaim
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10),
        GuardPause = TimeSpan.FromMilliseconds(50),
        CleanUp = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Ends the leftovers of all state files whose servers are gone; a guard that still runs is awaited. Call it before
    /// an engine is started.
    /// </summary>
    /// <param name="stateFolder">The folder of <see cref="GuardSettings"/>.</param>
    /// <param name="cancellation">Limits the wait for guards and for processes that do not end.</param>
    /// <returns>The processes that were ended.</returns>
    /// <exception cref="IOException">The folder is accessible to other users, or can't be used.</exception>
    public static async Task<IReadOnlyList<int>> RunAsync(string stateFolder, CancellationToken cancellation)
    {
        if (!OperatingSystem.IsLinux())
            return [];
        string folder = GuardStateDirectory.Require(stateFolder);
        using FileStream @lock = await LockAsync(Path.Combine(folder, "lock"), cancellation);
        var ended = new List<int>();
        foreach (string path in Directory.GetFiles(folder, "*" + GuardState.Extension))
        {
            if (GuardState.Read(path) is not { } state)
                continue;
            if (state.Boot != GuardState.CurrentBoot)
            {
                GuardState.Delete(path);
                continue;
            }
            // In another container the numbers mean other processes; a server that still runs ends its own.
            if (state.Space != GuardState.CurrentSpace || state.Server.IsRunning)
                continue;
            if (await GuardsEndAsync(state, cancellation) is { } left)
                ended.AddRange(await EndAsync(left, cancellation));
        }
        return ended;
    }

    /// <summary>
    /// Ends the processes of one state file, whose guards are gone, and deletes it once none is left.
    /// </summary>
    /// <returns>The processes that were ended.</returns>
    public static async Task<IReadOnlyList<int>> EndAsync(GuardState state, CancellationToken cancellation)
    {
        var ended = new HashSet<int>();
        long begin = Stopwatch.GetTimestamp();
        // Two empty scans, as one may miss a process that gets another parent meanwhile.
        for (int emptyScans = 0; emptyScans < 2; )
        {
            bool sparing = Stopwatch.GetElapsedTime(begin) < CleanUp;
            List<ProcessEntry> left = Leftovers(state);
            emptyScans = left.Count == 0 ? emptyScans + 1 : 0;
            foreach (ProcessEntry process in left)
            {
                if ((!sparing || !ProcessTable.IsResourceTracker(process.Pid)) && process.Identity.Signal(Libc.SigKill))
                    ended.Add(process.Pid);
            }
            await Task.Delay(Pause, cancellation);
        }
        GuardState.Delete(state.Path);
        return [.. ended];
    }

    /// <summary>The processes of a state file that still run.</summary>
    public static List<ProcessEntry> Leftovers(GuardState state)
    {
        List<ProcessEntry> table = ProcessTable.Scan();
        var known = state.Processes.ToHashSet();
        // A process that started before the server can't be its engine.
        var roots = table
            .Where(process =>
                process.Identity.Start >= state.Server.Start
                && (
                    known.Contains(process.Identity)
                    || ProcessTable.HasVariable(process.Pid, GuardEnvironment.TagName, state.Tag)
                )
            )
            .ToList();
        HashSet<int> untouchable = OwnLine(table);
        return
        [
            .. roots
                .Concat(ProcessTable.Descendants(table, roots.Select(root => root.Pid)))
                .Where(process => !process.IsZombie && !untouchable.Contains(process.Pid)),
        ];
    }

    /// <summary>Waits for the guards of a state file.</summary>
    /// <returns>The file's content then, or null if a guard has seen the end of everything.</returns>
    private static async Task<GuardState?> GuardsEndAsync(GuardState state, CancellationToken cancellation)
    {
        while (state.Guards.Any(guard => guard.IsRunning))
        {
            await Task.Delay(GuardPause, cancellation);
            // The inner guard may have been added meanwhile.
            state = GuardState.Read(state.Path) ?? state;
        }
        return GuardState.Read(state.Path);
    }

    /// <summary>This process and its ancestors.</summary>
    private static HashSet<int> OwnLine(IReadOnlyList<ProcessEntry> table)
    {
        var parents = table.ToDictionary(process => process.Pid, process => process.Parent);
        var line = new HashSet<int> { 1 };
        for (int pid = Environment.ProcessId; pid > 0 && line.Add(pid); )
            pid = parents.GetValueOrDefault(pid);
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
            catch (IOException e) when (FileLock.IsHeld(e))
            {
                await Task.Delay(GuardPause, cancellation);
            }
        }
    }
}
