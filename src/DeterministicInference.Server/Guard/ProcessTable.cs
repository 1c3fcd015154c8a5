using System.Buffers.Text;
using System.Globalization;
using System.Text;
using DeterministicInference.Server.Native;

namespace DeterministicInference.Server.Guard;

/// <summary>The processes of this machine, as far as <c>/proc</c> shows them.</summary>
internal static class ProcessTable
{
    public static List<ProcessEntry> Scan()
    {
        var entries = new List<ProcessEntry>();
        foreach (string folder in Directory.EnumerateDirectories("/proc"))
        {
            if (
                int.TryParse(
                    folder.AsSpan("/proc/".Length),
                    NumberStyles.None,
                    CultureInfo.InvariantCulture,
                    out int pid
                ) && ProcessEntry.Read(pid) is { } entry
            )
                entries.Add(entry);
        }
        return entries;
    }

    /// <summary>All descendants of the roots, without the roots themselves.</summary>
    public static List<ProcessEntry> Descendants(IReadOnlyList<ProcessEntry> table, IEnumerable<int> roots)
    {
        ILookup<int, ProcessEntry> children = table.ToLookup(entry => entry.Parent);
        var found = new List<ProcessEntry>();
        var seen = new HashSet<int>(roots);
        var open = new Queue<int>(seen);
        while (open.TryDequeue(out int parent))
        {
            foreach (ProcessEntry child in children[parent])
            {
                if (!seen.Add(child.Pid))
                    continue;
                found.Add(child);
                open.Enqueue(child.Pid);
            }
        }
        return found;
    }

    /// <summary>
    /// Children of this process, much faster than by a scan. Empty where the kernel lacks the file
    /// (CONFIG_PROC_CHILDREN, https://man7.org/linux/man-pages/man5/proc_tid_children.5.html), so it proves nothing.
    /// </summary>
    public static void OwnChildren(List<int> children)
    {
        children.Clear();
        foreach (string thread in Directory.EnumerateDirectories("/proc/self/task"))
        {
            ReadOnlySpan<byte> text = ProcFile.ReadAll(thread + "/children");
            while (Utf8Parser.TryParse(text, out int pid, out int used))
            {
                children.Add(pid);
                text = text[Math.Min(used + 1, text.Length)..];
            }
        }
    }

    /// <summary>Whether the environment that a process was started with has this variable with this value.</summary>
    public static bool HasVariable(int pid, string name, string value)
    {
        ReadOnlySpan<byte> text = ProcFile.ReadAll(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/environ"));
        ReadOnlySpan<byte> wanted = Encoding.UTF8.GetBytes($"{name}={value}");
        foreach (Range entry in text.Split((byte)0))
        {
            if (text[entry].SequenceEqual(wanted))
                return true;
        }
        return false;
    }

    /// <summary>The environment that a process was started with; null if it can't be read.</summary>
    public static IReadOnlyDictionary<string, string>? VariablesOf(int pid)
    {
        byte[] text = ProcFile.ReadAll(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/environ"));
        if (text.Length == 0)
            return null;
        var variables = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (string entry in Encoding.UTF8.GetString(text).Split('\0'))
        {
            // Of a name that stands twice getenv(3) finds the first.
            if (entry.IndexOf('=') is > 0 and var equals)
                variables.TryAdd(entry[..equals], entry[(equals + 1)..]);
        }
        return variables;
    }

    /// <summary>
    /// Whether it is the process of Python's multiprocessing that unlinks shared memory once all others are gone, which
    /// it can't if it is killed with them (https://docs.python.org/3/library/multiprocessing.html, "Contexts and start
    /// methods"). Any process may have this name, so it may delay a kill but not prevent it.
    /// </summary>
    public static bool IsResourceTracker(int pid) =>
        ProcFile
            .ReadAll(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/cmdline"))
            .AsSpan()
            .IndexOf("multiprocessing.resource_tracker"u8) >= 0;
}
