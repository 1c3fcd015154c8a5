using System.Buffers;
using System.Globalization;
using System.Text;

namespace DeterministicInference.Receipts.Canonical;

/// <summary>
/// The one spelling of a JSON number's value: its digits without zeros at either end, <c>e</c> and the exponent
/// (<c>0.70</c> is <c>7e-1</c>, <c>-120</c> is <c>-12e1</c>), and <c>0</c> for zero. The value is exact, whatever a
/// number type could hold.
/// </summary>
internal static class DecimalText
{
    /// <summary>Most digits of an exponent that is read; a number with more stays as it is.</summary>
    private const int MaxExponentDigits = 9;

    /// <param name="number">A number of JSON.</param>
    /// <param name="output">Gets the spelling.</param>
    public static void Write(ReadOnlySpan<byte> number, IBufferWriter<byte> output)
    {
        bool isNegative = number[0] == '-';
        ReadOnlySpan<byte> rest = isNegative ? number[1..] : number;
        int e = rest.IndexOfAny((byte)'e', (byte)'E');
        ReadOnlySpan<byte> mantissa = e < 0 ? rest : rest[..e];
        long exponent = 0;
        if (e >= 0)
        {
            ReadOnlySpan<byte> text = rest[(e + 1)..];
            if (text.Length > MaxExponentDigits)
            {
                output.Write(number);
                return;
            }
            exponent = long.Parse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        }
        int point = mantissa.IndexOf((byte)'.');
        byte[] digits = point < 0 ? mantissa.ToArray() : [.. mantissa[..point], .. mantissa[(point + 1)..]];
        if (point >= 0)
            exponent -= mantissa.Length - point - 1;
        ReadOnlySpan<byte> significant = digits.AsSpan().TrimStart((byte)'0');
        if (significant.IsEmpty)
        {
            output.Write("0"u8);
            return;
        }
        int length = significant.Length;
        significant = significant.TrimEnd((byte)'0');
        exponent += length - significant.Length;
        if (isNegative)
            output.Write("-"u8);
        output.Write(significant);
        output.Write(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"e{exponent}")));
    }
}
