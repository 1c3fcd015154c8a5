namespace DeterministicInference.ModelTools.Data;

/// <summary>
/// Wordings of one request. A line such as <c>how (do|can) I (set|change) the port?</c> stands for all its expansions;
/// an alternative may be empty, and brackets may nest. A line is drawn first, then one of its expansions, so that a
/// line with many alternatives does not drown the others.
/// </summary>
internal sealed class PhraseBook
{
    private readonly Phrase[][] _lines;

    public PhraseBook(params string[] lines)
    {
        List<string>[] expansions = [.. lines.Select(Expand)];
        HashSet<string> firsts = [.. expansions.Select(texts => texts[0])];
        _lines =
        [
            .. expansions.Select(texts => texts.Select(text => new Phrase(text, firsts.Contains(text))).ToArray()),
        ];
    }

    public IEnumerable<Phrase> All => _lines.SelectMany(line => line);

    public Phrase Pick(KeyedRandom random) => random.Pick(random.Pick(_lines));

    private static List<string> Expand(string line)
    {
        int open = line.IndexOf('(');
        if (open < 0)
        {
            return [line];
        }

        List<string> results = [];
        int close = Closing(line, open);
        List<string> tails = Expand(line[(close + 1)..]);
        foreach (string alternative in Alternatives(line[(open + 1)..close]))
        {
            foreach (string head in Expand(alternative))
            {
                foreach (string tail in tails)
                {
                    results.Add(line[..open] + head + tail);
                }
            }
        }

        return results;
    }

    private static int Closing(string line, int open)
    {
        int depth = 0;
        for (int i = open; i < line.Length; i++)
        {
            depth +=
                line[i] == '(' ? 1
                : line[i] == ')' ? -1
                : 0;
            if (depth == 0)
            {
                return i;
            }
        }

        throw new FormatException($"Unclosed bracket in the wording \"{line}\".");
    }

    private static List<string> Alternatives(string inside)
    {
        List<string> parts = [];
        int depth = 0;
        int start = 0;
        for (int i = 0; i < inside.Length; i++)
        {
            depth +=
                inside[i] == '(' ? 1
                : inside[i] == ')' ? -1
                : 0;
            if (inside[i] == '|' && depth == 0)
            {
                parts.Add(inside[start..i]);
                start = i + 1;
            }
        }

        parts.Add(inside[start..]);
        return parts;
    }
}
