using System.Globalization;

namespace DeterministicInference.Receipts.Output;

/// <summary>A place in the text of an answer.</summary>
/// <param name="Choice">Index of the choice, from 0.</param>
/// <param name="Channel">The channel's name in the manifest, such as <c>content</c> or <c>tool.0.arguments</c>.</param>
/// <param name="Offset">Bytes of UTF-8 before it.</param>
internal readonly record struct TextPlace(int Choice, string Channel, long Offset);

/// <summary>
/// The text of a channel of any answer. One that was verified becomes a <c>VerifiedText</c>, which a program shows.
/// </summary>
/// <param name="Choice">Index of the choice.</param>
/// <param name="Channel">The name in the manifest, such as <c>content</c>.</param>
/// <param name="Text">UTF-8, as it is hashed; half of a surrogate pair in three bytes.</param>
internal readonly record struct ChannelText(int Choice, string Channel, ReadOnlyMemory<byte> Text);

/// <summary>Finds where the texts of two answers part.</summary>
internal static class OutputTexts
{
    private static readonly string[] ToolParts = ["type", "name", "arguments", "input"];

    /// <summary>
    /// The first byte that differs in the first channel that differs, in the order of the manifest; null if there is
    /// none.
    /// </summary>
    public static TextPlace? FirstDifference(IReadOnlyList<ChannelText> left, IReadOnlyList<ChannelText> right)
    {
        var others = right.ToDictionary(text => (text.Choice, text.Channel), text => text.Text);
        IEnumerable<(int Choice, string Channel)> only = others.Keys.Except(
            left.Select(text => (text.Choice, text.Channel))
        );
        IEnumerable<TextPlace> places = left.Select(text =>
                Part(text, others.GetValueOrDefault((text.Choice, text.Channel)))
            )
            .OfType<TextPlace>()
            .Concat(only.Select(name => new TextPlace(name.Choice, name.Channel, 0)));
        return places
            .OrderBy(place => place.Choice)
            .ThenBy(place => Rank(place.Channel))
            .Select(place => (TextPlace?)place)
            .FirstOrDefault();
    }

    private static TextPlace? Part(ChannelText text, ReadOnlyMemory<byte> other)
    {
        int same = text.Text.Span.CommonPrefixLength(other.Span);
        return same == text.Text.Length && same == other.Length ? null : new TextPlace(text.Choice, text.Channel, same);
    }

    /// <summary>Tools come after the channels that a choice has once, and <c>finish</c> is the last.</summary>
    private static (int Channel, int Tool, int Part) Rank(string channel)
    {
        if (channel.Split('.') is ["tool", string tool, string part])
            return (
                ChoiceOutput.Names.Length,
                int.Parse(tool, CultureInfo.InvariantCulture),
                Array.IndexOf(ToolParts, part)
            );
        int at = Array.IndexOf(ChoiceOutput.Names, channel);
        return (at >= 0 ? at : ChoiceOutput.Names.Length + 1, 0, 0);
    }
}
