namespace DeterministicInference.Server.Tests.Verification.Oracle;

/// <summary>A named alteration of an honest exchange.</summary>
/// <param name="Name">What is done.</param>
/// <param name="Of">The honest exchange.</param>
/// <param name="Changes">The changes, in order.</param>
internal sealed record Alteration(string Name, string Of, params IReadOnlyList<Change> Changes)
{
    public ExchangeForm Form { get; init; }

    public Exchange Apply()
    {
        Exchange exchange = HonestAnswers.All[Of].Copy();
        exchange.Form = Form;
        foreach (Change change in Changes)
            change(exchange);
        return exchange;
    }

    public override string ToString() => Form == ExchangeForm.Carried ? $"{Of}: {Name}" : $"{Of}, {Form}: {Name}";
}

/// <summary>An alteration that a client shows and the verifier accepts.</summary>
/// <param name="Name">Of the alteration.</param>
/// <param name="Reader">The kind of client.</param>
/// <param name="Field">The first field that differs.</param>
/// <param name="Was">What it showed.</param>
/// <param name="Shows">What it shows now.</param>
internal sealed record Deception(string Name, string Reader, string Field, string? Was, string? Shows)
{
    private const int Width = 60;

    /// <summary>The first kind of client that shows something else; null if none does.</summary>
    public static Deception? Find(string name, ShownFiles honest, ShownFiles altered)
    {
        for (int kind = 0; kind < ClientReader.All.Count; kind++)
        {
            if (honest.Read(kind).FirstDifference(altered.Read(kind)) is { } difference)
            {
                string reader = ClientReader.All[kind].Name;
                return new Deception(name, reader, difference.Field, difference.Was, difference.Is);
            }
        }
        return null;
    }

    public override string ToString() => $"{Name}\n    {Reader}: {Field}: {Short(Was)} → {Short(Shows)}";

    private static string Short(string? text)
    {
        if (text is null)
            return "nothing";
        string line = text.ReplaceLineEndings("⏎");
        return line.Length <= Width ? $"'{line}'" : $"'{line[..Width]}…'";
    }
}
