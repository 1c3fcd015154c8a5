using System.Globalization;
using System.Text;

namespace DeterministicInference.Receipts.Log;

/// <summary>The body of <c>add-checkpoint</c> (C2SP tlog-witness): an old size, a proof and a checkpoint.</summary>
/// <param name="OldSize">Size of the checkpoint that the proof begins at.</param>
/// <param name="Proof">The consistency proof.</param>
/// <param name="Note">The signed checkpoint.</param>
/// <param name="Checkpoint">What it says.</param>
internal sealed record AddCheckpointRequest(
    long OldSize,
    IReadOnlyList<Sha256Value> Proof,
    SignedNote Note,
    Checkpoint Checkpoint
)
{
    /// <summary>Most lines of a proof.</summary>
    private const int MaxProof = 63;

    private const string OldPrefix = "old ";

    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Reads a body.</summary>
    /// <exception cref="LogFormatException">It has another form.</exception>
    public static AddCheckpointRequest Parse(ReadOnlySpan<byte> body)
    {
        string text;
        try
        {
            text = Utf8.GetString(body);
        }
        catch (ArgumentException)
        {
            throw new LogFormatException("The body is not UTF-8.");
        }
        int split = text.IndexOf("\n\n", StringComparison.Ordinal);
        if (split < 0 || !text.StartsWith(OldPrefix, StringComparison.Ordinal))
            throw new LogFormatException("The body is 'old SIZE', lines of a proof, an empty line and a checkpoint.");
        string[] lines = text[..split].Split('\n');
        if (lines.Length - 1 > MaxProof)
            throw new LogFormatException($"A consistency proof has at most {MaxProof} lines.");
        bool isSize =
            long.TryParse(
                lines[0].AsSpan(OldPrefix.Length),
                NumberStyles.None,
                CultureInfo.InvariantCulture,
                out long old
            )
            && lines[0] == string.Create(CultureInfo.InvariantCulture, $"{OldPrefix}{old}");
        if (!isSize)
            throw new LogFormatException("The old size is not a number.");
        SignedNote note = SignedNote.Parse(text[(split + 2)..]);
        return new AddCheckpointRequest(
            old,
            [.. lines[1..].Select(TlogProof.ParseHash)],
            note,
            Checkpoint.Parse(note.Text)
        );
    }

    /// <summary>The body.</summary>
    public static byte[] Write(long oldSize, IEnumerable<Sha256Value> proof, string checkpoint)
    {
        ArgumentNullException.ThrowIfNull(proof);
        var text = new StringBuilder(OldPrefix).Append(CultureInfo.InvariantCulture, $"{oldSize}\n");
        foreach (Sha256Value hash in proof)
            text.Append(Convert.ToBase64String(hash.ToArray())).Append('\n');
        return Encoding.UTF8.GetBytes(text.Append('\n').Append(checkpoint).ToString());
    }
}
