using System.Text.Json;
using System.Text.RegularExpressions;

namespace DeterministicInference.Server.Tests.Supervision;

/// <summary>
/// Reads a log as operators' tools do, each in its own way: lines end at everything that Unicode and terminals take for
/// an end; an entry is found at the start of a line; and a search finds a level or a module anywhere.
/// </summary>
internal static partial class ParsedLog
{
    /// <summary>What Python's str.splitlines takes for an end of a line, and NUL.</summary>
    private static readonly char[] Ends =
    [
        '\n',
        '\r',
        '\v',
        '\f',
        '\x1c',
        '\x1d',
        '\x1e',
        '\x85',
        '\u2028',
        '\u2029',
        '\0',
    ];

    /// <summary>Every entry that some tool sees.</summary>
    public static IEnumerable<Entry> Read(string log, bool asJson)
    {
        foreach (string line in log.Split(Ends))
        {
            if (asJson && line.StartsWith('{'))
            {
                using var document = JsonDocument.Parse(line);
                JsonElement entry = document.RootElement;
                // A reader takes the first of two members, or the last.
                foreach (string level in Members(entry, "level"))
                {
                    foreach (string module in Members(entry, "module"))
                        yield return new Entry(level, module, Members(entry, "message").First());
                }
            }
            else if (EntryLine().Match(line) is { Success: true } match)
            {
                yield return new Entry(
                    match.Groups["level"].Value.ToUpperInvariant(),
                    match.Groups["module"].Value,
                    match.Groups["message"].Value
                );
            }
        }
    }

    /// <summary>What reads as an entry of another module than the one that alone was written to.</summary>
    public static IReadOnlyList<string> FindForged(string log, bool asJson, string module)
    {
        List<string> forged =
        [
            .. Read(log, asJson).Where(entry => entry.Module != module).Select(entry => $"entry: {entry}"),
        ];
        if (asJson)
        {
            forged.AddRange(
                log.Split('\n').Where(line => line.Length > 0 && line[0] != '{').Select(line => $"no object: {line}")
            );
            return forged;
        }
        foreach (string line in log.Split('\n'))
        {
            // Without what the server itself has put before the message.
            string rest = Own().Replace(line, "", 1);
            if (Searched().IsMatch(rest))
                forged.Add($"found by a search: {rest}");
            if (rest.Any(c => char.IsControl(c) && c != '\t') || Reordering().IsMatch(rest))
                forged.Add($"obeyed by a terminal: {rest}");
        }
        return forged;
    }

    private static IEnumerable<string> Members(JsonElement entry, string name) =>
        entry.EnumerateObject().Where(member => member.NameEquals(name)).Select(member => member.Value.GetString()!);

    [GeneratedRegex(
        @"^\W*\d{4}-\d\d-\d\d \d\d:\d\d:\d\d *\| *(?<level>\w+)\s*\| *(?<module>[\w.]+) *\| (?<message>.*)"
    )]
    private static partial Regex EntryLine();

    [GeneratedRegex(@"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \| [A-Z]+ *\| deterministic_inference\.backends\.x\.engine \| ")]
    private static partial Regex Own();

    /// <summary>What <c>grep '| CRITICAL'</c> and <c>grep '| deterministic_inference.server'</c> find.</summary>
    [GeneratedRegex(
        @"\|\s*(?:DEBUG|INFO|WARNING|ERROR|CRITICAL)\s*\||\|\s*deterministic_inference",
        RegexOptions.IgnoreCase
    )]
    private static partial Regex Searched();

    [GeneratedRegex("[\u200e\u200f\u2028-\u202e\u2066-\u2069]")]
    private static partial Regex Reordering();

    internal sealed record Entry(string Level, string Module, string Message);
}
