using System.Text;

namespace DeterministicInference.Receipts.Tests.Json;

/// <summary>JSON objects in all the spellings that JSON allows, the same ones for a seed.</summary>
internal sealed class JsonTexts(ulong seed)
{
    private static readonly string[] Scalars =
    [
        "null",
        "true",
        "false",
        "0",
        "-0",
        "-0.0",
        "1E400",
        "12345678901234567890123",
        "0.1000000000000000055511151231257827",
        "1e-7",
        "\"\"",
        "\"é😀\"",
        "\"\\u00e9\\ud83d\\ude00\"",
        "\"\\/\\\"\\\\\\b\\u0000\"",
        "\"}{][,:\"",
        "\"seed\"",
        "\"\\\"seed\\\":1\"",
    ];

    private static readonly string[] Spaces = ["", "", "", " ", "\n  ", "\t", "\r\n"];

    private ulong _state = seed;

    /// <summary>An object. Names differ from each other, and from "target" unless that is asked for.</summary>
    public string Object(bool withTarget, int depth = 3)
    {
        var text = new StringBuilder(Space()).Append('{').Append(Space());
        int members = Next(5) + (withTarget ? 1 : 0),
            target = withTarget ? Next(members) : -1;
        for (int i = 0; i < members; i++)
        {
            if (i > 0)
                text.Append(Space()).Append(',').Append(Space());
            // Escapes in a name are part of the spelling, not of the name.
            text.Append(
                i == target
                    ? Next(2) == 0
                        ? "\"target\""
                        : "\"t\\u0061rget\""
                    : $"\"n{i}{(Next(2) == 0 ? "é" : "\\u00e9")}\""
            );
            text.Append(Space()).Append(':').Append(Space()).Append(Value(depth - 1));
        }
        return text.Append(Space()).Append('}').Append(Space()).ToString();
    }

    private string Value(int depth)
    {
        int kind = depth == 0 ? 2 : Next(4);
        if (kind == 0)
            return Object(withTarget: Next(2) == 0, depth).Trim();
        return kind == 1 ? Array(depth) : Scalars[Next(Scalars.Length)];
    }

    private string Array(int depth)
    {
        string begin = $"[{Space()}";
        IEnumerable<string> items = Enumerable.Range(0, Next(4)).Select(_ => Space() + Value(depth - 1) + Space());
        return $"{begin}{string.Join(",", items)}]";
    }

    private string Space() => Spaces[Next(Spaces.Length)];

    /// <summary>
    /// A 64-bit linear congruential generator (Knuth's constants); its upper bits are good enough here.
    /// </summary>
    private int Next(int count)
    {
        _state = _state * 6364136223846793005 + 1442695040888963407;
        return (int)((_state >> 33) % (ulong)count);
    }
}
