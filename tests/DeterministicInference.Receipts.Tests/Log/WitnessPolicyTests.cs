using System.Text;
using DeterministicInference.Receipts.Log;
using DeterministicInference.Receipts.Signing;
using Xunit;

namespace DeterministicInference.Receipts.Tests.Log;

public sealed class WitnessPolicyTests : IDisposable
{
    private const string X1 = "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2",
        X2 = "witness.stagemole.eu+67f7aea0+BEqSG3yu9YrmcM3BHvQYTxwFj3uSWakQepafafpUqklv",
        Log = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";

    private readonly SigningKey _log = SigningKey.Create();
    private readonly SigningKey[] _keys = [.. Enumerable.Range(0, 6).Select(_ => SigningKey.Create())];
    private readonly MLDsa44SigningKey _mlDsa44 = MLDsa44SigningKey.Create();

    private Cosigner[] Witnesses =>
        [.. _keys.Select((key, i) => new Cosigner($"w{i}", key)), new Cosigner("w6", _mlDsa44)];

    private string Lines =>
        string.Concat(Witnesses.Select((witness, i) => $"witness W{i} {witness.Key} https://w{i}.example/a\n"));

    /// <summary>The example of C2SP tlog-policy, with keys: two of the X, and one of the Y.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(false, 0, 1, 2)]
    [InlineData(false, 3, 4, 5)]
    [InlineData(false, 0, 3, 4, 5)]
    [InlineData(false, 0, 1, 6)]
    [InlineData(true, 0, 1, 4)]
    [InlineData(true, 1, 2, 5)]
    [InlineData(true, 0, 1, 2, 3, 4, 5, 6)]
    public void Groups_in_groups(bool isQuorum, params int[] who)
    {
        WitnessPolicy policy = Parse(
            $"log {Log}\n\n{Lines}group X 2 W0 W1 W2\n# the other organization\ngroup Y any W3 W4 W5\n"
                + "group X-and-Y all X Y\n \t quorum \t X-and-Y \t\n"
        );
        WitnessedCheckpoint found = policy.Evaluate(Cosigned(who));
        Assert.Equal(isQuorum, found.HasQuorum);
        Assert.Equal(
            who.Select(i => ($"W{i}", 1000L + i)),
            found.Cosignatures.Select(c => (c.Witness.Name, c.Timestamp))
        );
        Assert.Equal("https://w3.example/a", policy.Witnesses[3].Url);
    }

    [Theory]
    [InlineData("quorum W6\n", true, 6)]
    [InlineData("quorum W6\n", false, 0, 1, 2, 3, 4, 5)]
    [InlineData("quorum none\n", true)]
    [InlineData("quorum none\n", true, 3)]
    [InlineData("group all all W0\nquorum all\n", true, 0)]
    [InlineData("group all all W0\nquorum all\n", false, 1)]
    [InlineData("group a 7 W0 W1 W2 W3 W4 W5 W6\nquorum a\n", true, 0, 1, 2, 3, 4, 5, 6)]
    [InlineData("group a 7 W0 W1 W2 W3 W4 W5 W6\nquorum a\n", false, 0, 1, 2, 3, 4, 5)]
    [InlineData("group a 1 W0 W1\ngroup b any a\ngroup c all b W2\nquorum c\n", true, 1, 2)]
    [InlineData("group a 1 W0 W1\ngroup b any a\ngroup c all b W2\nquorum c\n", false, 0, 1)]
    public void Quorums(string lines, bool isQuorum, params int[] who) =>
        Assert.Equal(isQuorum, Parse(Lines + lines).Evaluate(Cosigned(who)).HasQuorum);

    [Fact]
    public void A_cosignature_without_a_time_is_none_of_a_witness()
    {
        string[] parts = File.ReadAllText(CosignatureTests.VectorFile("torchwood-mldsa44.txt"), Encoding.UTF8)
            .Split('\n', 2);
        WitnessPolicy policy = Parse($"log {parts[0]}\nwitness W {parts[0]}\nquorum W\n");
        WitnessedCheckpoint found = policy.Evaluate(SignedNote.Parse(parts[1]));
        Assert.Equal((0, false), (found.Cosignatures.Count, found.HasQuorum));
        Assert.Null(Assert.Single(policy.Logs).Key);
    }

    [Fact]
    public void Logs_are_accepted_by_name_and_key()
    {
        NoteKey log = NoteKey.Parse(Log);
        Assert.True(Parse("quorum none\n").Accepts(log));
        Assert.True(Parse($"log {Log} https://log.example/\nquorum none\n").Accepts(log));
        Assert.False(Parse($"log {Log}\nquorum none\n").Accepts(new NoteKey("example.com/bar", log.Key)));
        Assert.False(Parse($"log {Log}\nquorum none\n").Accepts(new NoteKey(log.Name, _log.PublicKey)));
    }

    /// <summary>Whichever byte of a witnessed checkpoint is another one, the checkpoint is not witnessed.</summary>
    [Fact]
    public void A_changed_checkpoint_is_never_witnessed()
    {
        WitnessPolicy policy = Parse($"{Lines}group Q all W0 W1\nquorum Q\n");
        var log = new NoteKey(LogEntryTests.Origin, _log.PublicKey);
        byte[] note = Encoding.UTF8.GetBytes(Cosigned([0, 1]).ToString());
        Assert.True(IsWitnessed(note, policy, log));
        foreach (byte flip in (byte[])[0x01, 0x02, 0x20, 0x80])
        {
            for (int i = 0; i < note.Length; i++)
            {
                byte[] changed = [.. note];
                changed[i] ^= flip;
                Assert.False(IsWitnessed(changed, policy, log), $"byte {i} ^ {flip:x2}");
            }
        }
        for (int length = 0; length < note.Length; length++)
            Assert.False(IsWitnessed(note[..length], policy, log), $"cut to {length}");
    }

    [Theory]
    [InlineData("", "The policy has no line 'quorum NAME' (or 'quorum none').")]
    [InlineData("quorum none", "Line 1 ends without a line feed: the file may have been cut off.")]
    [InlineData(
        "quorum none\r\n",
        "Line 1 ends with a carriage return: the lines of a policy end with a line feed alone."
    )]
    [InlineData("#\u0000\nquorum none\n", "Line 1 has the control character 0x00.")]
    [InlineData("#\t\u007f\nquorum none\n", "Line 1 has the control character 0x7F.")]
    [InlineData("quorum none\nquorum none\n", "Line 2 is a second quorum.")]
    [InlineData("\nquorum X\n", "Line 2 names 'X', which no line above defines.")]
    [InlineData("quorum\n", "Line 1 has another form than 'quorum NAME'.")]
    [InlineData("quorum a b\n", "Line 1 has another form than 'quorum NAME'.")]
    [InlineData("Quorum none\n", "Line 1 begins with 'Quorum' instead of log, witness, group or quorum.")]
    [InlineData("log\n", "Line 1 has another form than 'log VKEY [URL]'.")]
    [InlineData("log " + Log + " u v\n", "Line 1 has another form than 'log VKEY [URL]'.")]
    [InlineData("log a+b\n", "Line 1 has no verifier key: A verifier key has the form NAME+ID+BASE64.")]
    [InlineData(
        "log " + X1 + "\n",
        "Line 1 has no key of a log: The verifier key is of type 4; only type 1 (Ed25519) is known."
    )]
    [InlineData("log " + Log + "\nlog " + Log + "\n", "Line 2 has the public key of another log.")]
    [InlineData("witness X\n", "Line 1 has another form than 'witness NAME VKEY [URL]'.")]
    [InlineData(
        "witness X " + Log + "\n",
        "Line 1 has no key of a witness: The verifier key is of type 1; a cosigner's is of type 4 (Ed25519) or 6 "
            + "(ML-DSA-44)."
    )]
    [InlineData("witness none " + X1 + "\n", "Line 1 defines 'none', which means no witness.")]
    [InlineData("witness X " + X1 + "\nwitness X " + X2 + "\n", "Line 2 defines 'X' a second time.")]
    [InlineData("witness X " + X1 + "\nwitness Y " + X1 + "\n", "Line 2 has the public key of another witness.")]
    [InlineData("group G all\n", "Line 1 has another form than 'group NAME all|any|NUMBER MEMBER…'.")]
    [InlineData("group G all X\nwitness X " + X1 + "\n", "Line 1 names 'X', which no line above defines.")]
    [InlineData("group G any G\n", "Line 1 names 'G', which no line above defines.")]
    [InlineData("group G any none\n", "Line 1 has the member 'none', which only a quorum can be.")]
    [InlineData(
        "witness X " + X1 + "\ngroup G any X X\n",
        "Line 2 has the member 'X' a second time: a name is a member once in the whole policy."
    )]
    [InlineData(
        "witness X " + X1 + "\ngroup G any X\ngroup H any G X\n",
        "Line 3 has the member 'X' a second time: a name is a member once in the whole policy."
    )]
    [InlineData("witness X " + X1 + "\ngroup X any X\n", "Line 2 defines 'X' a second time.")]
    [InlineData("witness X " + X1 + "\ngroup none any X\n", "Line 2 defines 'none', which means no witness.")]
    [InlineData("witness X " + X1 + "\ngroup G 2 X\n", "Line 2 asks for '2' members instead of all, any or 1 to 1.")]
    [InlineData("witness X " + X1 + "\ngroup G 0 X\n", "Line 2 asks for '0' members instead of all, any or 1 to 1.")]
    [InlineData("witness X " + X1 + "\ngroup G 01 X\n", "Line 2 asks for '01' members instead of all, any or 1 to 1.")]
    [InlineData("witness X " + X1 + "\ngroup G -1 X\n", "Line 2 asks for '-1' members instead of all, any or 1 to 1.")]
    public void An_error_names_its_line(string text, string message) =>
        Assert.Equal(message, Assert.Throws<LogFormatException>(() => Parse(text)).Message);

    /// <summary>Two keys are the same if their bytes are, whatever their names and ids.</summary>
    [Fact]
    public void A_key_under_another_name_is_the_same_witness()
    {
        string text = $"witness A {new Cosigner("a", _log).Key}\nwitness B {new Cosigner("b", _log).Key}\nquorum A\n";
        Assert.Equal(
            "Line 2 has the public key of another witness.",
            Assert.Throws<LogFormatException>(() => Parse(text)).Message
        );
    }

    /// <summary>Names are octets: a Kelvin sign is no K, and what is not UTF-8 is a name too.</summary>
    [Fact]
    public void Names_are_opaque_octets()
    {
        Assert.Equal(
            "Line 2 names 'K', which no line above defines.",
            Assert.Throws<LogFormatException>(() => Parse($"witness \u212a {X1}\nquorum K\n")).Message
        );
        WitnessPolicy policy = Parse($"witness \u212a {X1} https://\u212a.example\nquorum \u212a\n");
        Assert.Equal(("\u212a", "https://\u212a.example"), (policy.Witnesses[0].Name, policy.Witnesses[0].Url));
        byte[] latin = Encoding.Latin1.GetBytes($"witness \u00e9 {X1}\nwitness \u00c3\u00a9 {X2}\nquorum \u00e9\n");
        WitnessPolicy opaque = WitnessPolicy.Parse(latin);
        Assert.True(opaque.IsQuorum([opaque.Witnesses[0]]));
        Assert.False(opaque.IsQuorum([opaque.Witnesses[1]]));
    }

    public void Dispose()
    {
        foreach (SigningKey key in _keys)
            key.Dispose();
        _log.Dispose();
        _mlDsa44.Dispose();
    }

    private static WitnessPolicy Parse(string text) => WitnessPolicy.Parse(Encoding.UTF8.GetBytes(text));

    private SignedNote Cosigned(IEnumerable<int> who)
    {
        SignedNote note = new Checkpoint(LogEntryTests.Origin, 3, Sha256Value.Of("root"u8)).Sign(_log);
        return note.With(who.Select(i => Witnesses[i].Sign(note, 1000 + i)));
    }

    private static bool IsWitnessed(byte[] bytes, WitnessPolicy policy, NoteKey log)
    {
        try
        {
            string text = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes);
            SignedNote note = SignedNote.Parse(text);
            Checkpoint.Verify(text, log);
            return policy.Evaluate(note).HasQuorum;
        }
        catch (Exception e) when (e is LogFormatException or ArgumentException)
        {
            return false;
        }
    }
}
