using DeterministicInference.Receipts.Answers;
using DeterministicInference.Receipts.Bundles;
using DeterministicInference.Receipts.Canonical;

namespace DeterministicInference.Receipts.Clients;

/// <summary>
/// Hands on the events of a stream when they are complete, up to the first that ends a choice or is none of an honest
/// stream. The rest, and what no empty line ends, waits until the stream has ended and is verified.
/// </summary>
/// <param name="events">The answer as it comes.</param>
/// <param name="answer">Verifies it.</param>
internal sealed class VerifiedEventStream(Stream events, PassingAnswer answer) : Stream
{
    private readonly MemoryStream _all = new();
    private readonly byte[] _chunk = new byte[16 * 1024];
    private readonly AnswerReader _reader = new(AnswerDelivery.Sse);

    /// <summary>Bytes that the client has.</summary>
    private int _given;

    /// <summary>Bytes that the client may have.</summary>
    private int _free;

    /// <summary>Bytes in which the end of an event was looked for.</summary>
    private int _seen;

    private bool _isEnding;

    /// <summary>The verification, which is made once; null before the end.</summary>
    private Task? _judged;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (buffer.Length == 0)
            return 0;
        // What has failed fails again.
        if (_judged is { } before)
            await before;
        while (_given == _free && _judged is null)
        {
            int count = await events.ReadAsync(_chunk, cancellationToken);
            if (count == 0)
            {
                _judged = answer.JudgeAsync(_all.GetBuffer().AsMemory(0, (int)_all.Length), cancellationToken);
                await _judged;
                _free = (int)_all.Length;
                break;
            }
            if (_all.Length + count > ReceiptBundle.MaxBytes)
                throw new IOException($"The stream is larger than {ReceiptBundle.MaxBytes >> 20} MiB.");
            _all.Write(_chunk, 0, count);
            Release();
        }
        int given = Math.Min(buffer.Length, _free - _given);
        _all.GetBuffer().AsMemory(_given, given).CopyTo(buffer);
        _given += given;
        return given;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <summary>Not supported: a wait for the next event would block the thread.</summary>
    public override int Read(byte[] buffer, int offset, int count) =>
        throw new NotSupportedException("The stream is verified asynchronously: use ReadAsync.");

    public override void Flush() { }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            events.Dispose();
        base.Dispose(disposing);
    }

    public override async ValueTask DisposeAsync()
    {
        await events.DisposeAsync();
        await base.DisposeAsync();
    }

    /// <summary>Frees whole events, up to the first that waits.</summary>
    private void Release()
    {
        ReadOnlySpan<byte> all = _all.GetBuffer().AsSpan(0, (int)_all.Length);
        while (!_isEnding && NextEnd(all) is { } end)
        {
            if (!GoesOn(all[_free..end]))
                _isEnding = true;
            else
                _free = end;
        }
    }

    /// <summary>
    /// Whether an event can be handed on before all is verified: clients read its lines as we do, and none takes it for
    /// the end.
    /// </summary>
    private bool GoesOn(ReadOnlySpan<byte> lines)
    {
        bool hasData = false;
        foreach (Range place in lines.Split((byte)'\n'))
        {
            ReadOnlySpan<byte> line = lines[place];
            if (line.EndsWith("\r"u8))
                line = line[..^1];
            // Some end a line here.
            if (line.Contains((byte)'\r'))
                return false;
            if (line.StartsWith("data:"u8))
            {
                if (hasData || !IsDelta(line["data:".Length..].Trim((byte)' ')))
                    return false;
                hasData = true;
            }
            else if (!line.IsEmpty && line[0] != ':' && !line.SequenceEqual("event: message"u8))
                return false;
        }
        return true;
    }

    /// <summary>Whether the data of an event belongs to choices that go on.</summary>
    private bool IsDelta(ReadOnlySpan<byte> data)
    {
        if (data.IsEmpty)
            return true;
        try
        {
            AnswerReading read = _reader.Read(data);
            foreach (ref readonly AnswerPart part in read.Parts)
            {
                if (part.Kind == AnswerPartKind.Finish && !read.IsNull(part))
                    return false;
            }
            return read.Defect is null;
        }
        catch (CanonicalFormException)
        {
            return false;
        }
    }

    /// <summary>Where the next event ends, behind its empty line; null if it is not complete.</summary>
    private int? NextEnd(ReadOnlySpan<byte> all)
    {
        for (; _seen < all.Length; _seen++)
        {
            if (all[_seen] != '\n')
                continue;
            int before = _seen - 1;
            if (before >= 0 && all[before] == '\r')
                before--;
            if (before < 0 || all[before] == '\n')
                return ++_seen;
        }
        return null;
    }
}
