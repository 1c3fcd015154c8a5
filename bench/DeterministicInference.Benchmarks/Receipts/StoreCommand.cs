using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using DeterministicInference.Receipts;
using DeterministicInference.Receipts.Answers;
using DeterministicInference.Receipts.Environments;
using DeterministicInference.Receipts.Log;
using DeterministicInference.Receipts.Statements;
using DeterministicInference.Server.Receipts.Store;
using Microsoft.Extensions.Logging.Abstractions;

namespace DeterministicInference.Benchmarks.Receipts;

/// <summary>
/// <c>store</c>: the store of receipts alone, without sockets: rate and processor time of appending, bytes on disk, and
/// how long a start, a proof, a tile and a check of every row take at that size.
/// </summary>
internal static class StoreCommand
{
    private const int Proofs = 1000;

    private static readonly Option<int> Entries = new("--entries")
    {
        Description = "Receipts to append.",
        DefaultValueFactory = _ => 200_000,
    };
    private static readonly Option<int> AtOnce = new("--at-once")
    {
        Description = "Receipts that wait for a commit at a time.",
        DefaultValueFactory = _ => 256,
    };
    private static readonly Option<string?> Folder = new("--folder")
    {
        Description = "Folder of the store, which is kept. Default: a temporary one.",
    };

    public static Command Create()
    {
        var command = new Command("store", "The store of receipts: append, start, proof, check, disk.")
        {
            Entries,
            AtOnce,
            Folder,
        };
        command.SetAction(
            (parsed, cancellation) =>
                RunAsync(parsed.GetValue(Folder), parsed.GetValue(Entries), parsed.GetValue(AtOnce), cancellation)
        );
        return command;
    }

    private static async Task<int> RunAsync(string? folder, int entries, int atOnce, CancellationToken cancellation)
    {
        string root = folder ?? Directory.CreateTempSubdirectory("store-").FullName;
        var settings = new ReceiptStoreSettings(root);
        var environment = new InferenceEnvironment(
            [new("engine.name", new EnvironmentFact("embedded", FactSource.Measured))],
            []
        );
        await using (ReceiptStore store = Open(settings))
        {
            await store.PutEnvironmentAsync(environment, cancellation);
            // What is compiled first is not counted.
            await AppendAsync(store, environment, 2000, atOnce, cancellation);
            long commits = store.Commits;
            TimeSpan before = Environment.CpuUsage.TotalTime;
            long began = Stopwatch.GetTimestamp();
            await AppendAsync(store, environment, entries, atOnce, cancellation);
            TimeSpan time = Stopwatch.GetElapsedTime(began),
                used = Environment.CpuUsage.TotalTime - before;
            Tell($"append: {entries / time.TotalSeconds:F0} receipts/s, {atOnce} at a time");
            Tell($"append: {used.TotalMicroseconds / entries:F1} us of processor time per receipt");
            Tell($"append: {entries / (double)(store.Commits - commits):F1} receipts per commit");
        }
        long bytes = new DirectoryInfo(root).GetFiles("*", SearchOption.AllDirectories).Sum(file => file.Length);
        Tell($"disk: {bytes / 1e6:F0} MB");
        long opening = Stopwatch.GetTimestamp();
        await using (ReceiptStore store = Open(settings))
        {
            Tell($"start: {Stopwatch.GetElapsedTime(opening).TotalMilliseconds:F1} ms");
            using ReceiptArchive archive = ReceiptArchive.Open(root);
            IReadOnlyList<StoredReceipt> newest = await archive.ListAsync(Proofs, cancellation);
            long proving = Stopwatch.GetTimestamp();
            foreach (StoredReceipt receipt in newest)
                await store.ProveAsync(receipt, cancellation);
            Tell($"proof: {Stopwatch.GetElapsedTime(proving).TotalMicroseconds / newest.Count:F0} us");
            StoredReceipt last = newest[0];
            int length = new Receipt(last.ReceiptId, last.Statement, $"{await store.ProveAsync(last, cancellation)}")
            {
                Salts = ReceiptSalts.Of(last.Salt),
            }
                .ToJson()
                .Length;
            Tell($"receipt: {length} bytes without its trail, in a log of {last.Index + 1} entries");
            long reading = Stopwatch.GetTimestamp();
            for (int i = 0; i < Proofs; i++)
            {
                long index = (long)i * last.Index / Proofs / TilePath.FullWidth;
                var path = new TilePath(TilePath.EntriesLevel, index, TilePath.FullWidth);
                await store.FindTileAsync(store.Number, path, cancellation);
            }
            Tell($"bundle of 256 entries: {Stopwatch.GetElapsedTime(reading).TotalMicroseconds / Proofs:F0} us");
            long checking = Stopwatch.GetTimestamp();
            await archive.CheckAsync(cancellation);
            Tell($"check of every row: {Stopwatch.GetElapsedTime(checking).TotalSeconds:F1} s");
        }
        if (folder is null)
            Directory.Delete(root, recursive: true);
        return 0;
    }

    private static ReceiptStore Open(ReceiptStoreSettings settings) =>
        ReceiptStore.Open(settings, TimeProvider.System, NullLogger.Instance);

    private static async Task AppendAsync(
        ReceiptStore store,
        InferenceEnvironment environment,
        int count,
        int atOnce,
        CancellationToken cancellation
    )
    {
        int left = count;
        await Task.WhenAll(
            Enumerable
                .Range(0, atOnce)
                .Select(async _ =>
                {
                    while (Interlocked.Decrement(ref left) >= 0)
                    {
                        TlogProof proof =
                            await store.AppendAsync(Create(environment), cancellation)
                            ?? throw new InvalidOperationException(store.Problem);
                        if (proof.ToString().Length == 0)
                            throw new InvalidOperationException();
                    }
                })
        );
    }

    /// <summary>A receipt as a chat of 16 tokens has it.</summary>
    private static NewReceipt Create(InferenceEnvironment environment)
    {
        ReceiptSalts salts = ReceiptSalts.Of(Salt.Create());
        Sha256Value digest = Sha256Value.Of(salts.Root!.Bytes);
        var tokens = new TokenBinding(digest, [16], digest);
        var statement = new ReceiptStatement
        {
            ReceiptId = salts.CreateId(TimeProvider.System.GetUtcNow()),
            IssuedAt = TimeProvider.System.GetUtcNow(),
            Complete = true,
            Class = environment.Class,
            RequestPath = "/v1/chat/completions",
            RequestCommitment = Commitment.To(SaltLabel.Request, digest, salts[SaltLabel.Request]!),
            OutputCommitment = Commitment.To(SaltLabel.Output, digest, salts[SaltLabel.Output]!),
            Delivery = AnswerDelivery.Json,
            Tokens = tokens,
            Prompt = tokens with { TrailDigest = null },
            EnvironmentId = environment.Id,
            EnvironmentSource = environment.Source,
            ModelName = "demo-chat-1m",
            ModelDigest = digest,
        };
        return new NewReceipt(statement, salts.Root!, "chatcmpl-" + statement.ReceiptId);
    }

    private static void Tell(FormattableString line) => Console.WriteLine(line.ToString(CultureInfo.InvariantCulture));
}
