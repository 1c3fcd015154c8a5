using Microsoft.Data.Sqlite;

namespace DeterministicInference.Server.Receipts;

/// <summary>The SQLite file of receipts and log: how it is opened, and its tables.</summary>
internal static class ReceiptDatabase
{
    /// <summary>Of the tables below; stored as <c>user_version</c>.</summary>
    public const int Version = 1;

    /// <summary>
    /// Entries and tiles are the log and stay for ever, as do environments. A receipt's row number is the index of its entry. Of a deleted receipt
    /// only hashes of its ids are kept, so that "deleted" can be told from "never issued" and nobody learns the ids from the file.
    /// </summary>
    private const string Tables =
        """
        CREATE TABLE entry (idx INTEGER PRIMARY KEY, line BLOB NOT NULL) STRICT;
        CREATE TABLE tile (level INTEGER NOT NULL, idx INTEGER NOT NULL, hashes BLOB NOT NULL, PRIMARY KEY (level, idx)) STRICT;
        CREATE TABLE checkpoint (id INTEGER PRIMARY KEY CHECK (id = 0), size INTEGER NOT NULL, note TEXT NOT NULL) STRICT;
        CREATE TABLE receipt (
            entry INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, response_id TEXT, issued_at INTEGER NOT NULL,
            payload BLOB NOT NULL, signature BLOB NOT NULL, salt BLOB NOT NULL, environment BLOB NOT NULL) STRICT;
        CREATE INDEX receipt_response ON receipt (response_id) WHERE response_id IS NOT NULL;
        CREATE INDEX receipt_issued ON receipt (issued_at);
        CREATE TABLE pruned (id_hash BLOB PRIMARY KEY) STRICT, WITHOUT ROWID;
        CREATE TABLE environment (id BLOB PRIMARY KEY, document BLOB NOT NULL) STRICT, WITHOUT ROWID;
        """;

    /// <summary>
    /// What makes a commit durable, each read back because SQLite passes over what it can't do. Deleted salts are overwritten (<c>secure_delete</c>).
    /// NORMAL instead of FULL could lose the last commits at power loss.
    /// </summary>
    private static readonly (string Name, string Value, string ReadsAs)[] Pragmas =
    [
        ("journal_mode", "WAL", "wal"), ("synchronous", "FULL", "2"), ("fullfsync", "1", "1"), ("checkpoint_fullfsync", "1", "1"), ("secure_delete", "1", "1"),
    ];

    /// <summary>The one connection that writes. The file is created where it is missing, without tables.</summary>
    /// <exception cref="ReceiptStoreException">The file system does not allow what the store needs.</exception>
    /// <exception cref="SqliteException">It is no database, or can't be opened.</exception>
    public static SqliteConnection OpenWriter(string path)
    {
        // SQLite gives its other files the mode of this one.
        if (!File.Exists(path)) new FileStream(path, DataDirectory.Options(FileMode.CreateNew)).Dispose();
        SqliteConnection connection = Open(path, SqliteOpenMode.ReadWrite);
        try
        {
            foreach ((string name, string value, string expected) in Pragmas)
            {
                connection.Execute($"PRAGMA {name} = {value}");
                string? actual = connection.Scalar($"PRAGMA {name}")?.ToString();
                if (actual == expected) continue;
                throw new ReceiptStoreException(
                    $"--data-dir: SQLite does not take {name}={value} for {path} (it stays {actual}). Give a --data-dir on a local disk, or --receipts off.");
            }
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>A connection that reads what is committed.</summary>
    public static SqliteConnection OpenReader(string path) => Open(path, SqliteOpenMode.ReadOnly);

    /// <summary>0 where there are no tables yet.</summary>
    public static long VersionOf(SqliteConnection connection) => (long)connection.Scalar("PRAGMA user_version")!;

    /// <summary>Creates the tables; within a transaction of the caller's.</summary>
    public static void CreateTables(SqliteConnection connection) => connection.Execute($"{Tables} PRAGMA user_version = {Version};");

    public static void Execute(this SqliteConnection connection, string sql)
    {
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    public static object? Scalar(this SqliteConnection connection, string sql, params object[] values)
    {
        using SqliteCommand command = connection.Query(sql, values);
        return command.ExecuteScalar();
    }

    /// <summary>A command whose parameters <c>$1</c>, <c>$2</c> … are the values.</summary>
    public static SqliteCommand Query(this SqliteConnection connection, string sql, params object[] values)
    {
        SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        for (int i = 0; i < values.Length; i++) command.Parameters.AddWithValue($"${i + 1}", values[i]);
        return command;
    }

    /// <summary>The stored hashes of a tile; empty if there is none.</summary>
    public static ReadOnlyMemory<byte> Tile(this SqliteConnection connection, int level, long index) =>
        connection.Scalar("SELECT hashes FROM tile WHERE level = $1 AND idx = $2", level, index) as byte[];

    private static SqliteConnection Open(string path, SqliteOpenMode mode)
    {
        // Pooling would keep the file open after Dispose. The timeout is how long a foreign program's lock is waited for, in seconds.
        var settings = new SqliteConnectionStringBuilder { DataSource = path, Mode = mode, Pooling = false, DefaultTimeout = 5 };
        var connection = new SqliteConnection(settings.ConnectionString);
        connection.Open();
        return connection;
    }
}
