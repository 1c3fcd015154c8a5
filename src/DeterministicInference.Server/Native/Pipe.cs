namespace DeterministicInference.Server.Native;

/// <summary>A pipe whose ends are close-on-exec: a child gets one only explicitly.</summary>
internal sealed unsafe class Pipe : IDisposable
{
    /// <summary>
    /// Lowest descriptor number used: above all numbers that a child gets, so that passing one end can't overwrite
    /// another.
    /// </summary>
    private const int LowestDescriptor = 10;

    /// <exception cref="IOException">The process or the system has no descriptors left.</exception>
    public Pipe()
    {
        int* ends = stackalloc int[2];
        if (Libc.pipe2(ends, Libc.CloseOnExec) < 0)
            throw Libc.LastFailure;
        Reader = Raise(ends[0]);
        Writer = Reader < 0 ? -1 : Raise(ends[1]);
        IOException? failure = Writer < 0 ? Libc.LastFailure : null;
        _ = Libc.close(ends[0]);
        _ = Libc.close(ends[1]);
        if (failure is null)
            return;
        Dispose();
        throw failure;
    }

    public int Reader { get; private set; }

    public int Writer { get; private set; }

    /// <summary>Takes the reading end, which the caller must close.</summary>
    public int TakeReader()
    {
        int taken = Reader;
        Reader = -1;
        return taken;
    }

    /// <summary>Takes the writing end, which the caller must close.</summary>
    public int TakeWriter()
    {
        int taken = Writer;
        Writer = -1;
        return taken;
    }

    public void Dispose()
    {
        if (Reader >= 0)
            _ = Libc.close(Reader);
        if (Writer >= 0)
            _ = Libc.close(Writer);
        (Reader, Writer) = (-1, -1);
    }

    private static int Raise(int descriptor) => Libc.fcntl(descriptor, Libc.DuplicateCloseOnExec, LowestDescriptor);
}
