using Xunit;

namespace DeterministicInference.Receipts.Tests;

public class ReceiptSaltsTests
{
    /// <summary>The vectors of docs/determinism.md, computed by an independent program.</summary>
    [Theory]
    [InlineData(SaltLabel.Request, "bdf94ca1c69a7b241992d1a26b79e5ec6318d87df32c1b219b82c854e5b5e24c")]
    [InlineData(SaltLabel.Output, "9871b7f576a220d329d70e371c1951c7a61ac847871982dbc33af13694fa2def")]
    [InlineData(SaltLabel.Logprobs, "adea54cfaf8e693879e1ecb7461406cdfde9edcd713592305a8f86bb6476ee98")]
    [InlineData(SaltLabel.Tokens, "5ce3d272e4f3941af30fc97e2914281f644eeefacc321d9e3334a02aeaea9f7f")]
    [InlineData(SaltLabel.Prompt, "4cf9519425676ce3671cef8f4fa270b5e8ea609ec989fbda09d8588e8a2ee2a5")]
    [InlineData(SaltLabel.Extras, "bac5686afc4247a21ade3ba59c711ccd912b1b6df88a66eb50b4fc0120aac06c")]
    public void Vector_of_a_label(Enum label, string salt) =>
        Assert.Equal(salt, Convert.ToHexStringLower(Vectors.Salts[(SaltLabel)label]!.Bytes));

    [Fact]
    public void Vector_of_the_id()
    {
        string id = Vectors.Salts.CreateId(new DateTimeOffset(2026, 11, 22, 10, 11, 12, TimeSpan.Zero));
        Assert.Equal("6b02bfc02c23b6d6bcff6d3e7a776aa7", id);
        Assert.True(Vectors.Salts.Gives(id));
        Assert.True(Vectors.Salts.Gives(Vectors.Salts.CreateId(DateTimeOffset.UnixEpoch)));
        Assert.False(Vectors.Salts.Gives(id[..^1] + "f"));
        Assert.False(Vectors.Salts.Gives(id[1..]));
        Assert.False(ReceiptSalts.Of(Salt.Create()).Gives(id));
    }

    [Fact]
    public void Some_salts_open_what_they_are_for_and_nothing_else()
    {
        ReceiptSalts some = Vectors.Salts.Only(SaltLabel.Output, SaltLabel.Tokens);
        Assert.Equal([SaltLabel.Output, SaltLabel.Tokens], some.Known);
        Assert.Equal(Vectors.Salts[SaltLabel.Output]!.Bytes, some[SaltLabel.Output]!.Bytes);
        Assert.Null(some[SaltLabel.Request]);
        Assert.Null(some.Root);
        Assert.Null(some.Gives(new string('0', 32)));
        Assert.Throws<InvalidOperationException>(() => some.CreateId(DateTimeOffset.UnixEpoch));
        Assert.Equal([SaltLabel.Tokens], some.Only(SaltLabel.Tokens, SaltLabel.Request).Known);
    }

    [Fact]
    public void Labels_have_names()
    {
        Assert.All(
            Enum.GetValues<SaltLabel>(),
            label => Assert.Equal(label, ReceiptSalts.LabelOf(ReceiptSalts.NameOf(label)))
        );
        Assert.Null(ReceiptSalts.LabelOf("Request"));
        Assert.Null(ReceiptSalts.LabelOf(""));
    }
}
