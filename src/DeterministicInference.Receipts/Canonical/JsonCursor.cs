using System.Buffers;

namespace DeterministicInference.Receipts.Canonical;

/// <summary>
/// Goes over a JSON text (RFC 8259) once, forward, and checks all that it passes. The bytes must be UTF-8. Whoever
/// reads a value has moved the cursor behind it.
/// </summary>
/// <remarks>
/// The runtime's reader can't take the place of this one: it ends at the first literal that is not JSON, and engines
/// written in Python write some where log-probabilities stand.
/// </remarks>
/// <param name="json">The text.</param>
/// <param name="maxDepth">Most levels of objects and arrays.</param>
internal ref struct JsonCursor(ReadOnlySpan<byte> json, int maxDepth)
{
    private static readonly SearchValues<byte> StringStops = SearchValues.Create([
        .. Enumerable.Range(0, 0x20).Select(control => (byte)control),
        (byte)'"',
        (byte)'\\',
    ]);

    private readonly ReadOnlySpan<byte> _json = json;
    private int _depth;

    /// <summary>The text.</summary>
    public readonly ReadOnlySpan<byte> Text => _json;

    /// <summary>Bytes before the cursor.</summary>
    public int At { get; private set; }

    /// <summary>
    /// Gets the places of <c>NaN</c>, <c>Infinity</c> and <c>-Infinity</c>; null where these are errors.
    /// </summary>
    public List<Range>? BareNumbers { get; set; }

    /// <summary>Whether the string that was read last has escapes.</summary>
    public bool HasEscapes { get; private set; }

    /// <summary>The first byte of the next token; 0 at the end.</summary>
    public byte Peek()
    {
        while (At < _json.Length)
        {
            byte next = _json[At];
            if (next > ' ' || next is not ((byte)' ' or (byte)'\n' or (byte)'\r' or (byte)'\t'))
                return next;
            At++;
        }
        return 0;
    }

    /// <summary>Enters the object or array that begins here.</summary>
    public void Open()
    {
        if (++_depth > maxDepth)
        {
            throw new CanonicalFormException(
                CanonicalFormError.TooDeep,
                $"More than {maxDepth} levels of nesting",
                _json,
                At
            );
        }
        At++;
    }

    /// <summary>Moves to the value of the next member; false behind the end of the object.</summary>
    /// <param name="isFirst">True before the first member.</param>
    /// <param name="start">Gets the place of the name.</param>
    /// <param name="name">Gets the inside of the name's token.</param>
    public bool NextMember(scoped ref bool isFirst, out int start, out ReadOnlySpan<byte> name)
    {
        byte next = Peek();
        start = At;
        name = default;
        if (next == '}')
        {
            Close();
            return false;
        }
        next = PassComma(ref isFirst, next);
        if (next != '"')
            throw NotJson();
        start = At;
        name = ReadString();
        if (Peek() != ':')
            throw NotJson();
        At++;
        Peek();
        return true;
    }

    /// <summary>Moves to the next element; false behind the end of the array.</summary>
    /// <param name="isFirst">True before the first element.</param>
    public bool NextElement(scoped ref bool isFirst)
    {
        byte next = Peek();
        if (next == ']')
        {
            Close();
            return false;
        }
        if (PassComma(ref isFirst, next) == ']')
            throw NotJson();
        return true;
    }

    /// <summary>Passes over the value that begins here.</summary>
    public void Skip()
    {
        bool isFirst = true;
        switch (Peek())
        {
            case (byte)'{':
                Open();
                while (NextMember(ref isFirst, out _, out _))
                    Skip();
                break;
            case (byte)'[':
                Open();
                while (NextElement(ref isFirst))
                    Skip();
                break;
            case (byte)'"':
                ReadString();
                break;
            case (byte)'t':
                Pass("true"u8);
                break;
            case (byte)'f':
                Pass("false"u8);
                break;
            case (byte)'n':
                Pass("null"u8);
                break;
            default:
                ReadNumber();
                break;
        }
    }

    /// <summary>True, and behind it, if the value that begins here is null.</summary>
    public bool PassNull()
    {
        if (Peek() != 'n')
            return false;
        Pass("null"u8);
        return true;
    }

    /// <summary>Reads the string that begins here.</summary>
    /// <returns>What stands between the quotes.</returns>
    public ReadOnlySpan<byte> ReadString()
    {
        int start = ++At;
        HasEscapes = false;
        while (true)
        {
            int stop = _json[At..].IndexOfAny(StringStops);
            At = stop < 0 ? _json.Length : At + stop;
            if (stop < 0)
                throw NotJson();
            switch (_json[At])
            {
                case (byte)'"':
                    return _json[start..At++];
                case (byte)'\\':
                    HasEscapes = true;
                    PassEscape();
                    break;
                default:
                    throw NotJson();
            }
        }
    }

    /// <summary>Whether a number begins at the cursor, of JSON or bare.</summary>
    public readonly bool IsNumber => Current is (byte)'-' or (>= (byte)'0' and <= (byte)'9') or (byte)'I' or (byte)'N';

    /// <summary>Reads the number that begins here.</summary>
    public ReadOnlySpan<byte> ReadNumber()
    {
        int start = At;
        if (BareNumbers is not null && PassBareNumber())
            return _json[start..At];
        if (Current == '-')
            At++;
        if (Current == '0')
            At++;
        else
            PassDigits();
        if (Current == '.')
        {
            At++;
            PassDigits();
        }
        if (Current is (byte)'e' or (byte)'E')
        {
            At++;
            if (Current is (byte)'+' or (byte)'-')
                At++;
            PassDigits();
        }
        return _json[start..At];
    }

    /// <summary>Requires that only white space is left.</summary>
    public void RequireEnd()
    {
        if (Peek() != 0 || At < _json.Length)
            throw NotJson();
    }

    public readonly CanonicalFormException NotJson() => CanonicalJson.NotJson(_json, At);

    private readonly byte Current => At < _json.Length ? _json[At] : (byte)0;

    private void Close()
    {
        At++;
        _depth--;
    }

    private byte PassComma(scoped ref bool isFirst, byte next)
    {
        if (isFirst)
        {
            isFirst = false;
            return next;
        }
        if (next != ',')
            throw NotJson();
        At++;
        return Peek();
    }

    private void Pass(ReadOnlySpan<byte> literal)
    {
        if (!_json[At..].StartsWith(literal))
            throw NotJson();
        At += literal.Length;
    }

    private void PassDigits()
    {
        int start = At;
        while (Current is >= (byte)'0' and <= (byte)'9')
            At++;
        if (At == start)
            throw NotJson();
    }

    private void PassEscape()
    {
        ReadOnlySpan<byte> rest = _json[At..];
        int length =
            rest.Length < 2
                ? 0
                : rest[1] switch
                {
                    (byte)'"'
                    or (byte)'\\'
                    or (byte)'/'
                    or (byte)'b'
                    or (byte)'f'
                    or (byte)'n'
                    or (byte)'r'
                    or (byte)'t' => 2,
                    (byte)'u' when rest.Length >= 6 && !rest[2..6].ContainsAnyExcept(HexDigits) => 6,
                    _ => 0,
                };
        if (length == 0)
            throw NotJson();
        At += length;
    }

    private bool PassBareNumber()
    {
        ReadOnlySpan<byte> rest = _json[At..];
        int length =
            rest.StartsWith("-Infinity"u8) ? 9
            : rest.StartsWith("Infinity"u8) ? 8
            : rest.StartsWith("NaN"u8) ? 3
            : 0;
        if (length == 0)
            return false;
        BareNumbers!.Add(At..(At + length));
        At += length;
        return true;
    }

    private static readonly SearchValues<byte> HexDigits = SearchValues.Create("0123456789abcdefABCDEF"u8);
}
