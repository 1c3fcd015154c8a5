using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using DeterministicInference.Receipts.Canonical;

namespace DeterministicInference.Receipts.Output;

/// <summary>
/// The running hash of one string that arrives in fragments, as UTF-16 units: a pair may be split over two of them.
/// What it holds back is one unit and a number: a trailing run of U+FFFD is not part of the string.
/// </summary>
/// <param name="keepsText">Also keep the string itself.</param>
internal sealed class ChannelHash(bool keepsText = false) : IDisposable
{
    private const int BufferBytes = 256;

    private readonly ArrayBufferWriter<byte>? _kept = keepsText ? new ArrayBufferWriter<byte>() : null;

    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly byte[] _buffer = new byte[BufferBytes];
    private int _used;
    private char _high;
    private long _replacements;

    /// <summary>Bytes of the string so far.</summary>
    public long Length { get; private set; }

    /// <summary>The string so far, if it is kept.</summary>
    public ReadOnlyMemory<byte> Text => _kept?.WrittenMemory ?? default;

    /// <summary>Adds the inside of a JSON string token.</summary>
    public void Append(ReadOnlySpan<byte> escaped)
    {
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
        ReadOnlySpan<byte> kept = text;
        while (kept.EndsWith("\uFFFD"u8))
            kept = kept[..^3];
        if (!kept.IsEmpty)
        {
            WriteHeldReplacements();
            Write(kept);
        }
        _replacements += (text.Length - kept.Length) / 3;
    }

    /// <summary>The bytes of the string and their hash. More may be added after it.</summary>
    public (long Length, Sha256Value Hash) Current()
    {
        // An unpaired unit at the end would be a trailing U+FFFD: not part of the string either way.
        Flush();
        Span<byte> value = stackalloc byte[Sha256Value.Size];
        _hash.GetCurrentHash(value);
        return (Length, new Sha256Value(value));
    }

    /// <summary>Starts anew.</summary>
    public void Clear()
    {
        Flush();
        _hash.GetHashAndReset(stackalloc byte[Sha256Value.Size]);
        _kept?.Clear();
        (Length, _high, _replacements) = (0, default, 0);
    }

    public void Dispose() => _hash.Dispose();

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
        else if (char.IsLowSurrogate(unit) || unit == Rune.ReplacementChar.Value)
            _replacements++;
        else
            WriteRune(new Rune(unit));
    }

    private void EndPair()
    {
        if (_high == default)
            return;
        _high = default;
        _replacements++;
    }

    private void WriteRune(Rune rune)
    {
        WriteHeldReplacements();
        Span<byte> bytes = stackalloc byte[4];
        Write(bytes[..rune.EncodeToUtf8(bytes)]);
    }

    private void WriteHeldReplacements()
    {
        for (; _replacements > 0; _replacements--)
            Write("\uFFFD"u8);
    }

    private void Write(ReadOnlySpan<byte> bytes)
    {
        Length += bytes.Length;
        _kept?.Write(bytes);
        if (bytes.Length > BufferBytes - _used)
            Flush();
        if (bytes.Length > BufferBytes)
        {
            _hash.AppendData(bytes);
            return;
        }
        bytes.CopyTo(_buffer.AsSpan(_used));
        _used += bytes.Length;
    }

    private void Flush()
    {
        _hash.AppendData(_buffer.AsSpan(0, _used));
        _used = 0;
    }
}
