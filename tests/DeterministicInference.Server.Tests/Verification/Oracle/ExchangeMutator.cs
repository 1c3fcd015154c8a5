using DeterministicInference.Receipts.Tests;

namespace DeterministicInference.Server.Tests.Verification.Oracle;

/// <summary>Makes one random change somewhere in an exchange, and says of what kind it is.</summary>
internal static class ExchangeMutator
{
    public static string Change(Exchange exchange, SeededValues random) =>
        random.Below(20) switch
        {
            0 => "request: " + TreeMutator.Change(exchange.Request, random),
            1 when exchange.Form != ExchangeForm.Carried => "environment: "
                + TreeMutator.Change(exchange.Environment, random),
            2 when exchange.Form != ExchangeForm.Carried => "receipt: " + TreeMutator.Change(exchange.Receipt, random),
            3 or 4 when exchange.Form == ExchangeForm.Bundle => Bundle(exchange, random),
            5 when exchange.Events is not null => Text(exchange, random),
            _ => exchange.Events is { } events
                ? EventMutator.Change(events, random)
                : TreeMutator.Change(exchange.Answer!, random),
        };

    /// <summary>The bundle does not exist yet: a first draw tells what the change will be.</summary>
    private static string Bundle(Exchange exchange, SeededValues random)
    {
        var seed = (int)random.Word();
        exchange.OnBundle(bundle => TreeMutator.Change(bundle, new SeededValues(seed)));
        return "bundle";
    }

    private static string Text(Exchange exchange, SeededValues random)
    {
        (string what, Func<string, string> change) = random.Of(MutationWords.Texts);
        exchange.OnText(change);
        return "text: " + what;
    }
}
