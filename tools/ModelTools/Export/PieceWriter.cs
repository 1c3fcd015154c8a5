namespace DeterministicInference.ModelTools.Export;

/// <summary>
/// Makes pieces of a file on the thread pool and writes them in the order in which they were added. A few are in the
/// making at a time, so memory stays bounded whatever the file's size.
/// </summary>
internal sealed class PieceWriter(SafetensorsWriter writer, int largestPiece) : IDisposable
{
    /// <summary>Fills a piece.</summary>
    public delegate void Filler(Span<byte> target);

    private readonly int _inFlight = 2 * Environment.ProcessorCount;
    private readonly Queue<(Task Filled, byte[] Buffer, int Length)> _pending = new();
    private readonly Stack<byte[]> _free = new();

    /// <summary>Adds a piece; may wait for an earlier one.</summary>
    public void Add(int length, Filler fill)
    {
        if (_pending.Count == _inFlight)
            WriteOldest();
        byte[] buffer = _free.Count > 0 ? _free.Pop() : new byte[largestPiece];
        _pending.Enqueue((Task.Run(() => fill(buffer.AsSpan(0, length))), buffer, length));
    }

    /// <summary>Writes what is still pending.</summary>
    public void Complete()
    {
        while (_pending.Count > 0)
            WriteOldest();
    }

    public void Dispose() => Task.WaitAll(_pending.Select(piece => piece.Filled));

    private void WriteOldest()
    {
        (Task filled, byte[] buffer, int length) = _pending.Dequeue();
        filled.GetAwaiter().GetResult();
        writer.Write(buffer.AsSpan(0, length));
        _free.Push(buffer);
    }
}
