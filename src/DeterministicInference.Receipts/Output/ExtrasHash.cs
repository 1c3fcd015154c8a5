using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using DeterministicInference.Receipts.Answers;
using DeterministicInference.Receipts.Canonical;
using DeterministicInference.Receipts.Json;

namespace DeterministicInference.Receipts.Output;

/// <summary>
/// The running hash of the members of a choice that are not read: where they stand, their names and values. Their order
/// in an answer or event does not count, because programs that pass answers on have maps without one.
/// </summary>
internal sealed class ExtrasHash : IDisposable
{
    /// <summary>Of the number of a tool call.</summary>
    private const int MostDigits = 10;

    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly List<int> _extras = [];
    private long _length;

    /// <summary>Adds a member as the line <c>PLACE {"NAME":VALUE}</c>.</summary>
    /// <param name="extra">Its number in the parts of the answer or event.</param>
    public void Append(int extra) => _extras.Add(extra);

    /// <summary>All of the answer or event was added.</summary>
    /// <param name="answer">The answer or event, to which the members belong.</param>
    public void EndReading(scoped in AnswerReading answer)
    {
        if (_extras.Count == 0)
            return;
        using var output = new HashWriter(_hash);
        if (_extras.Count == 1)
            WriteOnly(answer, answer.Parts[_extras[0]], output);
        else
            WriteSorted(answer, output);
        output.Flush();
        _length += output.Length;
        _extras.Clear();
    }

    /// <summary>Bytes of the lines and their hash.</summary>
    public (long Length, Sha256Value Hash) Current()
    {
        Span<byte> value = stackalloc byte[Sha256Value.Size];
        _hash.GetCurrentHash(value);
        return (_length, new Sha256Value(value));
    }

    public void Dispose() => _hash.Dispose();

    private static void WriteOnly(scoped in AnswerReading answer, in AnswerPart extra, HashWriter output)
    {
        WriteHead(answer, extra, output);
        WriteTail(answer, extra, output);
    }

    /// <summary>
    /// Sorts the lines by their heads. None of two different ones is the beginning of the other, so that the tails,
    /// which may be large, decide only between lines of one head.
    /// </summary>
    private void WriteSorted(scoped in AnswerReading answer, HashWriter output)
    {
        int room = 0;
        foreach (int extra in _extras)
            room += MostHeadBytes(answer.Parts[extra]);
        var heads = new ArrayBufferWriter<byte>(room);
        var lines = new List<Line>(_extras.Count);
        foreach (int extra in _extras)
        {
            int start = heads.WrittenCount;
            WriteHead(answer, answer.Parts[extra], heads);
            lines.Add(new Line(extra, start, heads.WrittenCount));
        }
        lines.Sort((a, b) => heads.WrittenSpan[a.Place].SequenceCompareTo(heads.WrittenSpan[b.Place]));
        for (int i = 0, end; i < lines.Count; i = end)
        {
            ReadOnlySpan<byte> head = heads.WrittenSpan[lines[i].Place];
            end = i + 1;
            while (end < lines.Count && heads.WrittenSpan[lines[end].Place].SequenceEqual(head))
                end++;
            if (end > i + 1)
            {
                WriteAlike(answer, head, lines[i..end], output);
                continue;
            }
            output.Write(head);
            WriteTail(answer, answer.Parts[lines[i].Extra], output);
        }
    }

    /// <summary>Writes lines of one head.</summary>
    private static void WriteAlike(
        scoped in AnswerReading answer,
        ReadOnlySpan<byte> head,
        List<Line> lines,
        HashWriter output
    )
    {
        // Mostly as long as what was received: a large one is not copied again to grow.
        int room = 0;
        foreach (Line line in lines)
            room += MostTailBytes(answer.Parts[line.Extra]);
        var tails = new ArrayBufferWriter<byte>(room);
        for (int i = 0; i < lines.Count; i++)
        {
            int start = tails.WrittenCount;
            WriteTail(answer, answer.Parts[lines[i].Extra], tails);
            lines[i] = new Line(lines[i].Extra, start, tails.WrittenCount);
        }
        lines.Sort((a, b) => tails.WrittenSpan[a.Place].SequenceCompareTo(tails.WrittenSpan[b.Place]));
        foreach (Line line in lines)
        {
            output.Write(head);
            output.Write(tails.WrittenSpan[line.Place]);
        }
    }

    /// <summary>Writes <c>PLACE {"NAME":</c>.</summary>
    private static void WriteHead(scoped in AnswerReading answer, in AnswerPart extra, IBufferWriter<byte> output)
    {
        switch (extra.Kind)
        {
            case AnswerPartKind.ChoiceExtra:
                output.Write("choice"u8);
                break;
            case AnswerPartKind.MessageExtra:
                output.Write("message"u8);
                break;
            default:
                output.Write("tool."u8);
                extra.Tool.TryFormat(output.GetSpan(MostDigits), out int digits, [], CultureInfo.InvariantCulture);
                output.Advance(digits);
                break;
        }
        output.Write(" {"u8);
        ReadOnlySpan<byte> name = new JsonCursor(answer.Json[extra.Start..], AnswerReader.MaxDepth).ReadString();
        JsonStrings.Write(name, output, quoted: true);
        output.Write(":"u8);
    }

    /// <summary>Writes <c>VALUE}</c> and the line's end.</summary>
    private static void WriteTail(scoped in AnswerReading answer, in AnswerPart extra, IBufferWriter<byte> output)
    {
        SortedJson.Write(answer.Json[extra.Value], output);
        output.Write("}\n"u8);
    }

    /// <summary>A canonical name is no longer than the received one.</summary>
    private static int MostHeadBytes(in AnswerPart extra) =>
        "message {:"u8.Length + MostDigits + extra.ValueStart - extra.Start;

    /// <summary>Of a value that is no list of short numbers.</summary>
    private static int MostTailBytes(in AnswerPart extra) => extra.End - extra.ValueStart + "e0}\n"u8.Length;

    private readonly record struct Line(int Extra, int Start, int End)
    {
        /// <summary>Where it stands in what was written.</summary>
        public Range Place => Start..End;
    }
}
