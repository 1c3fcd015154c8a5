using System.Collections.Concurrent;
using DeterministicInference.Receipts;
using DeterministicInference.Receipts.Answers;
using DeterministicInference.Receipts.Environments;
using DeterministicInference.Receipts.Statements;
using DeterministicInference.Server.Receipts.Store;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace DeterministicInference.Server.Tests.Receipts.Store;

/// <summary>A folder for a store of receipts, deleted after the test, and receipts for it.</summary>
internal sealed class StoreFolder : ILogger, IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("receipts-").FullName;
    private readonly ConcurrentQueue<string> _warnings = [],
        _notes = [];

    /// <summary>Does not exist until a store is opened.</summary>
    public string Path => System.IO.Path.Combine(_root, "data");

    public string Database => System.IO.Path.Combine(Path, "receipts.db");

    public string CheckpointFile => System.IO.Path.Combine(Path, "checkpoint");

    public string KeyFile => System.IO.Path.Combine(Path, "signing-key.pem");

    public FakeTimeProvider Clock { get; } = new(new DateTimeOffset(2026, 11, 22, 10, 11, 12, TimeSpan.Zero));

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
        NewReceipt[] receipts = [.. Enumerable.Range(0, count).Select(_ => Issue(store))];
        long?[] indexes = await Task.WhenAll(
            receipts.Select(receipt => store.AppendAsync(receipt, Xunit.TestContext.Current.CancellationToken))
        );
        Xunit.Assert.DoesNotContain(null, indexes);
        return receipts;
    }

    public NewReceipt Issue(ReceiptStore store)
    {
        Salt salt = Salt.Create();
        Sha256Value digest = Sha256Value.Of(salt.Bytes);
        var statement = new ReceiptStatement
        {
            ReceiptId = ReceiptStatement.CreateId(),
            IssuedAt = Clock.GetUtcNow(),
            Complete = true,
            Class = DeterminismClass.Deterministic,
            RequestPath = "/v1/chat/completions",
            RequestCommitment = Commitment.ToRequest(digest, salt),
            OutputCommitment = Commitment.ToOutput(digest, salt),
            Delivery = AnswerDelivery.Sse,
            EnvironmentId = digest,
            EnvironmentSource = FactSource.Measured,
            ModelName = "tiny",
        };
        return NewReceipt.Of(
            Receipt.Issue(statement, salt, null, store.Key),
            statement,
            "chatcmpl-" + statement.ReceiptId
        );
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
        Directory.CreateDirectory(folder);
        foreach (
            string file in Directory.GetFiles(Path).Where(file => !file.EndsWith("lock", StringComparison.Ordinal))
        )
        {
            File.Copy(file, System.IO.Path.Combine(folder, System.IO.Path.GetFileName(file)), overwrite: true);
        }
    }

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
