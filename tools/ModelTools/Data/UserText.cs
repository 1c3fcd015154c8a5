namespace DeterministicInference.ModelTools.Data;

/// <summary>
/// Collects the text of one user turn and then makes it look typed: casing, missing end marks, typing mistakes.
/// Exact parts (numbers, the text to repeat, the word to spell) are never changed, because the answer depends on them.
/// </summary>
internal sealed class UserText
{
    private readonly char[] _chars = new char[1024];
    private readonly bool[] _exact = new bool[1024];
    private int _length;

    public void Clear() => _length = 0;

    public void Append(string text) => Append(text, exact: false);

    public void AppendExact(string text) => Append(text, exact: true);

    /// <summary>The finished text.</summary>
    /// <param name="random">The source of all choices.</param>
    /// <param name="noise">How much may be changed.</param>
    /// <param name="endMark">The mark to end with, or '\0' for none. It is left out in a third of all texts.</param>
    public string Finish(KeyedRandom random, Noise noise, char endMark)
    {
        bool lower = random.Chance(27);
        bool capitals = random.Chance(2) && noise == Noise.All;
        bool typo = random.Chance(6) && noise != Noise.CasingOnly;
        if (endMark != '\0' && !random.Chance(33))
        {
            Append(random.Chance(4) && endMark == '?' ? "??" : endMark.ToString());
        }

        if (typo)
        {
            Mistype(random);
        }

        if (_length > 0 && !lower && !_exact[0])
        {
            _chars[0] = char.ToUpperInvariant(_chars[0]);
        }

        for (int i = 0; i < _length && (lower || capitals); i++)
        {
            if (!_exact[i])
            {
                _chars[i] = capitals ? char.ToUpperInvariant(_chars[i]) : char.ToLowerInvariant(_chars[i]);
            }
        }

        return new string(_chars, 0, _length);
    }

    private void Append(string text, bool exact)
    {
        text.CopyTo(0, _chars, _length, text.Length);
        _exact.AsSpan(_length, text.Length).Fill(exact);
        _length += text.Length;
    }

    /// <summary>Swaps, drops or doubles one letter inside a word of at least four letters.</summary>
    private void Mistype(KeyedRandom random)
    {
        int at = random.Below(_length);
        for (int tries = 0; tries < 8; tries++, at = random.Below(_length))
        {
            if (
                at < 1
                || at + 2 >= _length
                || !IsFreeLetter(at - 1)
                || !IsFreeLetter(at)
                || !IsFreeLetter(at + 1)
                || !IsFreeLetter(at + 2)
            )
            {
                continue;
            }

            switch (random.Below(3))
            {
                case 0:
                    (_chars[at], _chars[at + 1]) = (_chars[at + 1], _chars[at]);
                    break;
                case 1:
                    Array.Copy(_chars, at + 1, _chars, at, _length - at - 1);
                    Array.Copy(_exact, at + 1, _exact, at, _length - at - 1);
                    _length--;
                    break;
                default:
                    Array.Copy(_chars, at, _chars, at + 1, _length - at);
                    Array.Copy(_exact, at, _exact, at + 1, _length - at);
                    _length++;
                    break;
            }

            return;
        }
    }

    private bool IsFreeLetter(int index) => !_exact[index] && char.IsAsciiLetterLower(_chars[index]);
}
