using DeterministicInference.Receipts.Signing;
using DeterministicInference.Server.Receipts.Signing;
using DeterministicInference.Server.Tests.Receipts.Store;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace DeterministicInference.Server.Tests.Receipts.Signing;

/// <summary>The program of <c>--signer-command</c>, as it is asked, distrusted, ended and started again.</summary>
public sealed class CommandSignerTests : IDisposable
{
    private static readonly byte[] Data = [.. Enumerable.Range(0, 200).Select(i => (byte)i)];

    /// <summary>Without pauses; nothing here is expected to take so long.</summary>
    private static readonly SignerLimits Limit = new()
    {
        Start = Limits.Overall,
        Answer = Limits.Overall,
        FirstPause = TimeSpan.Zero,
    };

    private readonly TestSigner _program = new();

    public CommandSignerTests() => Assert.SkipUnless(OperatingSystem.IsLinux(), "skipped: needs Linux");

    [Fact]
    public async Task A_program_signs_with_its_key_as_long_as_it_is_needed()
    {
        using var log = new StoreFolder();
        int pid;
        using (CommandSigner signer = CommandSigner.Start(_program.Command, Limit, TimeProvider.System, log))
        {
            Assert.Equal(_program.Key.PublicKey.KeyId, signer.PublicKey.KeyId);
            // The longest one takes more than a pipe holds.
            foreach (int length in (int[])[0, 1, 200, 1 << 20])
            {
                byte[] data = new byte[length];
                Assert.Equal(_program.Key.Sign(data), signer.Sign(data));
            }
            pid = Assert.Single(_program.Started);
        }
        await TestSigner.GoneAsync(pid);
        Assert.StartsWith("Signer command: signer of ", Assert.Single(log.Notes), StringComparison.Ordinal);
        Assert.Empty(log.Warnings);
    }

    [Theory]
    [InlineData("wrong", "has given a signature that is not by its key")]
    [InlineData("short", "has answered with something else than base64 of 64 bytes")]
    [InlineData("garbage", "has answered with something else than base64 of 64 bytes")]
    [InlineData("huge", "has answered with a line of more than 4096 bytes")]
    [InlineData("twice", "has answered with more than one line")]
    [InlineData("die", "has ended with exit code 3")]
    public void What_is_no_signature_of_the_key_is_refused_and_the_program_started_again(string behaviour, string why)
    {
        using CommandSigner signer = Start(Limit);
        _program.Behaviour = behaviour;
        // A second line may come after the first was taken.
        bool isTwice = behaviour == "twice";
        Assert.Contains(
            Refusal(signer, isTwice ? 2 : 1),
            (string[])
                [$"{_program.Name} {why}", isTwice ? $"{_program.Name} has written a line that nobody asked for" : ""]
        );
        _program.Behaviour = "";
        Assert.Equal(_program.Key.Sign(Data), signer.Sign(Data));
        Assert.Equal(2, _program.Started.Count);
    }

    [Fact]
    public async Task A_program_that_is_silent_is_ended_in_time()
    {
        using CommandSigner signer = Start(Limit with { Answer = TimeSpan.FromMilliseconds(300) });
        _program.Behaviour = "silent";
        Assert.Equal($"{_program.Name} has given no signature within 0.3 s", Refusal(signer));
        await TestSigner.GoneAsync(_program.Started[0]);
    }

    /// <summary>A late answer must not be taken for the next one.</summary>
    [Fact]
    public async Task A_late_answer_is_never_read()
    {
        using CommandSigner signer = Start(Limit with { Answer = TimeSpan.FromSeconds(1) });
        _program.Behaviour = "late";
        Assert.Equal($"{_program.Name} has given no signature within 1 s", Refusal(signer));
        _program.Behaviour = "";
        await Limits.UntilAsync(() => TrySign(signer, [1, 2, 3]), () => "It signs nothing.");
        Assert.True(_program.Waits);
        Assert.Equal(_program.Key.Sign(Data), signer.Sign(Data));
    }

    [Fact]
    public void A_program_that_declines_is_asked_again()
    {
        using CommandSigner signer = Start(Limit);
        _program.Behaviour = "error";
        Assert.Equal($"{_program.Name} says: the card is \\u001b[31mlocked", Refusal(signer));
        _program.Behaviour = "";
        signer.Sign(Data);
        Assert.Single(_program.Started);
    }

    [Fact]
    public async Task A_program_that_has_ended_between_two_signatures_is_started_again_for_the_second()
    {
        using var log = new StoreFolder();
        using CommandSigner signer = CommandSigner.Start(_program.Command, Limit, TimeProvider.System, log);
        _program.Behaviour = "once";
        for (int i = 1; i <= 3; i++)
        {
            signer.Sign(Data);
            Assert.Equal(i, _program.Started.Count);
            await TestSigner.GoneAsync(_program.Started[^1]);
        }
        Assert.Equal([$"{_program.Name} has ended and is started again"], log.Warnings.Distinct());
    }

    [Fact]
    public void Pauses_before_it_is_started_again_grow_and_end_with_a_signature()
    {
        var clock = new ManualTime();
        using CommandSigner signer = CommandSigner.Start(
            _program.Command,
            Limit with
            {
                FirstPause = TimeSpan.FromSeconds(1),
                LongestPause = TimeSpan.FromSeconds(4),
            },
            clock,
            NullLogger.Instance
        );
        int starts = 1;
        _program.Behaviour = "die";
        string why = Refusal(signer);
        foreach (int pause in (int[])[1, 2, 4, 4])
        {
            clock.Advance(TimeSpan.FromSeconds(pause) - TimeSpan.FromTicks(1));
            Assert.Equal(why, Refusal(signer));
            Assert.Equal(starts, _program.Started.Count);
            clock.Advance(TimeSpan.FromTicks(1));
            Assert.Equal(why, Refusal(signer));
            Assert.Equal(++starts, _program.Started.Count);
        }
        clock.Advance(TimeSpan.FromSeconds(4));
        _program.Behaviour = "";
        signer.Sign(Data);
        _program.Behaviour = "die";
        Refusal(signer);
        clock.Advance(TimeSpan.FromSeconds(1));
        _program.Behaviour = "";
        signer.Sign(Data);
    }

    [Fact]
    public void Another_key_after_a_restart_is_refused()
    {
        using CommandSigner signer = Start(Limit);
        using SigningKey other = SigningKey.Create();
        _program.UseKey(other);
        _program.Behaviour = "die";
        Refusal(signer);
        _program.Behaviour = "";
        Assert.Equal(
            $"{_program.Name} has the key {other.PublicKey.KeyId} now, and not {_program.Key.PublicKey.KeyId} as "
                + "before",
            Refusal(signer)
        );
        _program.UseKey(_program.Key);
        signer.Sign(Data);
    }

    /// <summary>It would need the same time again.</summary>
    [Fact]
    public async Task A_program_that_takes_its_time_to_start_again_is_waited_for_again()
    {
        using CommandSigner signer = Start(Limit with { Answer = TimeSpan.FromSeconds(3) });
        _program.Behaviour = "die";
        Refusal(signer);
        _program.Behaviour = "key:late";
        Assert.Equal($"{_program.Name} has not told its public key yet", Refusal(signer));
        _program.Behaviour = "";
        await Limits.UntilAsync(() => TrySign(signer, Data), () => "It signs nothing.");
        Assert.Equal(2, _program.Started.Count);
    }

    [Theory]
    [InlineData("key:wrong", null)]
    [InlineData("key:short", "has answered with something else than base64 of the 32 bytes of an Ed25519 public key")]
    [InlineData("key:garbage", "has answered with something else than base64 of the 32 bytes of an Ed25519 public key")]
    [InlineData("key:error", "says: the card is \\u001b[31mlocked")]
    [InlineData("key:die", "has ended with exit code 3")]
    [InlineData("wrong", "has given a signature that is not by its key")]
    [InlineData("error", "says: the card is \\u001b[31mlocked")]
    public async Task A_program_that_tells_no_key_or_does_not_sign_is_not_used(string behaviour, string? why)
    {
        _program.Behaviour = behaviour;
        if (why is null)
        {
            // The bytes may be another point of the curve.
            Assert.Throws<SignerException>(() => Start(Limit));
        }
        else
        {
            Assert.Equal(
                $"{_program.Name} {why}",
                Assert.Throws<SignerException>(() => Start(Limit with { Grace = TimeSpan.Zero })).Message
            );
        }
        await TestSigner.GoneAsync(_program.Started[0]);
    }

    [Fact]
    public void A_program_that_closes_its_output_is_not_waited_for()
    {
        Assert.Equal(
            "the signer command sh has closed its output",
            Assert
                .Throws<SignerException>(() =>
                    CommandSigner.Start(
                        ["sh", "-c", "read line; exec >&-; read line"],
                        Limit,
                        TimeProvider.System,
                        NullLogger.Instance
                    )
                )
                .Message
        );
    }

    [Fact]
    public void A_program_that_is_not_there_is_named()
    {
        Assert.Equal(
            "the signer command /nowhere/signer can't be started: No such file or directory",
            Assert
                .Throws<SignerException>(() =>
                    CommandSigner.Start(
                        ["/nowhere/signer", "--pin", "1234"],
                        Limit,
                        TimeProvider.System,
                        NullLogger.Instance
                    )
                )
                .Message
        );
    }

    /// <summary>It takes neither the end of its input nor SIGTERM, and has started another process.</summary>
    [Fact]
    public async Task Nothing_is_left_of_a_program_that_does_not_want_to_end()
    {
        _program.Behaviour = "stay";
        using (Start(Limit with { Grace = TimeSpan.FromMilliseconds(100) }))
            await Limits.UntilAsync(() => _program.HasChild, () => "no child");
        await TestSigner.GoneAsync(_program.Started[0]);
        await TestSigner.GoneAsync(_program.Child);
    }

    public void Dispose() => _program.Dispose();

    private CommandSigner Start(SignerLimits limits) =>
        CommandSigner.Start(_program.Command, limits, TimeProvider.System, NullLogger.Instance);

    private static string Refusal(CommandSigner signer, int tries = 1)
    {
        for (int i = 1; ; i++)
        {
            try
            {
                signer.Sign(Data);
                Assert.True(i < tries, "It has signed.");
            }
            catch (SignerException e)
            {
                return e.Message;
            }
        }
    }

    private static bool TrySign(CommandSigner signer, byte[] data)
    {
        try
        {
            return signer.Sign(data).Length > 0;
        }
        catch (SignerException)
        {
            return false;
        }
    }
}
