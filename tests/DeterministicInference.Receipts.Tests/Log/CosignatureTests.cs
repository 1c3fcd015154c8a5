using System.Text;
using DeterministicInference.Receipts.Log;
using DeterministicInference.Receipts.Signing;
using Xunit;

namespace DeterministicInference.Receipts.Tests.Log;

public sealed class CosignatureTests : IDisposable
{
    private const string Witness = "witness.example/w1";
    private const long Time = 1_790_000_000;

    private readonly SigningKey _log = SigningKey.Create(),
        _ed25519 = SigningKey.Create();
    private readonly MLDsa44SigningKey _mlDsa44 = MLDsa44SigningKey.Create();
    private readonly SignedNote _note;

    public CosignatureTests() => _note = new Checkpoint(LogEntryTests.Origin, 3, Sha256Value.Of("root"u8)).Sign(_log);

    /// <summary>
    /// A checkpoint of a public log with the cosignatures of public witnesses, and signatures of the log of two types.
    /// </summary>
    [Theory]
    [InlineData("remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2")]
    [InlineData("witness.stagemole.eu+67f7aea0+BEqSG3yu9YrmcM3BHvQYTxwFj3uSWakQepafafpUqklv")]
    [InlineData("transparency.dev/DEV:witness-little-garden+d8042a87+BCtusOxINQNUTN5Oj8HObRkh2yHf/MwYaGX4CPdiVEPM")]
    [InlineData("witness1.smartit.nu/witness1+a48c820f+BPSFWg9G6KPiO7QPryYO5Xq4oYJJ+kAvLKLSimDhoxMO")]
    public void Public_witnesses_of_a_public_log(string vkey)
    {
        CosignerKey key = CosignerKey.Parse(vkey);
        string published = File.ReadAllText(VectorFile("public-witnesses.txt"), Encoding.UTF8);
        SignedNote note = SignedNote.Parse(published);
        Assert.Equal(0x6A122120, key.CosignedAt(note));
        Assert.Equal((vkey, published), (key.ToString(), note.ToString()));
        Assert.Throws<LogFormatException>(() =>
            key.CosignedAt(SignedNote.Parse(published.Replace("\n1432088532\n", "\n143\n", StringComparison.Ordinal)))
        );
    }

    /// <summary>
    /// FiloSottile/torchwood, cmd/litewitness/testdata/mldsa.txt: a log that signs its checkpoint as its cosigner,
    /// without a time.
    /// </summary>
    [Fact]
    public void Published_cosignature_with_ML_DSA_44()
    {
        string[] parts = File.ReadAllText(VectorFile("torchwood-mldsa44.txt"), Encoding.UTF8).Split('\n', 2);
        CosignerKey key = CosignerKey.Parse(parts[0]);
        Assert.Equal((CosignatureType.MLDsa44, parts[0]), (key.Type, key.ToString()));
        Assert.Equal(0, key.CosignedAt(SignedNote.Parse(parts[1])));
        Assert.Equal(parts[1], SignedNote.Parse(parts[1]).ToString());
        Assert.Throws<LogFormatException>(() =>
            key.CosignedAt(SignedNote.Parse(parts[1].Replace("\n1\n", "\n2\n", StringComparison.Ordinal)))
        );
    }

    [Theory]
    [InlineData(CosignatureType.Ed25519)]
    [InlineData(CosignatureType.MLDsa44)]
    public void What_was_cosigned_is_verified_with_the_time(Enum type)
    {
        Cosigner cosigner = CosignerOf((CosignatureType)type);
        CosignerKey key = CosignerKey.Parse(cosigner.Key.ToString());
        SignedNote cosigned = _note.With(cosigner.Sign(_note, Time));
        Assert.Equal(((CosignatureType)type, Witness), (key.Type, key.Name));
        Assert.Equal(Time, key.CosignedAt(SignedNote.Parse(cosigned.ToString())));
        Assert.True(cosigned.IsSignedBy(new NoteKey(LogEntryTests.Origin, _log.PublicKey)));
        Assert.Null(key.CosignedAt(_note));
        // The latest of several counts.
        Assert.Equal(Time + 5, key.CosignedAt(cosigned.With(cosigner.Sign(_note, Time + 5), cosigner.Sign(_note, 7))));
        // A second key of the same name is another cosigner.
        using SigningKey other = SigningKey.Create();
        Assert.Null(new Cosigner(Witness, other).Key.CosignedAt(cosigned));
    }

    [Theory]
    [InlineData(CosignatureType.Ed25519)]
    [InlineData(CosignatureType.MLDsa44)]
    public void A_false_cosignature_beside_the_true_one_is_refused(Enum type)
    {
        Cosigner cosigner = CosignerOf((CosignatureType)type);
        NoteSignature good = cosigner.Sign(_note, Time);
        byte[] bytes = good.Signature.ToArray();
        bytes[^1] ^= 1;
        Assert.Throws<LogFormatException>(() =>
            cosigner.Key.CosignedAt(_note.With(good, good with { Signature = bytes }))
        );
        Assert.Throws<LogFormatException>(() =>
            cosigner.Key.CosignedAt(_note.With(good with { Signature = good.Signature[..^1] }))
        );
        Assert.Equal(Time, cosigner.Key.CosignedAt(_note.With(good, good with { Name = "other", Signature = bytes })));
    }

    /// <summary>2^63 - 1 is the last one that a cosigner may state.</summary>
    [Fact]
    public void A_time_beyond_the_range_is_refused()
    {
        Cosigner cosigner = CosignerOf(CosignatureType.Ed25519);
        Assert.Equal(long.MaxValue, cosigner.Key.CosignedAt(_note.With(cosigner.Sign(_note, long.MaxValue))));
        byte[] message = Encoding.UTF8.GetBytes($"cosignature/v1\ntime {1UL << 63}\n{_note.Text}"),
            bytes = [0x80, 0, 0, 0, 0, 0, 0, 0, .. _ed25519.Sign(message)];
        var signature = new NoteSignature(Witness, cosigner.Key.Id, bytes);
        Assert.Throws<LogFormatException>(() => cosigner.Key.CosignedAt(_note.With(signature)));
        Assert.Throws<ArgumentOutOfRangeException>(() => cosigner.Sign(_note, 0));
    }

    /// <summary>A cosignature is no signature of a log, nor the other way round, even by the same key.</summary>
    [Fact]
    public void Kinds_of_signatures_are_kept_apart()
    {
        var cosigner = new Cosigner(LogEntryTests.Origin, _log);
        var log = new NoteKey(LogEntryTests.Origin, _log.PublicKey);
        Assert.NotEqual(log.Id, cosigner.Key.Id);
        Assert.Null(cosigner.Key.CosignedAt(_note));
        NoteSignature cosignature = cosigner.Sign(_note, Time);
        SignedNote forged = _note.With(cosignature with { KeyId = log.Id });
        Assert.False(forged.IsSignedBy(log));
        Assert.Throws<LogFormatException>(() => NoteKey.Parse(cosigner.Key.ToString()));
        Assert.Throws<LogFormatException>(() => CosignerKey.Parse(log.ToString()));
    }

    [Theory]
    [InlineData("remora.n621.de+da77ade7+BuvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2")]
    [InlineData("remora.n621.de+da77ade8+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2")]
    [InlineData("remora.n621.eu+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2")]
    [InlineData("remora n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2")]
    [InlineData("remora.n621.de+da77ade7")]
    [InlineData("")]
    public void A_malformed_key_of_a_cosigner_is_refused(string text) =>
        Assert.Throws<LogFormatException>(() => CosignerKey.Parse(text));

    [Fact]
    public void The_private_key_of_ML_DSA_44_is_kept_as_its_seed()
    {
        string pem = _mlDsa44.ToPem();
        using MLDsa44SigningKey read = MLDsa44SigningKey.FromPem(pem);
        Assert.Equal(_mlDsa44.PublicKey.Bytes, read.PublicKey.Bytes);
        Assert.Equal(_mlDsa44.Sign("a"u8), read.Sign("a"u8));
        Assert.True(read.PublicKey.Verify("a"u8, _mlDsa44.Sign("a"u8)));
        Assert.False(read.PublicKey.Verify("b"u8, _mlDsa44.Sign("a"u8)));
        Assert.Throws<System.Security.Cryptography.CryptographicException>(() =>
            MLDsa44SigningKey.FromPem(_ed25519.ToPem())
        );
    }

    internal static string VectorFile(string name) => Path.Combine(AppContext.BaseDirectory, "Log", name);

    public void Dispose()
    {
        _log.Dispose();
        _ed25519.Dispose();
        _mlDsa44.Dispose();
    }

    private Cosigner CosignerOf(CosignatureType type) =>
        type == CosignatureType.Ed25519 ? new Cosigner(Witness, _ed25519) : new Cosigner(Witness, _mlDsa44);
}
