using System.Globalization;
using System.Text;

namespace DeterministicInference.Server.Tests.Verification.Oracle;

internal enum LooseKind
{
    Null,
    Boolean,
    Number,
    Text,
    Object,
    Array,

    /// <summary>Written as it is; a text that was read has none.</summary>
    Raw,
}

/// <summary>A member of an object.</summary>
/// <param name="Name">Without escapes.</param>
/// <param name="Value">Its value.</param>
/// <param name="Spelling">What stands between the quotes, if it is not the name itself.</param>
internal sealed record LooseMember(string Name, LooseJson Value, string? Spelling = null);

/// <summary>
/// A JSON text before a reader has chosen anything: doubled members stay, in their order, and numbers are the literals
/// that came. It shares no code with the formats of receipts.
/// </summary>
internal sealed class LooseJson
{
    private List<LooseMember>? _members;
    private List<LooseJson>? _items;

    private LooseJson(LooseKind kind, string text, List<LooseMember>? members, List<LooseJson>? items) =>
        (Kind, Text, _members, _items) = (kind, text, members, items);

    public LooseKind Kind { get; private set; }

    /// <summary>Of a text without escapes; of another scalar its literal.</summary>
    public string Text { get; private set; }

    /// <summary>Of an object; an empty list of its own for anything else.</summary>
    public List<LooseMember> Members => _members ?? [];

    /// <summary>Of an array; an empty list of its own for anything else.</summary>
    public List<LooseJson> Items => _items ?? [];

    public static LooseJson Null => new(LooseKind.Null, "null", null, null);

    public static LooseJson Raw(string json) => new(LooseKind.Raw, json, null, null);

    public static LooseJson String(string text) => new(LooseKind.Text, text, null, null);

    public static LooseJson Scalar(LooseKind kind, string literal) => new(kind, literal, null, null);

    public static LooseJson Number(int value) =>
        new(LooseKind.Number, value.ToString(CultureInfo.InvariantCulture), null, null);

    public static LooseJson Object(params IEnumerable<LooseMember> members) =>
        new(LooseKind.Object, "", [.. members], null);

    public static LooseJson Array(params IEnumerable<LooseJson> items) => new(LooseKind.Array, "", null, [.. items]);

    /// <summary>A text of the tests, which is JSON.</summary>
    public static LooseJson Parse(string json) =>
        LooseParser.TryParse(json) ?? throw new ArgumentException($"'{json}' is not JSON.", nameof(json));

    public bool IsObject => Kind == LooseKind.Object;

    public bool IsArray => Kind == LooseKind.Array;

    public LooseJson Copy() =>
        new(
            Kind,
            Text,
            _members?.ConvertAll(member => new LooseMember(member.Name, member.Value.Copy(), member.Spelling)),
            _items?.ConvertAll(item => item.Copy())
        );

    /// <summary>Becomes another value.</summary>
    public void Become(LooseJson other) =>
        (Kind, Text, _members, _items) = (other.Kind, other.Text, other._members, other._items);

    /// <summary>The place of the first member of that name; −1 if there is none.</summary>
    public int PlaceOf(string name) => Members.FindIndex(member => member.Name == name);

    public override string ToString()
    {
        var json = new StringBuilder();
        Write(json);
        return json.ToString();
    }

    public void Write(StringBuilder json)
    {
        switch (Kind)
        {
            case LooseKind.Text:
                WriteText(json, Text);
                break;
            case LooseKind.Object:
                json.Append('{');
                for (int i = 0; i < Members.Count; i++)
                {
                    if (i > 0)
                        json.Append(',');
                    if (Members[i].Spelling is { } spelling)
                        json.Append('"').Append(spelling).Append('"');
                    else
                        WriteText(json, Members[i].Name);
                    json.Append(':');
                    Members[i].Value.Write(json);
                }
                json.Append('}');
                break;
            case LooseKind.Array:
                json.Append('[');
                for (int i = 0; i < Items.Count; i++)
                {
                    if (i > 0)
                        json.Append(',');
                    Items[i].Write(json);
                }
                json.Append(']');
                break;
            default:
                json.Append(Text);
                break;
        }
    }

    private static void WriteText(StringBuilder json, string text)
    {
        json.Append('"');
        for (int i = 0; i < text.Length; i++)
        {
            char unit = text[i];
            bool isPair = i + 1 < text.Length && char.IsSurrogatePair(unit, text[i + 1]);
            if (isPair)
                json.Append(unit).Append(text[++i]);
            else if (unit is '"' or '\\')
                json.Append('\\').Append(unit);
            else if (unit < ' ' || char.IsSurrogate(unit))
                json.Append("\\u").Append(((int)unit).ToString("x4", CultureInfo.InvariantCulture));
            else
                json.Append(unit);
        }
        json.Append('"');
    }
}
