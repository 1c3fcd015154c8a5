using DeterministicInference.Receipts.Log;
using DeterministicInference.Receipts.Signing;
using Xunit;

namespace DeterministicInference.Receipts.Tests.Log;

public sealed class TlogProofTests : IDisposable
{
    private readonly SigningKey _key = SigningKey.Create();
    private readonly Leaves _leaves = Leaves.Numbered(300);

    [Fact]
    public void A_proof_is_written_read_and_verified()
    {
        TlogProof proof = Proof(256);
        string text = proof.ToString();
        Assert.StartsWith("c2sp.org/tlog-proof@v1\nindex 256\n", text, StringComparison.Ordinal);
        Assert.EndsWith("\n\n" + proof.Checkpoint, text, StringComparison.Ordinal);
        TlogProof read = TlogProof.Parse(text);
        Assert.Equal(text, read.ToString());
        Assert.Equal(300, read.Verify(_leaves.Hashes[256], Verifier()).Size);
    }

    [Fact]
    public void Extra_data_is_passed_over()
    {
        string text = Proof(1).ToString().Replace("index", "extra AAAA\nindex", StringComparison.Ordinal);
        Assert.Equal(1, TlogProof.Parse(text).Index);
    }

    [Fact]
    public void A_proof_of_the_only_entry_has_no_hashes()
    {
        Leaves one = Leaves.Numbered(1);
        string note = new Checkpoint(LogEntryTests.Origin, 1, one.Tree.Root).Sign(_key).ToString();
        string text = new TlogProof(0, [], note).ToString();
        Assert.Equal($"c2sp.org/tlog-proof@v1\nindex 0\n\n{note}", text);
        TlogProof.Parse(text).Verify(one.Hashes[0], Verifier());
    }

    [Fact]
    public void Another_entry_index_hash_or_signature_is_refused()
    {
        TlogProof proof = Proof(7);
        NoteKey verifier = Verifier();
        using SigningKey other = SigningKey.Create();
        Assert.Equal(
            "The proof does not show that the entry stands at index 7 of the log of 300 entries.",
            Assert.Throws<LogFormatException>(() => proof.Verify(_leaves.Hashes[8], verifier)).Message
        );
        Assert.Throws<LogFormatException>(() => (proof with { Index = 6 }).Verify(_leaves.Hashes[7], verifier));
        Assert.Throws<LogFormatException>(() =>
            (proof with { Hashes = [.. proof.Hashes.Reverse()] }).Verify(_leaves.Hashes[7], verifier)
        );
        Assert.Throws<LogFormatException>(() =>
            proof.Verify(_leaves.Hashes[7], new NoteKey(LogEntryTests.Origin, other.PublicKey))
        );
        Assert.Throws<LogFormatException>(() =>
            (proof with { Checkpoint = proof.Checkpoint.Replace("300", "301", StringComparison.Ordinal) }).Verify(
                _leaves.Hashes[7],
                verifier
            )
        );
    }

    [Theory]
    [InlineData("")]
    [InlineData("c2sp.org/tlog-proof@v1\n\n")]
    [InlineData("c2sp.org/tlog-proof@v2\nindex 0\n\nx")]
    [InlineData("c2sp.org/tlog-proof@v1\nindex 00\n\nx")]
    [InlineData("c2sp.org/tlog-proof@v1\nindex -1\n\nx")]
    [InlineData("c2sp.org/tlog-proof@v1\nextra AAAA\n\nx")]
    [InlineData("c2sp.org/tlog-proof@v1\nindex 0\nAAAA\n\nx")]
    [InlineData("c2sp.org/tlog-proof@v1\r\nindex 0\r\n\r\nx")]
    public void A_malformed_proof_is_refused(string text) =>
        Assert.Throws<LogFormatException>(() => TlogProof.Parse(text));

    [Fact]
    public void A_proof_of_more_hashes_than_any_tree_has_is_refused()
    {
        string hash = Convert.ToBase64String(new byte[32]);
        Assert.Equal(
            64,
            TlogProof
                .Parse($"c2sp.org/tlog-proof@v1\nindex 0\n{string.Concat(Enumerable.Repeat(hash + "\n", 64))}\nx")
                .Hashes.Count
        );
        Assert.Throws<LogFormatException>(() =>
            TlogProof.Parse($"c2sp.org/tlog-proof@v1\nindex 0\n{string.Concat(Enumerable.Repeat(hash + "\n", 65))}\nx")
        );
    }

    public void Dispose() => _key.Dispose();

    private NoteKey Verifier() => new(LogEntryTests.Origin, _key.PublicKey);

    private TlogProof Proof(long index) =>
        new(
            index,
            MerkleProof.Inclusion(index, 300, _leaves.Read),
            new Checkpoint(LogEntryTests.Origin, 300, _leaves.Tree.Root).Sign(_key).ToString()
        );
}
