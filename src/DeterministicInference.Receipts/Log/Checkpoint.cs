using System.Globalization;
using DeterministicInference.Receipts.Signing;

namespace DeterministicInference.Receipts.Log;

/// <summary>
/// What a log commits to: so many entries, with this tree hash. Its text is three lines (C2SP tlog-checkpoint).
/// </summary>
/// <param name="Origin">The log's name.</param>
/// <param name="Size">Entries.</param>
/// <param name="Root">The tree hash over them.</param>
internal sealed record Checkpoint(string Origin, long Size, Sha256Value Root)
{
    /// <summary>The three lines that are signed.</summary>
    public string Text =>
        string.Create(CultureInfo.InvariantCulture, $"{Origin}\n{Size}\n{Convert.ToBase64String(Root.ToArray())}\n");

    /// <summary>Reads the text of a note.</summary>
    /// <exception cref="LogFormatException">It has another form.</exception>
    public static Checkpoint Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        string[] lines = text.Split('\n');
        // Further lines are extensions, which other logs may write.
        if (lines.Length < 4 || lines[^1].Length > 0 || lines.AsSpan(0, lines.Length - 1).Contains(""))
        {
            throw new LogFormatException("A checkpoint has an origin, a size and a tree hash, each on a line.");
        }
        bool isSize =
            long.TryParse(lines[1], NumberStyles.None, CultureInfo.InvariantCulture, out long size)
            && size.ToString(CultureInfo.InvariantCulture) == lines[1];
        if (!isSize)
            throw new LogFormatException("The size of a checkpoint is not a number.");
        if (!Base64Text.TryDecodeStandard(lines[2], out byte[]? root) || root.Length != Sha256Value.Size)
        {
            throw new LogFormatException("The tree hash of a checkpoint is not base64 of 32 bytes.");
        }
        return new Checkpoint(lines[0], size, new Sha256Value(root));
    }

    /// <summary>Reads a signed checkpoint.</summary>
    /// <param name="note">The whole note.</param>
    /// <param name="key">The log's key, under the log's origin.</param>
    /// <exception cref="LogFormatException">
    /// It has another form, is not signed by the key, or names another origin than the key does.
    /// </exception>
    public static Checkpoint Verify(string note, NoteKey key)
    {
        ArgumentNullException.ThrowIfNull(key);
        SignedNote signed = SignedNote.Parse(note);
        Checkpoint checkpoint = Parse(signed.Text);
        if (checkpoint.Origin != key.Name)
            throw new LogFormatException($"The checkpoint is of the log '{checkpoint.Origin}', not of '{key.Name}'.");
        return signed.IsSignedBy(key)
            ? checkpoint
            : throw new LogFormatException($"The checkpoint is not signed by the key {key.Key.KeyId}.");
    }

    /// <summary>The signed note.</summary>
    public SignedNote Sign(ISigner key) => SignedNote.Sign(Text, Origin, key);
}
