using DeterministicInference.Receipts.Log;
using DeterministicInference.Receipts.Signing;
using Xunit;

namespace DeterministicInference.Receipts.Tests.Log;

public sealed class CheckpointTests : IDisposable
{
    private readonly SigningKey _key = SigningKey.Create();
    private readonly NoteKey _verifier;

    public CheckpointTests() => _verifier = new NoteKey(LogEntryTests.Origin, _key.PublicKey);

    [Fact]
    public void Published_note_and_key()
    {
        NoteKey key = NoteKey.Parse(RekorNote.VerifierKey);
        SignedNote note = SignedNote.Parse(RekorNote.Note);
        Assert.Equal(0xc0d23d6a, key.Id);
        Assert.Equal(RekorNote.VerifierKey, key.ToString());
        Assert.True(note.IsSignedBy(key));
        Assert.Equal(RekorNote.Note, note.ToString());
        Assert.Equal(RekorNote.Text, Checkpoint.Parse(note.Text).Text);
        Assert.Equal(798034, Checkpoint.Parse(note.Text).Size);
        Assert.False(
            SignedNote.Parse(RekorNote.Note.Replace("798034", "798035", StringComparison.Ordinal)).IsSignedBy(key)
        );
        Assert.False(note.IsSignedBy(new NoteKey("rekor.example", key.Key)));
        Assert.False(note.IsSignedBy(_verifier));
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
    [InlineData("log.example/a+c0d23d6a")]
    [InlineData(
        RekorNote.Name
            + "+c0d23d6b+AjBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABNhtmPtrWm3U1eQXBogSMdGvXwBcK5AW5i0hrZLOC96l+"
            + "smGNM7nwZ4QvFK/4sueRoVj//QP22Ni4Qt9DPfkWLc="
    )]
    [InlineData(RekorNote.Name + "+c0d23d6a+ATBZ")]
    [InlineData(RekorNote.Name + "+c0d23d6a+AjBZ")]
    [InlineData(RekorNote.Name + "+c0d23d6a+")]
    public void A_malformed_verifier_key_is_refused(string text) =>
        Assert.Throws<LogFormatException>(() => NoteKey.Parse(text));

    public void Dispose() => _key.Dispose();

    private string Refusal(string note) =>
        Assert.Throws<LogFormatException>(() => Checkpoint.Verify(note, _verifier)).Message;
}
