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
            if (!IsKnown(line))
                throw new NoFormException("another line");
            if (!line.StartsWith("data:", StringComparison.Ordinal))
                continue;
            if (data is not null)
                throw new NoFormException("two lines of data");
            data = Content(line);
            if (HasEnd && data.Length > 0)
                throw new NoFormException("data behind the end");
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

    /// <summary>What has begun is a second line of data, or data behind the end, wherever it was cut.</summary>
    private void EndWithin(string line, ref string? data)
    {
        bool isData = line.StartsWith("data:", StringComparison.Ordinal);
        if (isData && HasEnd)
            throw new NoFormException("data behind the end");
        if (isData && data is not null)
            throw new NoFormException("two lines of data");
        if (isData)
            data = Content(line);
    }

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
