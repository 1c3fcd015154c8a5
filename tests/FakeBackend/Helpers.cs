using System.Diagnostics;

namespace DeterministicInference.FakeBackend;

/// <summary>
/// Processes that an engine starts beside itself. They do nothing, and end by themselves after ten minutes.
/// </summary>
internal static class Helpers
{
    private const string Idle = "sleep 600";

    /// <summary>All have been started when it returns.</summary>
    /// <param name="children">Children of this process with its output.</param>
    /// <param name="daemons">
    /// Processes that started over: a session of their own, orphaned, without an open descriptor.
    /// </param>
    public static void Start(int children, int daemons)
    {
        for (int i = 0; i < children; i++)
            Shell($"exec {Idle}").Dispose();
        for (int i = 0; i < daemons; i++)
        {
            // The session's leader ends at once, and with it the second fork's parent.
            using Process leader = Shell($"exec setsid sh -c '{Idle} <&- >&- 2>&- &'");
            leader.WaitForExit();
        }
    }

    private static Process Shell(string command) => Process.Start("sh", ["-c", command]);
}
