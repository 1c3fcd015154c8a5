using Microsoft.Data.Sqlite;
using static SQLitePCL.raw;

namespace DeterministicInference.Server.Receipts;

/// <summary>SQLite's errors in words for the operator.</summary>
internal static class SqliteProblem
{
    /// <summary>What is in the file is wrong, as opposed to what the disk or another program does.</summary>
    public static bool IsDamage(SqliteException error) => error.SqliteErrorCode is SQLITE_CORRUPT or SQLITE_NOTADB or SQLITE_ERROR;

    public static string Describe(SqliteException error) => error.SqliteErrorCode switch
    {
        SQLITE_FULL => "the disk is full",
        SQLITE_IOERR => $"the disk reports an error (SQLite error {error.SqliteExtendedErrorCode})",
        SQLITE_CORRUPT or SQLITE_NOTADB => $"the database is damaged (SQLite error {error.SqliteExtendedErrorCode})",
        SQLITE_READONLY or SQLITE_PERM or SQLITE_CANTOPEN => $"the database can't be opened or written (SQLite error {error.SqliteExtendedErrorCode})",
        SQLITE_BUSY or SQLITE_LOCKED => "another program has locked the database",
        _ => $"SQLite error {error.SqliteExtendedErrorCode}",
    };
}
