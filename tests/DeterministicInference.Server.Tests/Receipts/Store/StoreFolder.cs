using System.Collections.Concurrent;
using DeterministicInference.Receipts;
using DeterministicInference.Receipts.Answers;
using DeterministicInference.Receipts.Environments;
using DeterministicInference.Receipts.Log;
using DeterministicInference.Receipts.Statements;
using DeterministicInference.Server.Receipts.Store;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;

namespace DeterministicInference.Server.Tests.Receipts.Store;

/// <summary>A folder for a store of receipts, deleted after the test, and receipts for it.</summary>
internal sealed class StoreFolder : ILogger, IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("receipts-").FullName;
    private readonly ConcurrentQueue<string> _warnings = [],
        _notes = [];

    /// <summary>Does not exist until a store is opened.</summary>
    public string Path => System.IO.Path.Combine(_root, "data");

    /// <summary>The folder of the first log in it.</summary>
    public string LogPath => System.IO.Path.Combine(Path, "log-1");

    public string Database => System.IO.Path.Combine(LogPath, "receipts.db");

    public string CheckpointFile => System.IO.Path.Combine(LogPath, "checkpoint");

    public string KeyFile => System.IO.Path.Combine(LogPath, "signing-key.pem");

    public AdjustableClock Clock { get; } = new(new DateTimeOffset(2026, 11, 22, 10, 11, 12, TimeSpan.Zero));

    public InferenceEnvironment Environment { get; } =
        new([new("engine.name", new EnvironmentFact("embedded", FactSource.Measured))], []);

    /// <summary>Warnings and errors.</summary>
    public IReadOnlyCollection<string> Warnings => _warnings;

    /// <summary>What else was logged.</summary>
    public IReadOnlyCollection<string> Notes => _notes;

    public string NewKeyFile => KeyFile + ".new";

    public ReceiptStore Open() => Open(settings => settings);

    public ReceiptStore Open(Func<ReceiptStoreSettings, ReceiptStoreSettings> change) =>
        ReceiptStore.Open(change(new ReceiptStoreSettings(Path)), Clock, this);

    public string Refusal() => Xunit.Assert.Throws<ReceiptStoreException>(Open).Message;

    /// <summary>A store with so many receipts, closed again.</summary>
    public async Task<IReadOnlyList<NewReceipt>> FillAsync(int count)
    {
        await using ReceiptStore store = Open();
        return await AppendAsync(store, count);
    }

    public async Task<IReadOnlyList<NewReceipt>> AppendAsync(ReceiptStore store, int count)
    {
        Task<bool> environment = store.PutEnvironmentAsync(Environment, Xunit.TestContext.Current.CancellationToken);
        NewReceipt[] receipts = [.. Enumerable.Range(0, count).Select(_ => Issue())];
        TlogProof?[] proofs = await Task.WhenAll(
            receipts.Select(receipt => store.AppendAsync(receipt, Xunit.TestContext.Current.CancellationToken))
        );
        Xunit.Assert.True(await environment);
        Xunit.Assert.All(proofs, Xunit.Assert.NotNull);
        return receipts;
    }

    /// <summary>Checks every row, also while a store writes.</summary>
    public async Task CheckAsync()
    {
        using ReceiptArchive archive = ReceiptArchive.Open(Path);
        await archive.CheckAsync(Xunit.TestContext.Current.CancellationToken);
    }

    /// <summary>Requires of checkpoints that were given out that they are the first log's as it is now.</summary>
    public void RequireConsistent(IEnumerable<string> checkpoints)
    {
        using LogArchive log = LogArchive.Open(LogFolder.Of(Path, 1));
        using SqliteConnection connection = Connect();
        foreach (string note in checkpoints.Distinct())
        {
            Checkpoint given = Checkpoint.Verify(note, log.Key);
            Xunit.Assert.Equal(given.Root, MerkleProof.Root(given.Size, connection.Tile));
        }
    }

    public async Task<IReadOnlyList<StoredReceipt>> ListAsync(int limit)
    {
        using ReceiptArchive archive = ReceiptArchive.Open(Path);
        return await archive.ListAsync(limit, Xunit.TestContext.Current.CancellationToken);
    }

    public NewReceipt Issue(byte[]? owner = null)
    {
        ReceiptSalts salts = ReceiptSalts.Of(Salt.Create());
        Sha256Value digest = Sha256Value.Of(salts.Root!.Bytes);
        var statement = new ReceiptStatement
        {
            ReceiptId = salts.CreateId(Clock.GetUtcNow()),
            IssuedAt = Clock.GetUtcNow(),
            Complete = true,
            Class = DeterminismClass.Deterministic,
            RequestPath = "/v1/chat/completions",
            RequestCommitment = Commitment.To(SaltLabel.Request, digest, salts[SaltLabel.Request]!),
            OutputCommitment = Commitment.To(SaltLabel.Output, digest, salts[SaltLabel.Output]!),
            Delivery = AnswerDelivery.Sse,
            EnvironmentId = Environment.Id,
            EnvironmentSource = FactSource.Measured,
            ModelName = "tiny",
        };
        return new NewReceipt(statement, salts.Root!, "chatcmpl-" + statement.ReceiptId) { Owner = owner };
    }

    /// <summary>Changes the database, as an attacker without the key could.</summary>
    public void Tamper(string sql)
    {
        using SqliteConnection connection = Connect();
        connection.Execute(sql);
    }

    /// <summary>A connection of a foreign program.</summary>
    public SqliteConnection Connect()
    {
        var connection = new SqliteConnection($"Data Source={Database};Pooling=False");
        connection.Open();
        return connection;
    }

    /// <summary>Copies key, log and checkpoint in their present state.</summary>
    public void CopyTo(string folder)
    {
        string log = System.IO.Path.Combine(folder, "log-1");
        Directory.CreateDirectory(log);
        foreach (string file in Directory.GetFiles(LogPath))
            File.Copy(file, System.IO.Path.Combine(log, System.IO.Path.GetFileName(file)), overwrite: true);
    }

    /// <summary>A path in the store's folder.</summary>
    public string In(string name) => System.IO.Path.Combine(Path, name);

    /// <summary>A path beside the store's folder.</summary>
    public string Beside(string name) => System.IO.Path.Combine(_root, name);

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(
        LogLevel logLevel,
        EventId eventId,
        TState state,
        Exception? exception,
        Func<TState, Exception?, string> formatter
    )
    {
        (logLevel >= LogLevel.Warning ? _warnings : _notes).Enqueue(formatter(state, exception));
    }

    public void Dispose() => Directory.Delete(_root, recursive: true);
}
