namespace DeterministicInference.Server.Tests.Verification.Oracle;

/// <summary>How clients cut a stream into events.</summary>
internal enum StreamCut
{
    /// <summary>As WHATWG HTML 9.2.6 says; ends at data that begins with [DONE], as the SDKs do.</summary>
    Conforming,

    /// <summary>The same, and only events of no type or of "message" count, as EventSource does.</summary>
    Typed,

    /// <summary>
    /// Lines end in LF; what begins with "data:" after trimming is an event; others are passed over. JavaScript trims
    /// U+FEFF too.
    /// </summary>
    Lines,

    /// <summary>The same in other languages, to the end of the body.</summary>
    LinesPastEnd,

    /// <summary>The same as <see cref="Lines"/>, cut where Python's <c>str.splitlines</c> does.</summary>
    UnicodeLines,
}

/// <summary>Cuts streams.</summary>
internal static class StreamCutter
{
    private const string End = "[DONE]";

    public static IReadOnlyList<StreamCut> Cuts { get; } = Enum.GetValues<StreamCut>();

    /// <summary>The data of the events before the end.</summary>
    public static IEnumerable<string> Cut(string body, StreamCut how) =>
        how switch
        {
            StreamCut.Conforming => Conforming(body).Select(cut => cut.Data),
            StreamCut.Typed => Conforming(body).Where(cut => cut.Type is "" or "message").Select(cut => cut.Data),
            StreamCut.Lines => Naive(body.Split('\n').Select(line => line.Trim().Trim('\ufeff')), stopsAtEnd: true),
            StreamCut.LinesPastEnd => Naive(body.Split('\n'), stopsAtEnd: false),
            _ => Naive(SplitLines(body), stopsAtEnd: true),
        };

    private static IEnumerable<(string Type, string Data)> Conforming(string body)
    {
        string type = "";
        var data = new List<string>();
        string text = (body.StartsWith('\ufeff') ? body[1..] : body)
            .Replace("\r\n", "\n", StringComparison.Ordinal)
            .Replace('\r', '\n');
        string[] lines = text.Split('\n');
        // What follows the last line end is no line.
        foreach (string line in lines[..^1])
        {
            if (line.Length == 0)
            {
                if (data.Count > 0)
                {
                    string joined = string.Join('\n', data);
                    if (joined.StartsWith(End, StringComparison.Ordinal))
                        yield break;
                    if (joined.Length > 0)
                        yield return (type, joined);
                }
                type = "";
                data.Clear();
                continue;
            }
            int colon = line.IndexOf(':', StringComparison.Ordinal);
            string field = colon < 0 ? line : line[..colon],
                value = colon < 0 ? "" : line[(colon + 1)..];
            if (value.StartsWith(' '))
                value = value[1..];
            if (field == "data")
                data.Add(value);
            else if (field == "event")
                type = value;
        }
    }

    private static IEnumerable<string> Naive(IEnumerable<string> lines, bool stopsAtEnd)
    {
        foreach (string line in lines)
        {
            string trimmed = line.Trim();
            if (!trimmed.StartsWith("data:", StringComparison.Ordinal))
                continue;
            string data = trimmed["data:".Length..].Trim();
            if (data == End && stopsAtEnd)
                yield break;
            // What can't be read is passed over.
            if (data.Length > 0 && data != "null" && LooseParser.TryParse(data) is not null)
                yield return data;
        }
    }

    // https://docs.python.org/3/library/stdtypes.html#str.splitlines
    private static string[] SplitLines(string body) =>
        body.Split('\n', '\r', '\v', '\f', '\x1c', '\x1d', '\x1e', '\x85', '\u2028', '\u2029');
}
