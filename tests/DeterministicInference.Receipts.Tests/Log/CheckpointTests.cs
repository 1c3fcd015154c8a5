using DeterministicInference.Receipts.Log;
using DeterministicInference.Receipts.Signing;
using Xunit;

namespace DeterministicInference.Receipts.Tests.Log;

public sealed class CheckpointTests : IDisposable
{
    private readonly SigningKey _key = SigningKey.Create();
    private readonly NoteKey _verifier;

    public CheckpointTests() => _verifier = new NoteKey(LogEntryTests.Origin, _key.PublicKey);

    /// <summary>The example of C2SP signed-note.</summary>
    [Fact]
    public void Published_note_and_key()
    {
        const string text = "This is an example message.\n";
        const string published =
            text
            + "\n\u2014 example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72"
            + "IneyaQM=\n";
        NoteKey key = NoteKey.Parse(LogEntryTests.PublishedKey);
        SignedNote note = SignedNote.Parse(published);
        Assert.Equal(0x530d903a, (long)key.Id);
        Assert.Equal(LogEntryTests.PublishedKey, key.ToString());
        Assert.True(note.IsSignedBy(key));
        Assert.Equal((text, published), (note.Text, note.ToString()));
        Assert.False(
            SignedNote.Parse(published.Replace("example m", "exemple m", StringComparison.Ordinal)).IsSignedBy(key)
        );
        Assert.False(note.IsSignedBy(new NoteKey("example.com/bar", key.Key)));
        Assert.False(note.IsSignedBy(_verifier));
    }

    /// <summary>The example of C2SP tlog-checkpoint.</summary>
    [Fact]
    public void Published_checkpoint()
    {
        const string note =
            "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n\u2014 "
            + "example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+"
            + "xeMcTOAYQ8=\n";
        SignedNote signed = SignedNote.Parse(note);
        Checkpoint checkpoint = Checkpoint.Parse(signed.Text);
        Assert.Equal(("example.com/behind-the-sofa", 20852163), (checkpoint.Origin, checkpoint.Size));
        Assert.Equal(signed.Text, checkpoint.Text);
        Assert.Equal(0x033de0ae, (long)Assert.Single(signed.Signatures).KeyId);
    }

    /// <summary>C2SP signed-note: a false signature with a known key's name and id makes the note worthless.</summary>
    [Fact]
    public void A_false_signature_beside_the_true_one_is_refused()
    {
        var checkpoint = new Checkpoint(LogEntryTests.Origin, 3, MerkleHash.Empty);
        string note = checkpoint.Sign(_key).ToString(),
            other = new Checkpoint(LogEntryTests.Origin, 4, MerkleHash.Empty).Sign(_key).ToString();
        string line = other[other.IndexOf('\u2014', StringComparison.Ordinal)..];
        Assert.Equal(checkpoint, Checkpoint.Verify(note, _verifier));
        Assert.Throws<LogFormatException>(() => Checkpoint.Verify(note + line, _verifier));
    }

    [Fact]
    public void A_note_has_room_for_witnesses_and_an_end()
    {
        string note = new Checkpoint(LogEntryTests.Origin, 3, MerkleHash.Empty).Sign(_key).ToString();
        const string further = "\u2014 witness.example TnKKVHLXAAAA\n";
        Assert.Equal(64, SignedNote.Parse(note + string.Concat(Enumerable.Repeat(further, 63))).Signatures.Count);
        Assert.Throws<LogFormatException>(() => SignedNote.Parse(note + string.Concat(Enumerable.Repeat(further, 64))));
    }

    [Fact]
    public void A_checkpoint_is_signed_read_and_verified()
    {
        var checkpoint = new Checkpoint(LogEntryTests.Origin, 3, Sha256Value.Of("root"u8));
        string note = checkpoint.Sign(_key).ToString();
        Assert.StartsWith(
            $"log.example/a\n3\n{Convert.ToBase64String(Sha256Value.Of("root"u8).ToArray())}\n\n\u2014 log.example/a ",
            note,
            StringComparison.Ordinal
        );
        Assert.Equal(checkpoint, Checkpoint.Verify(note, _verifier));
        Assert.Equal(checkpoint, Checkpoint.Verify(note, NoteKey.Parse(_verifier.ToString())));
    }

    [Fact]
    public void A_further_signature_of_another_kind_changes_nothing()
    {
        var checkpoint = new Checkpoint(LogEntryTests.Origin, 3, MerkleHash.Empty);
        string note = checkpoint.Sign(_key) + "\u2014 witness.example TnKKVHLXAAAA\n";
        Assert.Equal(checkpoint, Checkpoint.Verify(note, _verifier));
        Assert.Equal(2, SignedNote.Parse(note).Signatures.Count);
        Assert.Equal(note, SignedNote.Parse(note).ToString());
    }

    [Fact]
    public void What_the_key_has_not_signed_is_refused_with_the_reason()
    {
        string note = new Checkpoint(LogEntryTests.Origin, 3, MerkleHash.Empty).Sign(_key).ToString();
        using SigningKey other = SigningKey.Create();
        Assert.Equal(
            $"The checkpoint is not signed by the key {_verifier.Key.KeyId}.",
            Refusal(note.Replace("\n3\n", "\n4\n", StringComparison.Ordinal))
        );
        Assert.Equal(
            $"The checkpoint is not signed by the key {_verifier.Key.KeyId}.",
            Refusal(new Checkpoint(LogEntryTests.Origin, 3, MerkleHash.Empty).Sign(other).ToString())
        );
        Assert.Equal(
            "The checkpoint is of the log 'log.example/b', not of 'log.example/a'.",
            Refusal(new Checkpoint("log.example/b", 3, MerkleHash.Empty).Sign(_key).ToString())
        );
    }

    [Theory]
    [InlineData("")]
    [InlineData("a\n1\n")]
    [InlineData("a\n-1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n")]
    [InlineData("a\n01\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n")]
    [InlineData("a\n1\n47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU=\n")]
    [InlineData("a\n1\n47DE\n")]
    [InlineData("\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n")]
    [InlineData("a\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=")]
    public void A_malformed_checkpoint_is_refused(string text) =>
        Assert.Throws<LogFormatException>(() => Checkpoint.Parse(text));

    [Theory]
    [InlineData("")]
    [InlineData("a\n")]
    [InlineData("a\n\n")]
    [InlineData("a\n\n\u2014 n AAAA\n")]
    [InlineData("a\n\n- n AAAAAAAA\n")]
    [InlineData("a\n\n\u2014 n AAAAAAAA")]
    [InlineData("a\n\n\u2014 n\u2003AAAAAAAA\n")]
    [InlineData("a\n\n\u2014 n+m AAAAAAAA\n")]
    [InlineData("a\n\n\u2014 n AAAAAAAA \n")]
    [InlineData("a\r\n\n\u2014 n AAAAAAAA\n")]
    public void A_malformed_note_is_refused(string note) =>
        Assert.Throws<LogFormatException>(() => SignedNote.Parse(note));

    [Theory]
    [InlineData("log.example/a")]
    [InlineData("log.example/a+530d903a")]
    [InlineData("example.com/foo+530d903b+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k")]
    [InlineData("example.com/bar+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k")]
    [InlineData("example.com/foo+530d903a+AukyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k")]
    [InlineData("example.com/foo+530d903a+Aeky")]
    [InlineData("example.com/foo+530d903a+")]
    public void A_malformed_verifier_key_is_refused(string text) =>
        Assert.Throws<LogFormatException>(() => NoteKey.Parse(text));

    public void Dispose() => _key.Dispose();

    private string Refusal(string note) =>
        Assert.Throws<LogFormatException>(() => Checkpoint.Verify(note, _verifier)).Message;
}
