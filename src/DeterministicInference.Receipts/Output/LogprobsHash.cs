using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using DeterministicInference.Receipts.Answers;
using DeterministicInference.Receipts.Json;

namespace DeterministicInference.Receipts.Output;

/// <summary>
/// The running hash of a choice's log-probabilities. Those of a refusal are kept until the end, because they come after
/// all of the content's whatever the order of arrival.
/// </summary>
internal sealed class LogprobsHash : IDisposable
{
    private const int RefusalLimit = 16 << 20;

    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly ArrayBufferWriter<byte> _refusal = new();
    private long _length;

    /// <summary>Adds whole entries of the content.</summary>
    public void Append(ReadOnlySpan<byte> entries)
    {
        _hash.AppendData(entries);
        _length += entries.Length;
    }

    /// <summary>Adds whole entries of the refusal; false if there is too much of it to keep.</summary>
    public bool TryAppendRefusal(ReadOnlySpan<byte> entries)
    {
        if (_refusal.WrittenCount + (long)entries.Length > RefusalLimit)
            return false;
        _refusal.Write(entries);
        return true;
    }

    /// <summary>Bytes of the stream and their hash. Nothing may be added after it.</summary>
    public (long Length, Sha256Value Hash) Finish()
    {
        Append(_refusal.WrittenSpan);
        _refusal.Clear();
        Span<byte> value = stackalloc byte[Sha256Value.Size];
        _hash.GetCurrentHash(value);
        return (_length, new Sha256Value(value));
    }

    public void Dispose() => _hash.Dispose();

    /// <summary>
    /// Writes the entry of a token: where it stands, length and bytes of its text, its number, and the alternatives
    /// alike.
    /// </summary>
    public static void Write(scoped in AnswerReading answer, in ScoredToken token, ArrayBufferWriter<byte> output)
    {
        output.Write([(byte)token.Place]);
        WriteScore(answer, token.Text, output);
        WriteCount(token.Alternatives, output);
        foreach (
            ref readonly ScoredText alternative in answer.Alternatives.Slice(token.FirstAlternative, token.Alternatives)
        )
            WriteScore(answer, alternative, output);
    }

    private static void WriteScore(scoped in AnswerReading answer, in ScoredText token, ArrayBufferWriter<byte> output)
    {
        // The length stands before the text and is known after it.
        int start = output.WrittenCount;
        WriteCount(0, output);
        JsonStrings.Write(answer.Json[token.Token], output, quoted: false);
        int length = output.WrittenCount - start - sizeof(uint);
        Span<byte> written = MemoryMarshal.AsMemory(output.WrittenMemory).Span[start..];
        BinaryPrimitives.WriteUInt32BigEndian(written, (uint)length);
        WriteNumber(token.Number, output);
    }

    private static void WriteNumber(double number, ArrayBufferWriter<byte> output)
    {
        const ulong noNumber = 0x7ff8000000000000;
        BinaryPrimitives.WriteUInt64BigEndian(
            output.GetSpan(sizeof(ulong)),
            double.IsNaN(number) ? noNumber : BitConverter.DoubleToUInt64Bits(number)
        );
        output.Advance(sizeof(ulong));
    }

    private static void WriteCount(int count, ArrayBufferWriter<byte> output)
    {
        BinaryPrimitives.WriteUInt32BigEndian(output.GetSpan(sizeof(uint)), (uint)count);
        output.Advance(sizeof(uint));
    }
}
