namespace DeterministicInference.Receipts.Tokens;

/// <summary>A place in the generated tokens.</summary>
/// <param name="Choice">Index of the choice, from 0.</param>
/// <param name="Token">Number of the token in it, from 0.</param>
internal readonly record struct TokenPlace(int Choice, int Token);

/// <summary>Finds where two answers part, from their trails alone.</summary>
internal static class TokenTrail
{
    private const int BytesPerToken = 2;

    /// <summary>Does a trail of this length belong to these counts?</summary>
    public static bool Fits(ReadOnlySpan<byte> trail, IReadOnlyList<int> counts)
    {
        ArgumentNullException.ThrowIfNull(counts);
        return trail.Length == BytesPerToken * counts.Sum(count => (long)count);
    }

    /// <summary>
    /// The first token that differs, or that only one of them has. One place too late with a chance of 2⁻¹⁶. Whether
    /// there is a difference is decided by the digests, not here: null says only that the trails show none.
    /// </summary>
    /// <exception cref="ArgumentException">A trail does not belong to its counts.</exception>
    public static TokenPlace? FirstDifference(
        ReadOnlySpan<byte> left,
        IReadOnlyList<int> leftCounts,
        ReadOnlySpan<byte> right,
        IReadOnlyList<int> rightCounts
    )
    {
        if (!Fits(left, leftCounts))
            throw new ArgumentException("The trail has another length than its counts say.", nameof(left));
        if (!Fits(right, rightCounts))
            throw new ArgumentException("The trail has another length than its counts say.", nameof(right));
        for (int choice = 0; choice < Math.Max(leftCounts.Count, rightCounts.Count); choice++)
        {
            int leftCount = choice < leftCounts.Count ? leftCounts[choice] : 0;
            int rightCount = choice < rightCounts.Count ? rightCounts[choice] : 0;
            ReadOnlySpan<byte> a = left[..(leftCount * BytesPerToken)],
                b = right[..(rightCount * BytesPerToken)];
            int same = a.CommonPrefixLength(b) / BytesPerToken;
            if (same < Math.Max(leftCount, rightCount))
                return new TokenPlace(choice, same);
            left = left[a.Length..];
            right = right[b.Length..];
        }
        return null;
    }
}
