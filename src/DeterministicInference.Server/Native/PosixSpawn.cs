namespace DeterministicInference.Server.Native;

/// <summary>
/// Starts a process in a session of its own, with default signals and none blocked. Only posix_spawn is safe from
/// managed code: a forked child may call only async-signal-safe functions, as locks of other threads stay locked
/// (https://man7.org/linux/man-pages/man2/fork.2.html).
/// </summary>
internal static unsafe class PosixSpawn
{
    // Sizes of the opaque structures: glibc and musl need 336 and 80 bytes on both architectures, and 128 for a signal
    // set.
    private const int AttributesSize = 512,
        ActionsSize = 256,
        SignalSetSize = 128;

    /// <param name="command">The executable, looked up in PATH where it has no slash, and its arguments.</param>
    /// <param name="environment">The complete environment.</param>
    /// <param name="descriptors">
    /// Descriptors of this process and their numbers in the child; 0, 1 and 2 are inherited unless listed.
    /// </param>
    /// <param name="emptyInput">Whether descriptor 0 is /dev/null.</param>
    /// <param name="pid">Id of the process.</param>
    /// <returns>0, or an errno.</returns>
    public static int Start(
        IReadOnlyList<string> command,
        NativeStrings environment,
        ReadOnlySpan<(int From, int To)> descriptors,
        bool emptyInput,
        out int pid
    )
    {
        byte* attributes = stackalloc byte[AttributesSize],
            actions = stackalloc byte[ActionsSize],
            signals = stackalloc byte[SignalSetSize];
        using var arguments = new NativeStrings(command);
        byte** argumentArray = arguments.Pointer;
        int started = 0;
        _ = Libc.posix_spawnattr_init(attributes);
        _ = Libc.posix_spawn_file_actions_init(actions);
        try
        {
            _ = Libc.posix_spawnattr_setflags(
                attributes,
                Libc.SpawnSetSession | Libc.SpawnSetSignalDefaults | Libc.SpawnSetSignalMask
            );
            _ = Libc.sigfillset(signals);
            _ = Libc.posix_spawnattr_setsigdefault(attributes, signals);
            _ = Libc.sigemptyset(signals);
            _ = Libc.posix_spawnattr_setsigmask(attributes, signals);
            fixed (byte* nothing = "/dev/null\0"u8)
            {
                int error = emptyInput
                    ? Libc.posix_spawn_file_actions_addopen(actions, 0, nothing, Libc.ReadOnly, 0)
                    : 0;
                foreach ((int from, int to) in descriptors)
                {
                    if (error == 0)
                        error = Libc.posix_spawn_file_actions_adddup2(actions, from, to);
                }
                lock (OwnProcesses.Gate)
                {
                    if (error == 0)
                        error = Libc.posix_spawnp(
                            &started,
                            argumentArray[0],
                            actions,
                            attributes,
                            argumentArray,
                            environment.Pointer
                        );
                    if (error == 0)
                        OwnProcesses.Add(started);
                }
                pid = error == 0 ? started : 0;
                return error;
            }
        }
        finally
        {
            _ = Libc.posix_spawn_file_actions_destroy(actions);
            _ = Libc.posix_spawnattr_destroy(attributes);
        }
    }
}
