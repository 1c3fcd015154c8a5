namespace DeterministicInference.ModelTools.Data;

/// <summary>English number words from zero to ninety-nine.</summary>
internal static class NumberWords
{
    private static readonly string[] Small =
    [
        "zero",
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
        "thirteen",
        "fourteen",
        "fifteen",
        "sixteen",
        "seventeen",
        "eighteen",
        "nineteen",
    ];

    private static readonly string[] Tens =
    [
        "twenty",
        "thirty",
        "forty",
        "fifty",
        "sixty",
        "seventy",
        "eighty",
        "ninety",
    ];

    public static string Of(int value) =>
        value < 20 ? Small[value]
        : value % 10 == 0 ? Tens[(value / 10) - 2]
        : $"{Tens[(value / 10) - 2]}-{Small[value % 10]}";
}
