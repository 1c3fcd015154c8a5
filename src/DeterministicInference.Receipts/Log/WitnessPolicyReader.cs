using System.Globalization;
using System.Text;

namespace DeterministicInference.Receipts.Log;

/// <summary>Reads a policy file of C2SP tlog-policy, once.</summary>
internal sealed class WitnessPolicyReader
{
    private const string None = "none";

    /// <summary>Most lines of each kind: far beyond the 32 that the format asks for.</summary>
    private const int MaxOfAKind = 1024;

    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly List<PolicyLog> _logs = [];
    private readonly List<PolicyWitness> _witnesses = [];
    private readonly List<PolicyGroup> _groups = [];
    private readonly HashSet<string> _names = new(StringComparer.Ordinal),
        _members = new(StringComparer.Ordinal),
        _logKeys = new(StringComparer.Ordinal),
        _witnessKeys = new(StringComparer.Ordinal);
    private string? _quorum;
    private int _line;

    /// <inheritdoc cref="WitnessPolicy.Parse"/>
    public WitnessPolicy Read(ReadOnlySpan<byte> octets)
    {
        // One character per octet: names are opaque.
        string text = Encoding.Latin1.GetString(octets);
        string[] lines = text.Split('\n');
        foreach (string line in lines.AsSpan(0, lines.Length - 1))
        {
            _line++;
            ReadLine(line);
        }
        if (lines[^1].Length > 0)
        {
            _line++;
            throw Wrong("ends without a line feed: the file may have been cut off");
        }
        return _quorum is null
            ? throw new LogFormatException("The policy has no line 'quorum NAME' (or 'quorum none').")
            : new WitnessPolicy(_logs, _witnesses, _groups, _quorum == None ? null : _quorum);
    }

    private void ReadLine(string line)
    {
        int control = line.AsSpan().IndexOfAnyExceptInRange(' ', '\u00FF');
        while (control >= 0 && line[control] == '\t')
        {
            int next = line.AsSpan(control + 1).IndexOfAnyExceptInRange(' ', '\u00FF');
            control = next < 0 ? -1 : control + 1 + next;
        }
        if (control < 0)
            control = line.IndexOf('\u007F', StringComparison.Ordinal);
        if (control >= 0)
        {
            throw Wrong(
                line[control] == '\r'
                    ? "ends with a carriage return: the lines of a policy end with a line feed alone"
                    : $"has the control character 0x{(int)line[control]:X2}"
            );
        }
        string[] items = line.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
        if (items.Length == 0 || items[0].StartsWith('#'))
            return;
        switch (items[0])
        {
            case "log":
                ReadLog(items);
                break;
            case "witness":
                ReadWitness(items);
                break;
            case "group":
                ReadGroup(items);
                break;
            case "quorum":
                ReadQuorum(items);
                break;
            default:
                throw Wrong($"begins with '{Shown(items[0])}' instead of log, witness, group or quorum");
        }
    }

    private void ReadLog(string[] items)
    {
        if (items.Length is not (2 or 3))
            throw Wrong("has another form than 'log VKEY [URL]'");
        VerifierKeyText text = KeyOf(items[1]);
        try
        {
            // Logs sign notes, or cosign their own checkpoints with ML-DSA-44.
            NoteKey? key = null;
            if (text.Type == (byte)CosignatureType.MLDsa44)
                CosignerKey.Of(text);
            else
                key = NoteKey.Of(text);
            _logs.Add(new PolicyLog(text.Name, key, items.Length == 3 ? TextOf(items[2]) : null));
        }
        catch (LogFormatException e)
        {
            throw Wrong($"has no key of a log: {e.Message.TrimEnd('.')}");
        }
        RequireNewKey(_logKeys, text, "log");
        RequireRoom(_logs.Count);
    }

    private void ReadWitness(string[] items)
    {
        if (items.Length is not (3 or 4))
            throw Wrong("has another form than 'witness NAME VKEY [URL]'");
        Define(items[1]);
        VerifierKeyText text = KeyOf(items[2]);
        try
        {
            string? url = items.Length == 4 ? TextOf(items[3]) : null;
            _witnesses.Add(new PolicyWitness(Shown(items[1]), CosignerKey.Of(text), url) { Octets = items[1] });
        }
        catch (LogFormatException e)
        {
            throw Wrong($"has no key of a witness: {e.Message.TrimEnd('.')}");
        }
        RequireNewKey(_witnessKeys, text, "witness");
        RequireRoom(_witnesses.Count);
    }

    private void ReadGroup(string[] items)
    {
        if (items.Length < 4)
            throw Wrong("has another form than 'group NAME all|any|NUMBER MEMBER…'");
        string[] members = items[3..];
        foreach (string member in members)
        {
            if (member == None)
                throw Wrong("has the member 'none', which only a quorum can be");
            RequireDefined(member);
            if (!_members.Add(member))
                throw Wrong(
                    $"has the member '{Shown(member)}' a second time: a name is a member once in the whole policy"
                );
        }
        Define(items[1]);
        int threshold = items[2] switch
        {
            "all" => members.Length,
            "any" => 1,
            var number => int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out int k)
            && k.ToString(CultureInfo.InvariantCulture) == number
            && k >= 1
            && k <= members.Length
                ? k
                : throw Wrong($"asks for '{Shown(number)}' members instead of all, any or 1 to {members.Length}"),
        };
        _groups.Add(new PolicyGroup(items[1], threshold, members));
        RequireRoom(_groups.Count);
    }

    private void ReadQuorum(string[] items)
    {
        if (items.Length != 2)
            throw Wrong("has another form than 'quorum NAME'");
        if (_quorum is not null)
            throw Wrong("is a second quorum");
        if (items[1] != None)
            RequireDefined(items[1]);
        _quorum = items[1];
    }

    private void Define(string name)
    {
        if (name == None)
            throw Wrong("defines 'none', which means no witness");
        if (!_names.Add(name))
            throw Wrong($"defines '{Shown(name)}' a second time");
    }

    private void RequireDefined(string name)
    {
        if (!_names.Contains(name))
            throw Wrong($"names '{Shown(name)}', which no line above defines");
    }

    private void RequireNewKey(HashSet<string> keys, VerifierKeyText text, string what)
    {
        if (!keys.Add(Convert.ToHexString(text.Key)))
            throw Wrong($"has the public key of another {what}");
    }

    private void RequireRoom(int count)
    {
        if (count > MaxOfAKind)
            throw Wrong($"is more than {MaxOfAKind} of its kind");
    }

    private VerifierKeyText KeyOf(string item)
    {
        try
        {
            return VerifierKeyText.Parse(TextOf(item));
        }
        catch (LogFormatException e)
        {
            throw Wrong($"has no verifier key: {e.Message.TrimEnd('.')}");
        }
    }

    private string TextOf(string item)
    {
        try
        {
            return Utf8.GetString(Encoding.Latin1.GetBytes(item));
        }
        catch (ArgumentException)
        {
            throw Wrong("has a key or an address that is not UTF-8");
        }
    }

    /// <summary>The text of an item for people: an item need not be UTF-8.</summary>
    private static string Shown(string item) => Encoding.UTF8.GetString(Encoding.Latin1.GetBytes(item));

    private LogFormatException Wrong(string what) =>
        new(string.Create(CultureInfo.InvariantCulture, $"Line {_line} {what}."));
}
