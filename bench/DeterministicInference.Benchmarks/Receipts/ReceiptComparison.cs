using System.CommandLine;
using DeterministicInference.Benchmarks.Soak;

namespace DeterministicInference.Benchmarks.Receipts;

/// <summary>
/// A server with receipts and one without, in front of a FakeBackend each, which take turns within one run.
/// </summary>
/// <param name="With">With receipts.</param>
/// <param name="Without">With <c>--receipts off</c>.</param>
internal sealed record ReceiptComparison(SoakServer With, SoakServer Without) : IAsyncDisposable
{
    private static readonly Option<string> Program = new("--program")
    {
        Description = "Server: an executable, or a .dll.",
        Required = true,
    };

    public static Option<string> FakeBackend { get; } =
        new("--fake-backend") { Description = "FakeBackend's executable.", Required = true };

    public static Option<int> Rounds { get; } =
        new("--rounds") { Description = "Rounds of each.", DefaultValueFactory = _ => 15 };

    /// <summary>The settings of every such command.</summary>
    public static IReadOnlyList<Option> Options { get; } = [Program, FakeBackend, Rounds];

    /// <param name="parsed">The command line.</param>
    /// <param name="own">Further settings of both servers.</param>
    /// <param name="cancellation">Ends the start.</param>
    public static async Task<ReceiptComparison> StartAsync(
        ParseResult parsed,
        IReadOnlyList<string> own,
        CancellationToken cancellation
    )
    {
        string program = parsed.GetValue(Program)!,
            fakeBackend = parsed.GetValue(FakeBackend)!;
        SoakServer with = await SoakServer.StartAsync(program, fakeBackend, own, cancellation);
        try
        {
            string[] off = [.. own, "--receipts", "off"];
            return new ReceiptComparison(with, await SoakServer.StartAsync(program, fakeBackend, off, cancellation));
        }
        catch
        {
            await with.DisposeAsync();
            throw;
        }
    }

    /// <summary>The smallest value that is not below this part of them.</summary>
    public static double Quantile(IEnumerable<double> values, double part)
    {
        double[] sorted = [.. values.Order()];
        return sorted[(int)((sorted.Length - 1) * part)];
    }

    public async ValueTask DisposeAsync()
    {
        await Without.DisposeAsync();
        await With.DisposeAsync();
    }
}
