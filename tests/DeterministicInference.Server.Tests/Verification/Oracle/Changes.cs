namespace DeterministicInference.Server.Tests.Verification.Oracle;

/// <summary>A change of an exchange.</summary>
internal delegate void Change(Exchange exchange);

/// <summary>The words of the table of alterations. Paths are those of <see cref="LoosePath"/>.</summary>
internal static class Changes
{
    /// <summary>Adds a member at the end of an object; its name as it stands between quotes.</summary>
    public static Change Add(string path, string spelling, string json) =>
        On(path, (root, at) => LoosePath.Find(root, at).Members.Add(Member(spelling, json)));

    /// <summary>Adds a member at the beginning of an object.</summary>
    public static Change AddFirst(string path, string spelling, string json) =>
        On(path, (root, at) => LoosePath.Find(root, at).Members.Insert(0, Member(spelling, json)));

    /// <summary>Puts a member of the same name, or of a name spelled so, before a member.</summary>
    public static Change Before(string path, string json, string? spelling = null) => Beside(path, json, spelling, 0);

    /// <summary>The same behind it.</summary>
    public static Change After(string path, string json, string? spelling = null) => Beside(path, json, spelling, 1);

    public static Change Set(string path, string json) =>
        On(path, (root, at) => LoosePath.Find(root, at).Become(Value(json)));

    /// <summary>Changes a text.</summary>
    public static Change Edit(string path, Func<string, string> change) =>
        On(
            path,
            (root, at) =>
            {
                LooseJson text = LoosePath.Find(root, at);
                text.Become(LooseJson.String(change(text.Text)));
            }
        );

    public static Change Drop(string path) =>
        On(
            path,
            (root, at) =>
            {
                (LooseJson holder, int place) = LoosePath.Hold(root, at);
                if (holder.IsArray)
                    holder.Items.RemoveAt(place);
                else
                    holder.Members.RemoveAt(place);
            }
        );

    public static Change Rename(string path, string spelling) =>
        On(
            path,
            (root, at) =>
            {
                (LooseJson holder, int place) = LoosePath.Hold(root, at);
                holder.Members[place] = Named(spelling, holder.Members[place].Value);
            }
        );

    /// <summary>Puts an element into an array, before the one at the path.</summary>
    public static Change Insert(string path, string json) =>
        On(
            path,
            (root, at) =>
            {
                (LooseJson holder, int place) = LoosePath.Hold(root, at);
                holder.Items.Insert(place, Value(json));
            }
        );

    /// <summary>Puts an element at the end of an array.</summary>
    public static Change Append(string path, string json) =>
        On(path, (root, at) => LoosePath.Find(root, at).Items.Add(Value(json)));

    /// <summary>Makes two elements of one: the first has the beginning of a text in it, the second the rest.</summary>
    public static Change Halve(string path, string inner, int letters) =>
        On(
            path,
            (root, at) =>
            {
                (LooseJson holder, int place) = LoosePath.Hold(root, at);
                LooseJson second = holder.Items[place].Copy();
                LooseJson first = LoosePath.Find(holder.Items[place], inner),
                    rest = LoosePath.Find(second, inner);
                (string head, string tail) = (first.Text[..letters], first.Text[letters..]);
                first.Become(LooseJson.String(head));
                rest.Become(LooseJson.String(tail));
                holder.Items.Insert(place + 1, second);
            }
        );

    /// <summary>Exchanges two elements of an array, or two values.</summary>
    public static Change Swap(string path, string other) =>
        On(
            path,
            (root, at) =>
            {
                LooseJson one = LoosePath.Find(root, at),
                    two = LoosePath.Find(root, other);
                LooseJson kept = one.Copy();
                one.Become(two);
                two.Become(kept);
            }
        );

    /// <summary>Puts an event before another one, or behind the last.</summary>
    public static Change Event(int before, string json) =>
        OnEvents(
            (parts, places) =>
                parts.Insert(before < places.Count ? places[before] : places[^1] + 1, StreamPart.Event(Value(json)))
        );

    /// <summary>Puts raw text before an event.</summary>
    public static Change Raw(int before, string text) =>
        OnEvents((parts, places) => parts.Insert(places[before], StreamPart.Raw(text)));

    /// <summary>Puts raw text before the receipt.</summary>
    public static Change RawBeforeReceipt(string text) =>
        OnEvents((parts, _) => parts.Insert(parts.Count - 2, StreamPart.Raw(text)));

    /// <summary>Puts raw text before the mark of the end.</summary>
    public static Change RawBeforeEnd(string text) =>
        OnEvents((parts, _) => parts.Insert(parts.Count - 1, StreamPart.Raw(text)));

    /// <summary>Puts raw text at the end.</summary>
    public static Change RawLast(string text) => OnEvents((parts, _) => parts.Add(StreamPart.Raw(text)));

    /// <summary>Puts an event behind the mark of the end.</summary>
    public static Change EventLast(string json) => RawLast($"data: {json}\n\n");

    public static Change DropEnd { get; } = OnEvents((parts, _) => parts.RemoveAt(parts.Count - 1));

    public static Change DropEvent(int number) => OnEvents((parts, places) => parts.RemoveAt(places[number]));

    public static Change RepeatEvent(int number) =>
        OnEvents((parts, places) => parts.Insert(places[number], parts[places[number]].Copy()));

    public static Change SwapEvents(int one, int other) =>
        OnEvents(
            (parts, places) => (parts[places[one]], parts[places[other]]) = (parts[places[other]], parts[places[one]])
        );

    /// <summary>The choices of the next event become further elements of this one.</summary>
    public static Change MergeNext(int number) =>
        OnEvents(
            (parts, places) =>
            {
                LooseJson into = LoosePath.Find(parts[places[number]].Data!, "choices"),
                    from = LoosePath.Find(parts[places[number + 1]].Data!, "choices");
                into.Items.AddRange(from.Items);
                parts.RemoveAt(places[number + 1]);
            }
        );

    /// <summary>An event is written otherwise: this gets its JSON.</summary>
    public static Change Write(int number, Func<string, string> write) =>
        OnEvents((parts, places) => parts[places[number]] = StreamPart.Raw(write($"{parts[places[number]].Data}")));

    /// <summary>Changes the finished text.</summary>
    public static Change Text(Func<string, string> change) => exchange => exchange.OnText(change);

    /// <summary>Replaces a text of the finished text.</summary>
    public static Change Replace(string old, string with) =>
        Text(text =>
            text.Contains(old, StringComparison.Ordinal)
                ? text.Replace(old, with, StringComparison.Ordinal)
                : throw new ArgumentException($"There is no '{old}'.", nameof(old))
        );

    /// <summary>The answer as it is now is the file, and the honest one the file of --response.</summary>
    public static Change HonestResponse { get; } =
        exchange => exchange.OtherResponse = HonestAnswers.All[exchange.Name].AnswerText();

    /// <summary>The receipt of a JSON answer stands where a bundle has it too.</summary>
    public static Change BesideChoices { get; } =
        exchange => exchange.Answer!.Members.Add(new LooseMember("receipt", exchange.Receipt));

    /// <summary>The honest request is the file of --request.</summary>
    public static Change HonestRequest { get; } =
        exchange => exchange.OtherRequest = HonestAnswers.All[exchange.Name].Request.ToString();

    /// <summary>A member whose name is spelled so.</summary>
    public static LooseMember Named(string spelling, LooseJson value) =>
        new(LooseParser.TryParse($"\"{spelling}\"")?.Text ?? spelling, value, spelling);

    private static LooseMember Member(string spelling, string json) => Named(spelling, Value(json));

    /// <summary>What is no JSON is written as it is.</summary>
    private static LooseJson Value(string json) => LooseParser.TryParse(json) ?? LooseJson.Raw(json);

    private static Change Beside(string path, string json, string? spelling, int behind) =>
        On(
            path,
            (root, at) =>
            {
                (LooseJson holder, int place) = LoosePath.Hold(root, at);
                holder.Members.Insert(place + behind, Member(spelling ?? holder.Members[place].Name, json));
            }
        );

    private static Change On(string path, Action<LooseJson, string> change) =>
        exchange => LoosePath.At(exchange, path, change);

    private static Change OnEvents(Action<List<StreamPart>, List<int>> change) =>
        exchange => change(exchange.Events!.Parts, exchange.Events.Places);
}
