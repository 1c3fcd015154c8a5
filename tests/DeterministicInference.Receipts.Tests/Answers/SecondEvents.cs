using System.Text;
using System.Text.RegularExpressions;

namespace DeterministicInference.Receipts.Tests.Answers;

/// <summary>The events of a recorded stream, for <see cref="SecondReader"/>.</summary>
internal sealed partial class SecondEvents
{
    private readonly List<byte[]> _data = [];

    public SecondEvents(byte[] body)
    {
        // Latin-1 keeps every byte.
        string text = Encoding.Latin1.GetString(body);
        if (text.StartsWith(Latin("\uFEFF"), StringComparison.Ordinal))
            throw new NoFormException("a mark of the byte order");
        if (LoneReturn().IsMatch(text))
            throw new NoFormException("a lone carriage return");
        // The last piece ends nowhere.
        string[] lines = text.Split('\n');
        string? data = null;
        foreach (string line in lines[..^1].Select(line => line.TrimEnd('\r')))
        {
            if (line.Length == 0)
            {
                End(data);
                data = null;
                continue;
            }
            if (HasEnd)
                throw new NoFormException("a line behind the end");
            if (!IsKnown(line))
                throw new NoFormException("another line");
            RequireUncut(line);
            if (!line.StartsWith("data:", StringComparison.Ordinal))
                continue;
            if (data is not null)
                throw new NoFormException("two lines of data");
            data = Content(line);
        }
        if (lines[^1].Length > 0)
            EndWithin(lines[^1], ref data);
        // The end may lack its line ends.
        if (data?.StartsWith("[DONE]", StringComparison.Ordinal) == true)
            End(data);
    }

    /// <summary>The data of the events before the end that have some.</summary>
    public IEnumerable<byte[]> Data => _data;

    public bool HasEnd { get; private set; }

    /// <summary>What has begun is a second line of data, or a line behind the end, wherever it was cut.</summary>
    private void EndWithin(string line, ref string? data)
    {
        bool isData = line.StartsWith("data:", StringComparison.Ordinal);
        if (HasEnd)
            throw new NoFormException("a line behind the end");
        RequireUncut(line);
        if (isData && data is not null)
            throw new NoFormException("two lines of data");
        if (isData)
            data = Content(line);
    }

    /// <summary>Python ends a line in more places.</summary>
    private static void RequireUncut(string line)
    {
        string[] ends = ["\v", "\f", "\u001c", "\u001d", "\u001e", "\u0085", "\u2028", "\u2029"];
        bool isData = line.StartsWith("data:", StringComparison.Ordinal);
        if (!isData && ends.Any(end => line.Contains(Latin(end), StringComparison.Ordinal)))
            throw new NoFormException("a line that some cut");
    }

    private static string Latin(string text) => Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(text));

    private static string Content(string line)
    {
        string content = line["data:".Length..];
        return content is [' ', .. string value] ? value : content;
    }

    private void End(string? data)
    {
        if (string.IsNullOrEmpty(data))
            return;
        if (!data.StartsWith("[DONE]", StringComparison.Ordinal))
        {
            _data.Add(Encoding.Latin1.GetBytes(data));
            return;
        }
        if (data["[DONE]".Length..].Any(character => character != ' '))
            throw new NoFormException("more behind the word of the end");
        HasEnd = true;
    }

    private static bool IsKnown(string line) =>
        line.StartsWith(':')
        || line.StartsWith("data:", StringComparison.Ordinal)
        || line.StartsWith("id:", StringComparison.Ordinal)
        || line.StartsWith("retry:", StringComparison.Ordinal)
        || line is "event: message" or "event:message";

    [GeneratedRegex("\r(?!\n)")]
    private static partial Regex LoneReturn();
}
