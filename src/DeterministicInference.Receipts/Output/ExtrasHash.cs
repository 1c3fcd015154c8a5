using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using DeterministicInference.Receipts.Answers;
using DeterministicInference.Receipts.Canonical;

namespace DeterministicInference.Receipts.Output;

/// <summary>
/// The running hash of the members of an answer or a choice that are not read: where they stand, their names and values.
/// </summary>
internal sealed class ExtrasHash : IDisposable
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly ArrayBufferWriter<byte> _line = new();
    private long _length;

    /// <summary>Adds a member as the line <c>PLACE {"NAME":VALUE}</c>.</summary>
    public void Append(scoped in AnswerReading answer, in AnswerPart extra)
    {
        string place = extra.Kind switch
        {
            AnswerPartKind.AnswerExtra => "answer",
            AnswerPartKind.ChoiceExtra => "choice",
            AnswerPartKind.MessageExtra => "message",
            _ => string.Create(CultureInfo.InvariantCulture, $"tool.{extra.Tool}"),
        };
        _line.ResetWrittenCount();
        Encoding.ASCII.GetBytes(place, _line);
        _line.Write(" "u8);
        CanonicalJson.WriteValue([.. "{"u8, .. answer.Json[extra.Start..extra.End], .. "}"u8], _line);
        _line.Write("\n"u8);
        _hash.AppendData(_line.WrittenSpan);
        _length += _line.WrittenCount;
    }

    /// <summary>Bytes of the lines and their hash.</summary>
    public (long Length, Sha256Value Hash) Current()
    {
        Span<byte> value = stackalloc byte[Sha256Value.Size];
        _hash.GetCurrentHash(value);
        return (_length, new Sha256Value(value));
    }

    public void Dispose() => _hash.Dispose();
}
