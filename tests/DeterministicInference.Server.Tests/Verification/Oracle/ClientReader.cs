using System.Text;

namespace DeterministicInference.Server.Tests.Verification.Oracle;

/// <summary>
/// A kind of client: which of doubled members it sees, and how it finds a choice, and in streams a tool call. It is
/// written as usual clients are and knows nothing of canonical forms.
/// </summary>
/// <param name="Name">In reports.</param>
/// <param name="TakesFirst">The first of doubled members counts, else the last.</param>
/// <param name="ByPlace">It takes <c>choices[i]</c>, else it looks at <c>index</c> (0 where there is none).</param>
/// <param name="IgnoresCase">Names are compared as Go and case-insensitive .NET do.</param>
internal sealed record ClientReader(string Name, bool TakesFirst, bool ByPlace, bool IgnoresCase = false)
{
    public static IReadOnlyList<ClientReader> All { get; } =
    [
        new("last, by place", TakesFirst: false, ByPlace: true),
        new("last, by index", TakesFirst: false, ByPlace: false),
        new("first, by place", TakesFirst: true, ByPlace: true),
        new("first, by index", TakesFirst: true, ByPlace: false),
        new("last, by index, any case", TakesFirst: false, ByPlace: false, IgnoresCase: true),
    ];

    /// <summary>The member that the client sees; null for none and for null.</summary>
    public LooseJson? Get(LooseJson? json, string name)
    {
        if (json is not { IsObject: true })
            return null;
        LooseJson? found = null;
        foreach (LooseMember member in json.Members)
        {
            if (!Is(member.Name, name))
                continue;
            // Go leaves a field as it is at a null (https://pkg.go.dev/encoding/json#Unmarshal).
            if (IgnoresCase && found is not null && member.Value.Kind == LooseKind.Null)
                continue;
            found = member.Value;
            if (TakesFirst)
                break;
        }
        return found is { Kind: not LooseKind.Null } ? found : null;
    }

    /// <summary>The elements of an array; none of anything else.</summary>
    public IReadOnlyList<LooseJson> List(LooseJson? json, string name) => Get(json, name)?.Items ?? [];

    /// <summary>A text as it is; another value with its type, because typed clients fail on it.</summary>
    public string? Shown(LooseJson? json, string name) => Shown(Get(json, name));

    public string? Shown(LooseJson? value) =>
        value?.Kind switch
        {
            null or LooseKind.Null => null,
            LooseKind.Text => value.Text,
            LooseKind.Array => $"[parts] {string.Concat(value.Items.Select(part => Shown(part, "text") ?? "?"))}",
            LooseKind.Object => $"[object] {Whole(value)}",
            _ => $"[{value.Kind}] {value.Text}",
        };

    /// <summary>A number as its value; another value as <see cref="Shown(LooseJson?)"/>, a text in quotes.</summary>
    public string? Number(LooseJson? value) =>
        value is { Kind: LooseKind.Number } && LooseNumber.TryRead(value.Text, out double number)
            ? LooseNumber.Write(number)
        : value is { Kind: LooseKind.Text } ? value.ToString()
        : Shown(value);

    /// <summary>The whole value without the members that the client does not see.</summary>
    public string Whole(LooseJson value)
    {
        var text = new StringBuilder();
        Write(text, value);
        return text.ToString();
    }

    private void Write(StringBuilder text, LooseJson value)
    {
        if (value.IsArray)
        {
            text.Append('[');
            foreach (LooseJson item in value.Items)
            {
                Write(text, item);
                text.Append(',');
            }
            text.Append(']');
        }
        else if (value.IsObject)
        {
            text.Append('{');
            foreach (string name in value.Members.Select(member => member.Name).Distinct())
            {
                text.Append(LooseJson.String(name)).Append(':');
                if (Get(value, name) is { } seen)
                    Write(text, seen);
                else
                    text.Append("null");
                text.Append(',');
            }
            text.Append('}');
        }
        else
            value.Write(text);
    }

    private bool Is(string name, string wanted)
    {
        if (!IgnoresCase || name == wanted)
            return name == wanted;
        if (name.Length != wanted.Length)
            return false;
        for (int i = 0; i < name.Length; i++)
        {
            char folded = name[i] switch
            {
                '\u017f' => 's',
                '\u212a' => 'k',
                '\u0130' or '\u0131' => 'i',
                var other => char.ToLowerInvariant(other),
            };
            if (folded != wanted[i])
                return false;
        }
        return true;
    }
}
