using System.Globalization;
using System.Text;

namespace DeterministicInference.Receipts.Tests.Answers;

/// <summary>
/// A JSON text as a tree that can hold what a parser would not: names that stand twice, any order, literals as they
/// are.
/// </summary>
internal sealed class JsonTree
{
    private JsonTree(string? text, List<(string Name, JsonTree Value)>? members, List<JsonTree>? items) =>
        (Text, Members, Items) = (text, members, items);

    /// <summary>Of a scalar: its JSON.</summary>
    public string? Text { get; set; }

    /// <summary>Of an object; names are JSON without quotes.</summary>
    public List<(string Name, JsonTree Value)>? Members { get; private set; }

    /// <summary>Of an array.</summary>
    public List<JsonTree>? Items { get; private set; }

    public static JsonTree Scalar(string json) => new(json, null, null);

    public static JsonTree Of(int number) => Scalar(number.ToString(CultureInfo.InvariantCulture));

    public static JsonTree Object(params IEnumerable<(string Name, JsonTree Value)> members) =>
        new(null, [.. members], null);

    public static JsonTree Array(params IEnumerable<JsonTree> items) => new(null, null, [.. items]);

    /// <summary>A string, some of its characters escaped; half pairs can only be escaped.</summary>
    public static JsonTree Quote(string text, SeededValues random)
    {
        var quoted = new StringBuilder("\"");
        foreach (char unit in text)
        {
            bool must = unit < 0x20 || unit is '"' or '\\' || char.IsSurrogate(unit);
            if (must || random.OneIn(8))
                quoted.Append("\\u").Append(((int)unit).ToString("x4", CultureInfo.InvariantCulture));
            else
                quoted.Append(unit);
        }
        return Scalar(quoted.Append('"').ToString());
    }

    public JsonTree Copy() =>
        new(
            Text,
            Members?.Select(member => (member.Name, member.Value.Copy())).ToList(),
            Items?.Select(item => item.Copy()).ToList()
        );

    /// <summary>Becomes another value.</summary>
    public void Set(JsonTree other) => (Text, Members, Items) = (other.Text, other.Members, other.Items);

    /// <summary>This value and all within it.</summary>
    public IEnumerable<JsonTree> All() =>
        [this, .. (Members?.Select(member => member.Value) ?? Items ?? []).SelectMany(value => value.All())];

    public string Write(SeededValues random)
    {
        var json = new StringBuilder();
        Write(json, random);
        return json.ToString();
    }

    private void Write(StringBuilder json, SeededValues random)
    {
        if (Text is not null)
        {
            json.Append(Text);
            return;
        }
        json.Append(Members is null ? '[' : '{');
        bool isFirst = true;
        foreach (
            (string? name, JsonTree value) in Members?.Select(member => ((string?)member.Name, member.Value))
                ?? Items!.Select(item => ((string?)null, item))
        )
        {
            if (!isFirst)
                json.Append(',');
            isFirst = false;
            if (random.OneIn(30))
                json.Append(random.OneIn(2) ? " " : "\n\t");
            if (name is not null)
                json.Append('"').Append(name).Append("\":");
            value.Write(json, random);
            if (random.OneIn(40))
                json.Append(' ');
        }
        json.Append(Members is null ? ']' : '}');
    }
}
