namespace DeterministicInference.Server.Native;

/// <summary>The processes that this one has started, each of which somebody waits for by its number.</summary>
internal static class OwnProcesses
{
    private static readonly HashSet<int> Running = [];

    /// <summary>Held while a process is started, so that it is known before anybody can see its end.</summary>
    public static Lock Gate { get; } = new();

    public static void Add(int pid)
    {
        lock (Gate)
            Running.Add(pid);
    }

    /// <summary>Whether somebody waits for a process. Call it with the <see cref="Gate"/> held.</summary>
    public static bool Contains(int pid) => Running.Contains(pid);

    /// <summary>Called when the end of a process was seen: its number may be given to another.</summary>
    public static void Forget(int pid)
    {
        lock (Gate)
            Running.Remove(pid);
    }
}
