namespace DeterministicInference.Receipts.Output;

/// <summary>Finds where the texts of two answers part.</summary>
internal static class OutputTexts
{
    private static readonly string[] Order = ["text", "content", "reasoning", "refusal", "call.name", "call.arguments"];

    /// <summary>The first byte that differs in the first channel that differs, in the order of the manifest; null if there is none.</summary>
    public static TextPlace? FirstDifference(IReadOnlyList<ChannelText> left, IReadOnlyList<ChannelText> right)
    {
        var others = right.ToDictionary(text => (text.Choice, text.Channel), text => text.Text);
        IEnumerable<(int Choice, string Channel)> only = others.Keys.Except(left.Select(text => (text.Choice, text.Channel)));
        IEnumerable<TextPlace> places = left.Select(text => Part(text, others.GetValueOrDefault((text.Choice, text.Channel)))).OfType<TextPlace>()
            .Concat(only.Select(name => new TextPlace(name.Choice, name.Channel, 0)));
        return places.OrderBy(place => place.Choice).ThenBy(place => Rank(place.Channel)).ThenBy(place => place.Channel, StringComparer.Ordinal)
            .Select(place => (TextPlace?)place).FirstOrDefault();
    }

    private static TextPlace? Part(ChannelText text, ReadOnlyMemory<byte> other)
    {
        int same = text.Text.Span.CommonPrefixLength(other.Span);
        return same == text.Text.Length && same == other.Length ? null : new TextPlace(text.Choice, text.Channel, same);
    }

    /// <summary>Tools come after the channels that a choice has once, and <c>finish</c> is the last.</summary>
    private static int Rank(string channel)
    {
        int at = Array.IndexOf(Order, channel);
        return at >= 0 ? at : channel == "finish" ? Order.Length + 1 : Order.Length;
    }
}
