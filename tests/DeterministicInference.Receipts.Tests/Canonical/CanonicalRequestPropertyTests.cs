using System.Globalization;
using System.Text;
using DeterministicInference.Receipts.Canonical;
using Xunit;

namespace DeterministicInference.Receipts.Tests.Canonical;

/// <summary>Generated requests: respelling them changes nothing, changing them changes the digest.</summary>
public class CanonicalRequestPropertyTests
{
    private const int Trials = 300;

    private static readonly string[] Characters =
    [
        "a",
        "é",
        "\"",
        "\\",
        "/",
        "\n",
        "\u0001",
        "\u007f",
        "\u2028",
        "\uE000",
        "😀",
        "\0",
        "\ufffd",
    ];
    private static readonly string[] Numbers = ["0", "-0", "1.0", "1", "-1.50e0", "9007199254740993", "1E5", "100000"];

    [Fact]
    public void Whitespace_escapes_and_the_order_of_the_top_level_do_not_matter()
    {
        for (int seed = 0; seed < Trials; seed++)
        {
            var random = new SeededValues(seed);
            List<(string Name, Node Value)> members = Members(random, 0);
            Sha256Value plain = Digest(Spell(members, null));
            List<(string, Node)> shuffled = [.. members.OrderBy(_ => random.Word())];
            string respelled = Spell(shuffled, random);
            Assert.True(plain == Digest(respelled), $"seed {seed}: {respelled}");
        }
    }

    [Fact]
    public void Any_change_of_a_token_changes_the_digest()
    {
        int changes = 0;
        for (int seed = 0; seed < Trials; seed++)
        {
            // Below the top level, where a number has as many forms as spellings.
            var nested = new Node(null, null, Members(new SeededValues(seed), 0), null);
            string body = Spell([("x", nested)], null);
            Sha256Value plain = Digest(body);
            byte[] bytes = Encoding.UTF8.GetBytes(body);
            for (int bit = 0; bit < bytes.Length * 8; bit += 5)
            {
                byte[] changed = [.. bytes];
                changed[bit / 8] ^= (byte)(1 << bit % 8);
                try
                {
                    // The text has no whitespace and one spelling per string, so whatever is still a request is another
                    // one.
                    Assert.True(
                        plain != CanonicalRequest.Digest("/v1/completions", changed),
                        $"seed {seed}: {Encoding.UTF8.GetString(changed)}"
                    );
                    changes++;
                }
                catch (CanonicalFormException)
                {
                    // It is not a request any more.
                }
            }
        }
        Assert.True(changes > 1000, $"{changes}");
    }

    private sealed record Node(
        string? Text,
        string? Literal,
        List<(string Name, Node Value)>? Members,
        List<Node>? Items
    );

    private static List<(string Name, Node Value)> Members(SeededValues random, int depth)
    {
        var members = new List<(string, Node)>();
        int count = 1 + random.Below(4);
        for (int i = 0; i < count; i++)
            members.Add((i.ToString(CultureInfo.InvariantCulture) + Text(random), Value(random, depth + 1)));
        return members;
    }

    private static Node Value(SeededValues random, int depth) =>
        random.Below(depth > 3 ? 3 : 5) switch
        {
            0 => new Node(Text(random), null, null, null),
            1 => new Node(null, random.Of(Numbers), null, null),
            2 => new Node(null, random.Of(["true", "false", "null"]), null, null),
            3 => new Node(null, null, Members(random, depth), null),
            _ => new Node(
                null,
                null,
                null,
                [.. Enumerable.Range(0, random.Below(3)).Select(_ => Value(random, depth + 1))]
            ),
        };

    private static string Text(SeededValues random) =>
        string.Concat(Enumerable.Range(0, random.Below(4)).Select(_ => random.Of(Characters)));

    /// <summary>With generated spelling, or without any freedom.</summary>
    private static string Spell(List<(string Name, Node Value)> members, SeededValues? random) =>
        Space(random) + "{" + string.Join(",", members.Select(member => Spell(member, random))) + "}" + Space(random);

    private static string Spell((string Name, Node Value) member, SeededValues? random) =>
        Space(random) + Quote(member.Name, random) + Space(random) + ":" + Spell(member.Value, random);

    private static string Spell(Node node, SeededValues? random)
    {
        if (node.Members is not null)
            return Spell(node.Members, random);
        string text = node.Items is not null
            ? "[" + Space(random) + string.Join(",", node.Items.Select(item => Spell(item, random))) + "]"
            : node.Literal ?? Quote(node.Text!, random);
        return Space(random) + text + Space(random);
    }

    private static string Quote(string text, SeededValues? random)
    {
        var quoted = new StringBuilder("\"");
        foreach (Rune rune in text.EnumerateRunes())
        {
            bool must = rune.Value < 0x20 || rune.Value is '"' or '\\';
            if (rune.Value == '/' && random is not null && random.OneIn(2))
                quoted.Append("\\/");
            else if (rune.Value == '\n' && (random is null || random.OneIn(2)))
                quoted.Append("\\n");
            else if (rune.Value is '"' or '\\' && (random is null || random.OneIn(2)))
                quoted.Append('\\').Append((char)rune.Value);
            else if (must || (random is not null && random.OneIn(3)))
            {
                foreach (char unit in rune.ToString())
                {
                    string hex = ((int)unit).ToString("x4", CultureInfo.InvariantCulture);
                    quoted.Append("\\u").Append(random is not null && random.OneIn(2) ? hex.ToUpperInvariant() : hex);
                }
            }
            else
                quoted.Append(rune.ToString());
        }
        return quoted.Append('"').ToString();
    }

    private static string Space(SeededValues? random) => random is null ? "" : random.Of(["", "", " ", "\n", "\t\r"]);

    private static Sha256Value Digest(string body) =>
        CanonicalRequest.Digest("/v1/completions", Encoding.UTF8.GetBytes(body));
}
