using DeterministicInference.Receipts.Tests;

namespace DeterministicInference.Server.Tests.Verification.Oracle;

/// <summary>
/// Makes one random change in a stream: an event dropped, repeated, moved, split, merged, added or written otherwise,
/// text between events, or a change within an event.
/// </summary>
internal static class EventMutator
{
    /// <returns>What was done, as a kind of change.</returns>
    public static string Change(EventList events, SeededValues random)
    {
        List<StreamPart> parts = events.Parts;
        List<int> places = events.Places;
        if (places.Count == 0)
            return "nothing";
        int number = random.Below(places.Count),
            at = places[number];
        switch (random.Below(20))
        {
            case 0:
                parts.RemoveAt(at);
                return "an event dropped";
            case 1:
                parts.Insert(places[random.Below(places.Count)], parts[at].Copy());
                return "an event repeated";
            case 2:
                int other = places[random.Below(places.Count)];
                (parts[at], parts[other]) = (parts[other], parts[at]);
                return "events exchanged";
            case 3 when number + 1 < places.Count:
                return Merge(parts, at, places[number + 1]);
            case 4:
                LooseJson second = parts[at].Data!.Copy();
                HalveChoices(parts[at].Data!, second, random);
                parts.Insert(at + 1, StreamPart.Event(second));
                return "an event split";
            case 5 or 6:
                string json = random.Of(MutationWords.Events);
                parts.Insert(random.Below(parts.Count + 1), StreamPart.Event(LooseJson.Parse(json)));
                return $"event added: {json}";
            case 7 or 8:
                string text = random.Of(MutationWords.Lines);
                parts.Insert(random.Below(parts.Count + 1), StreamPart.Raw(text));
                return $"text added: {LooseJson.String(text)}";
            case 9:
                (string how, Func<string, string> write) = random.Of(MutationWords.Writings);
                parts[at] = StreamPart.Raw(write($"{parts[at].Data}"));
                return $"an event written {how}";
            case 10:
                parts.RemoveAt(parts.Count - 1);
                return "the end removed";
            default:
                return "event: " + TreeMutator.Change(parts[at].Data!, random);
        }
    }

    private static string Merge(List<StreamPart> parts, int at, int next)
    {
        LooseJson into = parts[at].Data!,
            from = parts[next].Data!;
        int intoPlace = into.PlaceOf("choices"),
            fromPlace = from.PlaceOf("choices");
        if (intoPlace < 0 || fromPlace < 0)
            return "nothing";
        into.Members[intoPlace].Value.Items.AddRange(from.Members[fromPlace].Value.Items);
        parts.RemoveAt(next);
        return "the choices of two events in one";
    }

    private static void HalveChoices(LooseJson first, LooseJson second, SeededValues random)
    {
        int place = first.PlaceOf("choices");
        if (place < 0)
            return;
        foreach (
            (LooseJson one, LooseJson two) in first.Members[place].Value.Items.Zip(second.Members[place].Value.Items)
        )
            TreeMutator.Halve(one, two, random);
    }
}
