using System.Globalization;
using System.Text;
using System.Threading.Channels;

namespace DeterministicInference.Server.Guard;

/// <summary>
/// Delivers lines in the background: a receiver that is slow or stuck loses lines, and is told how many, but never
/// makes the engine wait.
/// </summary>
internal sealed class LineDelivery
{
    /// <summary>Characters that may wait.</summary>
    private const int Capacity = 4 << 20;

    private readonly Channel<string> _lines = Channel.CreateUnbounded<string>(
        new UnboundedChannelOptions { SingleReader = true, SingleWriter = true }
    );
    private readonly Task _delivered;
    private int _waiting,
        _dropped;

    public LineDelivery(Action<string> receiver) => _delivered = Task.Run(() => DeliverAsync(receiver));

    public void Post(ReadOnlySpan<byte> line)
    {
        if (Volatile.Read(ref _waiting) >= Capacity)
            Interlocked.Increment(ref _dropped);
        else
            Post(Decode(line));
    }

    public void Post(string line)
    {
        Interlocked.Add(ref _waiting, line.Length + 1);
        _lines.Writer.TryWrite(line);
    }

    /// <summary>No more lines come. Waits until all are delivered, or the receiver has taken too long.</summary>
    public void Complete(TimeSpan patience)
    {
        _lines.Writer.TryComplete();
        _ = ((IAsyncResult)_delivered).AsyncWaitHandle.WaitOne(patience);
    }

    private async Task DeliverAsync(Action<string> receiver)
    {
        await foreach (string line in _lines.Reader.ReadAllAsync())
        {
            receiver(line);
            Interlocked.Add(ref _waiting, -line.Length - 1);
            ReportDropped(receiver);
        }
        ReportDropped(receiver);
    }

    private void ReportDropped(Action<string> receiver)
    {
        int dropped = Volatile.Read(ref _dropped);
        // Reported once the receiver has caught up: a remark per lost line would only add to the load.
        if (dropped == 0 || Volatile.Read(ref _waiting) > Capacity / 2)
            return;
        Interlocked.Add(ref _dropped, -dropped);
        receiver(
            string.Create(
                CultureInfo.InvariantCulture,
                $"[{dropped} lines of output dropped: they came faster than they were read]"
            )
        );
    }

    /// <summary>
    /// Text for a log: what is not UTF-8 and what would control a terminal becomes a replacement character.
    /// </summary>
    private static string Decode(ReadOnlySpan<byte> line)
    {
        string text = Encoding.UTF8.GetString(line);
        int first = text.AsSpan().IndexOfAnyInRange('\0', '\x1f');
        if (first < 0 && !text.AsSpan().ContainsAnyInRange('\x7f', '\x9f'))
            return text;
        return string.Create(
            text.Length,
            text,
            static (target, source) =>
            {
                for (int i = 0; i < target.Length; i++)
                    target[i] = char.IsControl(source[i]) && source[i] != '\t' ? '\uFFFD' : source[i];
            }
        );
    }
}
