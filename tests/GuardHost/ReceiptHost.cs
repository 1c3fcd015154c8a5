using System.Text;
using DeterministicInference.Receipts;
using DeterministicInference.Receipts.Answers;
using DeterministicInference.Receipts.Environments;
using DeterministicInference.Receipts.Statements;
using DeterministicInference.Server.Receipts.Store;
using Microsoft.Extensions.Logging;

namespace DeterministicInference.Server.Tests.GuardHost;

/// <summary>
/// Stands for a server with a store of receipts that is killed, or whose disk is full. It executes the commands that it
/// reads and reports each.
/// </summary>
internal static class ReceiptHost
{
    private static readonly Lock Output = new();
    private static readonly Stream Stdout = Console.OpenStandardOutput();
    private static readonly InferenceEnvironment Environment = new(
        [new("engine.name", new EnvironmentFact("embedded", FactSource.Measured))],
        []
    );

    public static async Task<int> RunAsync(string folder)
    {
        Tell("opening");
        ReceiptStore store;
        try
        {
            store = ReceiptStore.Open(new ReceiptStoreSettings(folder), TimeProvider.System, new Teller());
        }
        catch (ReceiptStoreException e)
        {
            Tell("refused " + e.Message);
            return 1;
        }
        await store.PutEnvironmentAsync(Environment, CancellationToken.None);
        Tell("ready");
        while (await Console.In.ReadLineAsync() is { } command)
        {
            switch (command.Split(' '))
            {
                case ["append"]:
                    if (!await AppendAsync(store))
                        Tell("failed " + store.Problem);
                    break;
                case ["run", var appenders]:
                    for (int i = 0; i < int.Parse(appenders, System.Globalization.CultureInfo.InvariantCulture); i++)
                        _ = Task.Run(() => RunAsync(store));
                    break;
            }
        }
        await store.DisposeAsync();
        Tell("closed");
        return 0;
    }

    private static async Task RunAsync(ReceiptStore store)
    {
        while (await AppendAsync(store)) { }
    }

    private static async Task<bool> AppendAsync(ReceiptStore store)
    {
        NewReceipt receipt = Issue();
        if (await store.AppendAsync(receipt, CancellationToken.None) is not { } proof)
            return false;
        Tell($"receipt {receipt.ReceiptId} {Convert.ToBase64String(Encoding.UTF8.GetBytes(proof.Checkpoint))}");
        return true;
    }

    private static NewReceipt Issue()
    {
        ReceiptSalts salts = ReceiptSalts.Of(Salt.Create());
        Sha256Value digest = Sha256Value.Of(salts.Root!.Bytes);
        var statement = new ReceiptStatement
        {
            ReceiptId = salts.CreateId(TimeProvider.System.GetUtcNow()),
            IssuedAt = TimeProvider.System.GetUtcNow(),
            Complete = true,
            Class = DeterminismClass.BestEffort,
            RequestPath = "/v1/completions",
            RequestCommitment = Commitment.To(SaltLabel.Request, digest, salts[SaltLabel.Request]!),
            OutputCommitment = Commitment.To(SaltLabel.Output, digest, salts[SaltLabel.Output]!),
            Delivery = AnswerDelivery.Json,
            EnvironmentId = Environment.Id,
            EnvironmentSource = FactSource.Measured,
            ModelName = "tiny",
        };
        return new NewReceipt(statement, salts.Root!, "cmpl-" + statement.ReceiptId);
    }

    /// <summary>
    /// One write per line, which Console.Out makes of short ones only: a process that is killed has told a line or it
    /// has not.
    /// </summary>
    private static void Tell(string line)
    {
        lock (Output)
            Stdout.Write(Encoding.UTF8.GetBytes(line + "\n"));
    }

    private sealed class Teller : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter
        ) => Tell($"log {logLevel} {formatter(state, exception)}");
    }
}
