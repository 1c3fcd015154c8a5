using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using DeterministicInference.Receipts.Answers;
using DeterministicInference.Receipts.Canonical;

namespace DeterministicInference.Receipts.Output;

/// <summary>
/// The running hash of the members of a choice that are not read: where they stand, their names and values. Their order
/// in an answer or event does not count, because programs that pass answers on have maps without one.
/// </summary>
internal sealed class ExtrasHash : IDisposable
{
    private static readonly JsonDocumentOptions Options = new() { MaxDepth = AnswerReader.MaxDepth + 1 };

    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly List<ArrayBufferWriter<byte>> _lines = [];
    private long _length;

    /// <summary>Adds a member as the line <c>PLACE {"NAME":VALUE}</c>.</summary>
    public void Append(scoped in AnswerReading answer, in AnswerPart extra)
    {
        string place = extra.Kind switch
        {
            AnswerPartKind.ChoiceExtra => "choice",
            AnswerPartKind.MessageExtra => "message",
            _ => string.Create(CultureInfo.InvariantCulture, $"tool.{extra.Tool}"),
        };
        byte[] member = [.. "{"u8, .. answer.Json[extra.Start..extra.End], .. "}"u8];
        using JsonDocument document = JsonDocument.Parse(member, Options);
        // Mostly as long as what was received: a large one is not copied again to grow.
        var line = new ArrayBufferWriter<byte>(place.Length + member.Length + 2);
        Encoding.ASCII.GetBytes(place, line);
        line.Write(" "u8);
        SortedJson.Write(document.RootElement, line);
        line.Write("\n"u8);
        _lines.Add(line);
    }

    /// <summary>All of the answer or event was added.</summary>
    public void EndReading()
    {
        _lines.Sort((a, b) => a.WrittenSpan.SequenceCompareTo(b.WrittenSpan));
        foreach (ArrayBufferWriter<byte> line in _lines)
        {
            _hash.AppendData(line.WrittenSpan);
            _length += line.WrittenCount;
        }
        _lines.Clear();
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
