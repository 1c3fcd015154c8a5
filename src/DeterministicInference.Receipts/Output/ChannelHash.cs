using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using DeterministicInference.Receipts.Json;

namespace DeterministicInference.Receipts.Output;

/// <summary>
/// The running hash of one string that arrives in fragments, as UTF-16 units: a pair may be split over two of them.
/// Half of a pair that stays alone is hashed in three bytes, as UTF-8 would write it (WTF-8,
/// https://simonsapin.github.io/wtf-8/). What it holds back is one unit.
/// </summary>
/// <param name="keepsText">Also keep the string itself.</param>
internal sealed class ChannelHash(bool keepsText = false) : IDisposable
{
    private const int BufferBytes = 256,
        SmallBufferBytes = 16;

    private readonly ArrayBufferWriter<byte>? _kept = keepsText ? new ArrayBufferWriter<byte>() : null;

    private byte[] _buffer = [];
    private int _used;

    /// <summary>
    /// Null as long as the buffer has all of the string, as of most: an answer may have a hundred thousand of them.
    /// </summary>
    private IncrementalHash? _hash;

    private char _high;

    /// <summary>Bytes of the string so far, without a unit that is held back.</summary>
    public long Length { get; private set; }

    /// <summary>The string so far, if it is kept.</summary>
    public ReadOnlyMemory<byte> Text => _kept?.WrittenMemory ?? default;

    /// <summary>Adds the inside of a JSON string token.</summary>
    public void Append(ReadOnlySpan<byte> escaped)
    {
        // Of a large text there is one copy: it has no more bytes than this.
        _kept?.GetSpan(escaped.Length);
        while (JsonStrings.Next(ref escaped, out ReadOnlySpan<byte> raw, out char unit))
        {
            if (raw.IsEmpty)
                AppendUnit(unit);
            else
                AppendUtf8(raw);
        }
    }

    /// <summary>Adds whole characters.</summary>
    public void AppendUtf8(ReadOnlySpan<byte> text)
    {
        if (text.IsEmpty)
            return;
        EndPair();
        Write(text);
    }

    /// <summary>No more will come: a unit that is held back stays alone.</summary>
    public void End() => EndPair();

    /// <summary>The bytes of the string and their hash.</summary>
    public (long Length, Sha256Value Hash) Current()
    {
        if (_hash is null)
            return (Length, Sha256Value.Of(_buffer.AsSpan(0, _used)));
        Flush();
        Span<byte> value = stackalloc byte[Sha256Value.Size];
        _hash.GetCurrentHash(value);
        return (Length, new Sha256Value(value));
    }

    /// <summary>Starts anew.</summary>
    public void Clear()
    {
        _hash?.GetHashAndReset(stackalloc byte[Sha256Value.Size]);
        _kept?.Clear();
        (Length, _used, _high) = (0, 0, default);
    }

    public void Dispose() => _hash?.Dispose();

    private void AppendUnit(char unit)
    {
        if (_high != default && char.IsLowSurrogate(unit))
        {
            var rune = new Rune(_high, unit);
            _high = default;
            WriteRune(rune);
            return;
        }
        EndPair();
        if (char.IsHighSurrogate(unit))
            _high = unit;
        else if (char.IsLowSurrogate(unit))
            WriteHalf(unit);
        else
            WriteRune(new Rune(unit));
    }

    private void EndPair()
    {
        if (_high == default)
            return;
        char half = _high;
        _high = default;
        WriteHalf(half);
    }

    private void WriteRune(Rune rune)
    {
        Span<byte> bytes = stackalloc byte[4];
        Write(bytes[..rune.EncodeToUtf8(bytes)]);
    }

    private void WriteHalf(char unit)
    {
        Span<byte> bytes = stackalloc byte[JsonStrings.HalfBytes];
        JsonStrings.EncodeHalf(unit, bytes);
        Write(bytes);
    }

    private void Write(ReadOnlySpan<byte> bytes)
    {
        Length += bytes.Length;
        _kept?.Write(bytes);
        if (bytes.Length > BufferBytes - _used)
            Flush();
        if (bytes.Length > BufferBytes)
        {
            Hash.AppendData(bytes);
            return;
        }
        if (bytes.Length > _buffer.Length - _used)
            Array.Resize(ref _buffer, Math.Clamp(2 * (_used + bytes.Length), SmallBufferBytes, BufferBytes));
        bytes.CopyTo(_buffer.AsSpan(_used));
        _used += bytes.Length;
    }

    private void Flush()
    {
        if (_used > 0)
            Hash.AppendData(_buffer.AsSpan(0, _used));
        _used = 0;
    }

    private IncrementalHash Hash => _hash ??= IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
}
