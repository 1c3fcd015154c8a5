using DeterministicInference.Receipts.Tests;

namespace DeterministicInference.Server.Tests.Verification.Oracle;

/// <summary>
/// Makes one random change in a JSON tree: a member added, doubled, moved, renamed or removed, a value retyped or
/// altered, an element split, repeated, exchanged or renumbered.
/// </summary>
internal static class TreeMutator
{
    private const int Kinds = 12;

    /// <returns>What was done, as a kind of change.</returns>
    public static string Change(LooseJson root, SeededValues random)
    {
        var places = new List<Place>();
        Collect(root, "top", places, random.OneIn(8));
        Place[] objects = [.. places.Where(place => place.Value.IsObject)],
            filled = [.. objects.Where(place => place.Value.Members.Count > 0)],
            lists = [.. places.Where(place => place.Value is { IsArray: true, Items.Count: > 0 })];
        if (filled.Length == 0)
            return "nothing";
        int kind = random.Below(Kinds);
        if (kind >= 8 && lists.Length > 0)
            return ChangeList(random.Of(lists), kind, random);
        Place place = random.Of(filled);
        return kind switch
        {
            0 or 8 or 9 => Add(random.Of(objects), random),
            1 or 10 => Double(place, random),
            2 or 11 => Set(place, random),
            3 => Alter(place, random),
            4 => Rename(place, random),
            5 => Remove(place, random),
            6 => Move(place, random.Of(objects), random),
            _ => Add(random.Of(objects), random),
        };
    }

    /// <summary>Texts of which the first element of a split one gets the beginning, and the second the rest.</summary>
    public static void Halve(LooseJson first, LooseJson second, SeededValues random)
    {
        for (int i = 0; i < first.Members.Count && i < second.Members.Count; i++)
        {
            LooseMember member = first.Members[i];
            if (MutationWords.Kept.Contains(member.Name))
                continue;
            if (member.Value is { Kind: LooseKind.Text, Text: var text })
            {
                int cut = random.Below(text.Length + 1);
                member.Value.Become(LooseJson.String(text[..cut]));
                second.Members[i].Value.Become(LooseJson.String(text[cut..]));
            }
            else
                Halve(member.Value, second.Members[i].Value, random);
        }
    }

    private static string Add(Place place, SeededValues random)
    {
        string name = random.Of(MutationWords.Names);
        LooseMember member = Changes.Named(Spell(name, random, out string how), Value(random));
        place.Value.Members.Insert(random.Below(place.Value.Members.Count + 1), member);
        return $"{name}{how} added to {place.Level}";
    }

    private static string Double(Place place, SeededValues random)
    {
        int at = random.Below(place.Value.Members.Count);
        LooseMember member = place.Value.Members[at];
        LooseJson value = random.OneIn(4) ? Altered(member.Value, random) : Value(random);
        place.Value.Members.Insert(
            random.OneIn(2) ? at : at + 1,
            Changes.Named(Spell(member.Name, random, out string how), value)
        );
        return $"{member.Name}{how} twice in {place.Level}";
    }

    private static string Set(Place place, SeededValues random)
    {
        LooseMember member = random.Of(place.Value.Members);
        LooseJson value = Value(random);
        member.Value.Become(value);
        return $"{member.Name} of {place.Level} becomes {value.Kind}";
    }

    private static string Alter(Place place, SeededValues random)
    {
        LooseMember member = random.Of(place.Value.Members);
        member.Value.Become(Altered(member.Value, random));
        return $"{member.Name} of {place.Level} altered";
    }

    private static string Rename(Place place, SeededValues random)
    {
        int at = random.Below(place.Value.Members.Count);
        LooseMember member = place.Value.Members[at];
        string name =
            MutationWords.Twins.TryGetValue(member.Name, out string? twin) && !random.OneIn(3) ? twin : member.Name;
        place.Value.Members[at] = Changes.Named(Spell(name, random, out string how), member.Value);
        return $"{member.Name} of {place.Level} renamed {name}{how}";
    }

    private static string Remove(Place place, SeededValues random)
    {
        int at = random.Below(place.Value.Members.Count);
        string name = place.Value.Members[at].Name;
        place.Value.Members.RemoveAt(at);
        return $"{name} removed from {place.Level}";
    }

    private static string Move(Place place, Place to, SeededValues random)
    {
        int at = random.Below(place.Value.Members.Count);
        LooseMember member = place.Value.Members[at];
        bool isCopy = random.OneIn(2);
        if (!isCopy)
            place.Value.Members.RemoveAt(at);
        to.Value.Members.Insert(random.Below(to.Value.Members.Count + 1), member with { Value = member.Value.Copy() });
        return $"{member.Name} {(isCopy ? "copied" : "moved")} from {place.Level} to {to.Level}";
    }

    private static string ChangeList(Place place, int kind, SeededValues random)
    {
        List<LooseJson> items = place.Value.Items;
        int at = random.Below(items.Count);
        switch (kind + random.Below(3))
        {
            case 8 or 9:
                LooseJson second = items[at].Copy();
                Halve(items[at], second, random);
                items.Insert(at + 1, second);
                return $"an element of {place.Level} split";
            case 10:
                items.Insert(random.Below(items.Count + 1), items[at].Copy());
                return $"an element of {place.Level} repeated";
            case 11:
                int other = random.Below(items.Count);
                (items[at], items[other]) = (items[other], items[at]);
                return $"elements of {place.Level} exchanged";
            case 12:
                items.Insert(random.Below(items.Count + 1), Value(random));
                return $"an element added to {place.Level}";
            default:
                return random.OneIn(2) ? Renumber(place, items[at], random) : RemoveItem(place, at);
        }
    }

    private static string RemoveItem(Place place, int at)
    {
        place.Value.Items.RemoveAt(at);
        return $"an element of {place.Level} removed";
    }

    private static string Renumber(Place place, LooseJson item, SeededValues random)
    {
        int at = item.PlaceOf("index");
        var index = LooseJson.Number(random.Below(3));
        if (at < 0)
            item.Members.Add(new LooseMember("index", index));
        else if (random.OneIn(3))
            item.Members.RemoveAt(at);
        else
            item.Members[at].Value.Become(index);
        return $"an element of {place.Level} renumbered";
    }

    private static LooseJson Value(SeededValues random) => LooseJson.Parse(random.Of(MutationWords.Values));

    /// <summary>A text with a small change, a number near it, any other value of another type.</summary>
    private static LooseJson Altered(LooseJson value, SeededValues random)
    {
        if (value.Kind == LooseKind.Number)
            return LooseJson.Scalar(LooseKind.Number, random.Of(MutationWords.Numbers));
        if (value.Kind != LooseKind.Text)
            return Value(random);
        string text = value.Text;
        return random.Below(6) switch
        {
            0 => LooseJson.String(text + random.Of(MutationWords.Tails)),
            1 when text.Length > 0 => LooseJson.String(text[..^1]),
            2 when text.Length > 0 => LooseJson.String(text[1..]),
            3 => LooseParser.TryParse(text) ?? LooseJson.Array(value.Copy()),
            4 => LooseJson.Parse($$"""[{"type":"text","text":{{value}}}]"""),
            _ => LooseJson.String(random.Of(MutationWords.Tails) + text),
        };
    }

    /// <summary>The name, seldom with an escape or in another case.</summary>
    private static string Spell(string name, SeededValues random, out string how)
    {
        how = "";
        if (name.Length == 0 || name.Contains('\\', StringComparison.Ordinal))
            return name;
        switch (random.Below(8))
        {
            case 0:
                how = " (escaped)";
                return $"\\u{(int)name[0]:x4}{name[1..]}";
            case 1:
                how = " (in another case)";
                return char.ToUpperInvariant(name[0]) + name[1..];
            default:
                return name;
        }
    }

    private static void Collect(LooseJson value, string level, List<Place> places, bool withReceipt)
    {
        if (value is not { IsObject: true } and not { IsArray: true })
            return;
        places.Add(new Place(value, level));
        foreach (LooseMember member in value.Members)
        {
            if (withReceipt || member.Name != "determinism")
                Collect(member.Value, member.Name, places, withReceipt);
        }
        foreach (LooseJson item in value.Items)
            Collect(item, $"{level}[]", places, withReceipt);
    }

    /// <param name="Value">An object or an array.</param>
    /// <param name="Level">The name of the member that holds it.</param>
    private sealed record Place(LooseJson Value, string Level);
}
