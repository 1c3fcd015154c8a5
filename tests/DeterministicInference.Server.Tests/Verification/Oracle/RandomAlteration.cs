using DeterministicInference.Receipts.Tests;

namespace DeterministicInference.Server.Tests.Verification.Oracle;

/// <summary>
/// An honest exchange in some form with one to three random changes. The number gives all of it; each change draws from
/// its own seed, so that some of them can be left out.
/// </summary>
internal sealed class RandomAlteration
{
    public const int MostChanges = 3;

    private static readonly Exchange[] Honest = [.. HonestAnswers.All.Values];

    private static readonly ExchangeForm[] Forms = Enum.GetValues<ExchangeForm>();

    private readonly int _number;

    public RandomAlteration(int number)
    {
        _number = number;
        var random = new SeededValues(number);
        Of = random.Of(Honest);
        // Of the forms the whole answer is the one that clients have.
        Form = random.OneIn(2) ? ExchangeForm.Carried : random.Of(Forms);
        Count = 1 + random.Below(MostChanges);
    }

    public Exchange Of { get; }

    public ExchangeForm Form { get; }

    public int Count { get; }

    /// <summary>The exchange with some of the changes, and what they are.</summary>
    /// <param name="which">A bit for each change that is made.</param>
    public (Exchange Altered, string What) Apply(int which)
    {
        Exchange exchange = Of.Copy();
        exchange.Form = Form;
        var made = new List<string>();
        for (int i = 0; i < Count; i++)
        {
            if ((which >> i & 1) != 0)
                made.Add(ExchangeMutator.Change(exchange, new SeededValues(HashCode(_number, i))));
        }
        return (exchange, string.Join(" + ", made));
    }

    private static int HashCode(int number, int place) => unchecked(number * 31 + place * 1_000_003 + 17);
}
