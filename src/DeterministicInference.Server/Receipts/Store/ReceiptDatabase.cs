using System.Buffers;
using DeterministicInference.Receipts;
using DeterministicInference.Receipts.Log;
using Microsoft.Data.Sqlite;
using static SQLitePCL.raw;

namespace DeterministicInference.Server.Receipts.Store;

/// <summary>The SQLite file of receipts and log: connections and tables.</summary>
internal static class ReceiptDatabase
{
    /// <summary>
    /// Version of the tables below; stored as <c>user_version</c>. Version 1 signed each receipt, version 2 did not
    /// tell whose they are.
    /// </summary>
    public const int Version = 3;

    private const int WithoutOwners = 2;

    /// <summary>
    /// Entries and tiles form the log and are permanent, as are environments. An entry has the digest of a receipt's
    /// statement, or the whole line of another kind. Tiles of leaf hashes are stored once they are full; until then
    /// they follow from the entries. Of a deleted receipt only hashes are kept: of its id, so that "deleted" and "never
    /// issued" can be told apart without revealing the id, and of id and owner. <c>auto_vacuum</c> must be set before
    /// the first table.
    /// </summary>
    private const string Tables = """
        CREATE TABLE entry (
            idx INTEGER PRIMARY KEY, digest BLOB, line BLOB, CHECK ((digest IS NULL) <> (line IS NULL))) STRICT;
        CREATE TABLE tile (
            level INTEGER NOT NULL, idx INTEGER NOT NULL, hashes BLOB NOT NULL, PRIMARY KEY (level, idx)) STRICT;
        CREATE TABLE checkpoint (
            id INTEGER PRIMARY KEY CHECK (id = 0), size INTEGER NOT NULL, note TEXT NOT NULL) STRICT;
        CREATE TABLE receipt (
            entry INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, response_id TEXT, issued_at INTEGER NOT NULL,
            statement BLOB NOT NULL, salt BLOB NOT NULL, owner BLOB) STRICT;
        CREATE INDEX receipt_issued ON receipt (issued_at);
        CREATE TABLE pruned (entry INTEGER PRIMARY KEY, id_hash BLOB NOT NULL, owner_hash BLOB) STRICT;
        CREATE INDEX pruned_id ON pruned (id_hash);
        CREATE TABLE environment (
            id BLOB NOT NULL, source TEXT NOT NULL, document BLOB NOT NULL, PRIMARY KEY (id, source)) STRICT;
        """;

    /// <summary>Makes the tables of version 2 those above. Their receipts have no owner.</summary>
    private const string Owners = """
        ALTER TABLE receipt ADD COLUMN owner BLOB;
        ALTER TABLE pruned ADD COLUMN owner_hash BLOB;
        """;

    /// <summary>
    /// Settings that make a commit durable. Each is read back, as SQLite ignores a pragma that it can't apply
    /// (https://sqlite.org/pragma.html). Deleted salts are overwritten (<c>secure_delete</c>). <c>synchronous</c>
    /// NORMAL instead of FULL could lose the last commits at power loss.
    /// </summary>
    private static readonly (string Name, string Value, string ReadsAs)[] Pragmas =
    [
        ("auto_vacuum", "INCREMENTAL", "2"),
        ("journal_mode", "WAL", "wal"),
        ("synchronous", "FULL", "2"),
        ("fullfsync", "1", "1"),
        ("checkpoint_fullfsync", "1", "1"),
        ("secure_delete", "1", "1"),
    ];

    /// <summary>Opens the only writing connection. A missing file is created without tables.</summary>
    /// <exception cref="ReceiptStoreException">The file system does not support what the store needs.</exception>
    /// <exception cref="SqliteException">The file is not a database, or can't be opened.</exception>
    public static SqliteConnection OpenWriter(string path)
    {
        // SQLite creates its -wal and -shm files with the mode of this file.
        if (!File.Exists(path))
            new FileStream(path, ReceiptDirectory.Options(FileMode.CreateNew)).Dispose();
        SqliteConnection connection = Open(path, SqliteOpenMode.ReadWrite);
        try
        {
            foreach ((string name, string value, string expected) in Pragmas)
            {
                connection.Execute($"PRAGMA {name} = {value}");
                string? actual = connection.Scalar($"PRAGMA {name}")?.ToString();
                if (actual == expected)
                    continue;
                throw new ReceiptStoreException(
                    $"--data-dir: SQLite does not accept {name}={value} for {path} (it stays {actual}). Give a "
                        + "--data-dir on a local disk, or --receipts off."
                );
            }
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>Opens a connection that reads committed data.</summary>
    public static SqliteConnection OpenReader(string path) => Open(path, SqliteOpenMode.ReadOnly);

    /// <summary>The version of the tables; 0 if there are none yet.</summary>
    public static long VersionOf(SqliteConnection connection) => (long)connection.Scalar("PRAGMA user_version")!;

    /// <summary>Whether tables of a version can be read, and brought to this one.</summary>
    public static bool IsKnown(long version) => version is WithoutOwners or Version;

    /// <summary>Brings tables of a known version to this one, within a transaction of the caller.</summary>
    public static void Migrate(SqliteConnection connection)
    {
        if (VersionOf(connection) == WithoutOwners)
            connection.Execute($"{Owners} PRAGMA user_version = {Version};");
    }

    /// <summary>Creates the tables, within a transaction of the caller.</summary>
    public static void CreateTables(SqliteConnection connection) =>
        connection.Execute($"{Tables} PRAGMA user_version = {Version};");

    public static void Execute(this SqliteConnection connection, string sql)
    {
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    /// <summary>Commits what is written, or nothing.</summary>
    public static void InTransaction(this SqliteConnection connection, Action write)
    {
        connection.Execute("BEGIN IMMEDIATE");
        try
        {
            write();
            connection.Execute("COMMIT");
        }
        catch
        {
            // After some errors, such as a full disk, SQLite has already rolled back
            // (https://sqlite.org/lang_transaction.html).
            if (sqlite3_get_autocommit(connection.Handle) == 0)
                connection.Execute("ROLLBACK");
            throw;
        }
    }

    public static object? Scalar(this SqliteConnection connection, string sql, params object[] values)
    {
        using SqliteCommand command = connection.Query(sql, values);
        return command.ExecuteScalar();
    }

    /// <summary>Creates a command with the parameters <c>$1</c>, <c>$2</c> …</summary>
    public static SqliteCommand Query(this SqliteConnection connection, string sql, params object[] values)
    {
        SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        for (int i = 0; i < values.Length; i++)
            command.Parameters.AddWithValue($"${i + 1}", values[i]);
        return command;
    }

    /// <summary>
    /// The hashes of a tile that the log has; empty if there is none. Those of the last leaves follow from the entries.
    /// </summary>
    public static ReadOnlyMemory<byte> Tile(this SqliteConnection connection, int level, long index) =>
        connection.StoredTile(level, index) is { IsEmpty: false } stored ? stored
        : level == 0 ? connection.LeafHashes(index)
        : default;

    /// <summary>The stored hashes of a tile; empty if there are none.</summary>
    public static ReadOnlyMemory<byte> StoredTile(this SqliteConnection connection, int level, long index) =>
        connection.Scalar("SELECT hashes FROM tile WHERE level = $1 AND idx = $2", level, index) as byte[];

    /// <summary>The line of an entry, from the columns <c>digest</c> and <c>line</c>.</summary>
    public static ReadOnlyMemory<byte> Line(object digest, object line) =>
        line as byte[]
        ?? (
            digest is byte[] { Length: Sha256Value.Size } hash
                ? LogEntry.Receipt(new Sha256Value(hash)).Bytes
                : throw new InvalidDataException("an entry has neither a digest nor a line")
        );

    /// <summary>Whether any of the newest receipts has an owner.</summary>
    public static bool HasOwners(this SqliteConnection connection) =>
        connection.Scalar("SELECT max(owner) FROM (SELECT owner FROM receipt ORDER BY entry DESC LIMIT 1000)")
        is byte[];

    private static ReadOnlyMemory<byte> LeafHashes(this SqliteConnection connection, long tile)
    {
        var hashes = new ArrayBufferWriter<byte>();
        using SqliteCommand entries = connection.Query(
            "SELECT digest, line, idx FROM entry WHERE idx >= $1 AND idx < $2 ORDER BY idx",
            tile * TilePath.FullWidth,
            (tile + 1) * TilePath.FullWidth
        );
        using SqliteDataReader reader = entries.ExecuteReader();
        for (long index = tile * TilePath.FullWidth; reader.Read(); index++)
        {
            if (reader.GetInt64(2) != index)
                throw new InvalidDataException($"entry {index} is missing");
            MerkleHash.Leaf(Line(reader[0], reader[1]).Span).CopyTo(hashes.GetSpan(Sha256Value.Size));
            hashes.Advance(Sha256Value.Size);
        }
        return hashes.WrittenMemory;
    }

    private static SqliteConnection Open(string path, SqliteOpenMode mode)
    {
        // Pooling would keep the file open after Dispose. The timeout, in seconds, is how long to wait for another
        // program's lock.
        var settings = new SqliteConnectionStringBuilder
        {
            DataSource = path,
            Mode = mode,
            Pooling = false,
            DefaultTimeout = 5,
        };
        var connection = new SqliteConnection(settings.ConnectionString);
        connection.Open();
        return connection;
    }
}
