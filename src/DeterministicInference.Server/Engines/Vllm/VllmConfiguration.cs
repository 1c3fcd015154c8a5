using System.Text.Json;
using DeterministicInference.Server.Configuration;

namespace DeterministicInference.Server.Engines.Vllm;

/// <summary>
/// One of vLLM's configurations with members: <c>-ac '{"backend":"X"}'</c>, <c>-ac.backend X</c> or
/// <c>--attention-config.backend=X</c>. As in vLLM's parser dotted members of one spelling are joined, and what is
/// given last counts, dotted members after everything else (vllm-project/vllm@00da11e, vllm/utils/argparse_utils.py,
/// FlexibleArgumentParser.parse_args).
/// </summary>
internal sealed class VllmConfiguration
{
    private readonly Dictionary<string, string> _members;

    private VllmConfiguration(Dictionary<string, string>? members)
    {
        IsGiven = members is not null;
        _members = members ?? [];
    }

    /// <summary>Whether it is given, with whichever members.</summary>
    public bool IsGiven { get; }

    /// <summary>Its members that are no objects and not null, by their dotted paths, sorted.</summary>
    public IEnumerable<KeyValuePair<string, string>> Members =>
        _members.OrderBy(member => member.Key, StringComparer.Ordinal);

    public static VllmConfiguration Attention(EngineCommandLine own) => Of(own, "--attention-config", "-ac");

    /// <summary>Builds of 2025 call it <c>-O</c> too, which is a level since.</summary>
    public static VllmConfiguration Compilation(EngineCommandLine own) => Of(own, "--compilation-config", "-cc", "-O");

    public static VllmConfiguration Speculative(EngineCommandLine own) => Of(own, "--speculative-config", "-sc");

    public static VllmConfiguration Generation(EngineCommandLine own) => Of(own, "--override-generation-config");

    /// <summary>A member's value as text; null where it is missing or null.</summary>
    /// <param name="path">The names of the member and of the objects around it, with dots between them.</param>
    public string? Value(string path) => _members.GetValueOrDefault(path);

    /// <summary>Whether a member with one of these names, at whichever depth, is true.</summary>
    public bool Has(params string[] names) =>
        _members.Any(member => names.Contains(member.Key[(member.Key.LastIndexOf('.') + 1)..]) && IsTrue(member.Value));

    /// <summary>
    /// All but what pydantic takes for false (https://docs.pydantic.dev/2.12/api/standard_library_types).
    /// </summary>
    private static bool IsTrue(string value) =>
        value.ToLowerInvariant() is not ("false" or "0" or "off" or "f" or "no" or "n");

    private static VllmConfiguration Of(EngineCommandLine own, params string[] spellings)
    {
        Dictionary<string, string>? whole = null;
        // By spelling, in the order in which vLLM's parser adds them.
        var dotted = new List<(string Spelling, Dictionary<string, string> Members)>();
        foreach ((string flag, IReadOnlyList<string> values) in own.Given)
        {
            int dot = flag.IndexOf('.');
            string head = dot < 0 ? flag : flag[..dot];
            if (!spellings.Any(spelling => own.Means(head, spelling)))
                continue;
            string value = values.Count > 0 ? values[0] : "";
            if (dot < 0)
            {
                if (Parse(value) is { ValueKind: JsonValueKind.Object } json)
                    Set(whole = [], "", json);
                continue;
            }
            int index = dotted.FindIndex(one => one.Spelling == head);
            if (index < 0)
                dotted.Add((head, []));
            Dictionary<string, string> members = dotted[index < 0 ? ^1 : index].Members;
            // A plus adds to a list.
            string path = flag[(dot + 1)..].TrimEnd('+');
            if (Parse(value) is { } parsed)
                Set(members, path, parsed);
            else
                Put(members, path, value);
        }
        return new VllmConfiguration(dotted.Count > 0 ? dotted[^1].Members : whole);
    }

    private static JsonElement? Parse(string text)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(text);
            return document.RootElement.Clone();
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static void Set(Dictionary<string, string> members, string path, JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                members.Remove(path);
                foreach (JsonProperty member in value.EnumerateObject())
                    Set(members, path.Length == 0 ? member.Name : $"{path}.{member.Name}", member.Value);
                break;
            case JsonValueKind.Null:
                Put(members, path, null);
                break;
            case JsonValueKind.True or JsonValueKind.False:
                Put(members, path, value.GetRawText());
                break;
            default:
                Put(members, path, value.ToString());
                break;
        }
    }

    /// <summary>Replaces a member, with all below it.</summary>
    private static void Put(Dictionary<string, string> members, string path, string? value)
    {
        foreach (
            string below in (string[])
                [.. members.Keys.Where(name => name.StartsWith(path + '.', StringComparison.Ordinal))]
        )
            members.Remove(below);
        if (value is null)
            members.Remove(path);
        else
            members[path] = value;
    }
}
