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

        Assert.Equal("dddfb9cb1cd6bcc117acd1e29fed07f847338afb8279c20a54e8c1555e29bfbf", tokens.Digest.ToString());
        Assert.Equal([3, 1], tokens.Counts);
        Assert.Equal("f9e980883cee5353", Convert.ToHexStringLower(tokens.Trail.Span));
        Assert.Equal("d80643f7d43083162a48dcf1e668d6b55987f2dc98e8a3f7f1642eed1efcf8be", tokens.TrailDigest.ToString());
    }

    /// <summary>The vector of docs/determinism.md, computed by an independent program.</summary>
    [Fact]
    public void Vector_of_prompts()
    {
        var prompts = new PromptDigest(Vectors.PromptSalt);
        prompts.Add(0, [1u, 2u, 3u]);
        Assert.Equal(
            "ba0f7443567b20ce4b1f6ebed83f2ff9a7e43768d3f04c4b024aee84d0b546fc",
            prompts.Current().Digest.ToString()
        );
        Assert.Equal([3], prompts.Current().Counts);
        Assert.True(prompts.Current().Trail.IsEmpty);
    }

    [Fact]
    public void A_prompt_whose_ids_are_missing_is_an_error()
    {
        var prompts = new PromptDigest(Vectors.PromptSalt);
        Assert.Throws<InvalidOperationException>(() => prompts.Current());
        prompts.Add(1, [11u]);
        Assert.Throws<InvalidOperationException>(() => prompts.Current());
        prompts.Add(0, Array.Empty<uint>());
        Assert.Equal([0, 1], prompts.Current().Counts);
    }

    [Fact]
    public void Pieces_and_their_order_do_not_matter()
    {
        var chain = new TokenChain(Vectors.TokenSalt);
        chain.Append(1, []);
        chain.Append(0, [15496]);
        chain.Append(1, [11]);
        chain.Append(0, [995, 50256]);
        Assert.Equal(Choices([15496, 995, 50256], [11]).Digest, chain.Current().Digest);
    }

    [Fact]
    public void A_choice_whose_ids_are_missing_is_an_error()
    {
        var chain = new TokenChain(Vectors.TokenSalt);
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
        var chain = new TokenChain(Vectors.TokenSalt);
        for (int i = 0; i < choices.Length; i++)
            chain.Append(i, choices[i]);
        return chain.Current();
    }
}
