using System.Globalization;
using System.Text;

namespace DeterministicInference.Server.Tests.Verification.Oracle;

/// <summary>Reads JSON as usual parsers do, with the numbers that Python's writes and reads (NaN, Infinity).</summary>
internal ref struct LooseParser
{
    private const int MaxDepth = 256;

    private static readonly string[] Words = ["null", "true", "false", "NaN", "Infinity", "-Infinity"];

    private readonly ReadOnlySpan<char> _text;
    private int _at;

    private LooseParser(ReadOnlySpan<char> text) => _text = text;

    /// <summary>The value; null if the text is not one.</summary>
    public static LooseJson? TryParse(ReadOnlySpan<char> text)
    {
        var parser = new LooseParser(text);
        LooseJson? value = parser.Value(0);
        parser.Space();
        return parser._at == text.Length ? value : null;
    }

    private LooseJson? Value(int depth)
    {
        Space();
        if (_at >= _text.Length || depth > MaxDepth)
            return null;
        return _text[_at] switch
        {
            '{' => Object(depth),
            '[' => Array(depth),
            '"' => Quoted() is { } text ? LooseJson.String(text) : null,
            _ => Scalar(),
        };
    }

    private LooseJson? Object(int depth)
    {
        var members = new List<LooseMember>();
        _at++;
        if (Takes('}'))
            return LooseJson.Object(members);
        while (true)
        {
            Space();
            if (_at >= _text.Length || _text[_at] != '"' || Quoted() is not { } name || !Takes(':'))
                return null;
            if (Value(depth + 1) is not { } value)
                return null;
            members.Add(new LooseMember(name, value));
            if (Takes('}'))
                return LooseJson.Object(members);
            if (!Takes(','))
                return null;
        }
    }

    private LooseJson? Array(int depth)
    {
        var items = new List<LooseJson>();
        _at++;
        if (Takes(']'))
            return LooseJson.Array(items);
        while (true)
        {
            if (Value(depth + 1) is not { } item)
                return null;
            items.Add(item);
            if (Takes(']'))
                return LooseJson.Array(items);
            if (!Takes(','))
                return null;
        }
    }

    private LooseJson? Scalar()
    {
        foreach (string word in Words)
        {
            if (!_text[_at..].StartsWith(word, StringComparison.Ordinal))
                continue;
            _at += word.Length;
            return word switch
            {
                "null" => LooseJson.Null,
                "true" or "false" => LooseJson.Scalar(LooseKind.Boolean, word),
                _ => LooseJson.Scalar(LooseKind.Number, word),
            };
        }
        int start = _at;
        while (_at < _text.Length && (char.IsAsciiDigit(_text[_at]) || _text[_at] is '-' or '+' or '.' or 'e' or 'E'))
            _at++;
        ReadOnlySpan<char> literal = _text[start.._at];
        return double.TryParse(literal, NumberStyles.Float, CultureInfo.InvariantCulture, out _)
            ? LooseJson.Scalar(LooseKind.Number, literal.ToString())
            : null;
    }

    private string? Quoted()
    {
        int start = ++_at;
        // Most texts have no escapes.
        int length = _text[start..].IndexOfAny('"', '\\');
        if (length >= 0 && _text[start + length] == '"')
        {
            _at = start + length + 1;
            return Unescaped(_text.Slice(start, length));
        }
        var text = new StringBuilder();
        while (_at < _text.Length)
        {
            char unit = _text[_at++];
            if (unit == '"')
                return text.ToString();
            if (unit < ' ')
                return null;
            if (unit != '\\')
                text.Append(unit);
            else if (!Escape(text))
                return null;
        }
        return null;
    }

    private static string? Unescaped(ReadOnlySpan<char> text) =>
        text.ContainsAnyInRange('\0', '\x1f') ? null : text.ToString();

    private bool Escape(StringBuilder text)
    {
        if (_at >= _text.Length)
            return false;
        char kind = _text[_at++];
        if (kind == 'u')
        {
            if (
                _at + 4 > _text.Length
                || !ushort.TryParse(
                    _text.Slice(_at, 4),
                    NumberStyles.AllowHexSpecifier,
                    CultureInfo.InvariantCulture,
                    out ushort unit
                )
            )
                return false;
            text.Append((char)unit);
            _at += 4;
            return true;
        }
        int known = "\"\\/bfnrt".IndexOf(kind, StringComparison.Ordinal);
        if (known >= 0)
            text.Append("\"\\/\b\f\n\r\t"[known]);
        return known >= 0;
    }

    private bool Takes(char what)
    {
        Space();
        if (_at >= _text.Length || _text[_at] != what)
            return false;
        _at++;
        return true;
    }

    private void Space()
    {
        while (_at < _text.Length && _text[_at] is ' ' or '\t' or '\n' or '\r')
            _at++;
    }
}
