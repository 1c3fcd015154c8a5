using DeterministicInference.Receipts.Tokens;
using Xunit;

namespace DeterministicInference.Receipts.Tests.Tokens;

public class TokenChainTests
{
    /// <summary>The vector of docs/determinism.md, computed by an independent program.</summary>
    [Fact]
    public void Vector_of_choices()
    {
        TokenDigest tokens = Choices([15496, 995, 50256], [11]);

        Assert.Equal("35a01d0269284d5317cfe33382e49422254e4682e0c6d164691db7d03c111587", tokens.Digest.ToString());
        Assert.Equal([3, 1], tokens.Counts);
        Assert.Equal("2a94250df0c69ea2", Convert.ToHexStringLower(tokens.Trail.Span));
        Assert.Equal("fe1f39173e69db4683e31447d72eae9e1e769a04f98cc2edd368ac569ccc027e", tokens.TrailDigest.ToString());
    }

    /// <summary>The vector of docs/determinism.md, computed by an independent program.</summary>
    [Fact]
    public void Vector_of_prompts()
    {
        TokenChain chain = TokenChain.OfPrompts(Vectors.Salt);
        chain.Append(0, [1, 2, 3]);
        Assert.Equal(
            "7ba22cdffb86eb562cdcb99a2fe12ed5aa3796db8d0c1f90e51f726a50be4b34",
            chain.Current().Digest.ToString()
        );
    }

    [Fact]
    public void Pieces_and_their_order_do_not_matter()
    {
        TokenChain chain = TokenChain.OfChoices(Vectors.Salt);
        chain.Append(1, []);
        chain.Append(0, [15496]);
        chain.Append(1, [11]);
        chain.Append(0, [995, 50256]);
        Assert.Equal(Choices([15496, 995, 50256], [11]).Digest, chain.Current().Digest);
    }

    [Fact]
    public void A_choice_whose_ids_are_missing_is_an_error()
    {
        TokenChain chain = TokenChain.OfChoices(Vectors.Salt);
        Assert.Throws<InvalidOperationException>(() => chain.Current());
        chain.Append(1, [11]);
        Assert.Throws<InvalidOperationException>(() => chain.Current());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(200)]
    [InlineData(399)]
    public void A_trail_names_the_first_token_that_differs(int position)
    {
        uint[] ids = [.. Enumerable.Range(0, 400).Select(i => (uint)i * 7)];
        uint[] changed = [.. ids];
        changed[position] ^= 1;

        TokenDigest left = Choices([5], ids),
            right = Choices([5], changed);

        Assert.NotEqual(left.Digest, right.Digest);
        Assert.Equal(new TokenPlace(1, position), Difference(left, right));
        Assert.Equal(new TokenPlace(1, position), Difference(left, Choices([5], ids[..position])));
    }

    [Fact]
    public void Trails_of_equal_tokens_show_no_difference() =>
        Assert.Null(Difference(Choices([5], [6, 7]), Choices([5], [6, 7])));

    [Fact]
    public void A_choice_that_only_one_answer_has_differs_at_its_first_token() =>
        Assert.Equal(new TokenPlace(1, 0), Difference(Choices([5]), Choices([5], [6])));

    [Fact]
    public void A_trail_of_another_length_than_its_counts_is_refused()
    {
        Assert.False(TokenTrail.Fits([1, 2, 3], [1]));
        Assert.True(TokenTrail.Fits([1, 2], [0, 1]));
        Assert.Throws<ArgumentException>(() => TokenTrail.FirstDifference([1], [1], [1, 2], [1]));
    }

    private static TokenPlace? Difference(TokenDigest left, TokenDigest right) =>
        TokenTrail.FirstDifference(left.Trail.Span, left.Counts, right.Trail.Span, right.Counts);

    private static TokenDigest Choices(params uint[][] choices)
    {
        TokenChain chain = TokenChain.OfChoices(Vectors.Salt);
        for (int i = 0; i < choices.Length; i++)
            chain.Append(i, choices[i]);
        return chain.Current();
    }
}
