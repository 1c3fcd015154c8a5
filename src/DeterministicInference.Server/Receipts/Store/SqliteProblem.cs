using Microsoft.Data.Sqlite;
using static SQLitePCL.raw;

namespace DeterministicInference.Server.Receipts.Store;

/// <summary>Describes SQLite's errors for operators (https://sqlite.org/rescode.html).</summary>
internal static class SqliteProblem
{
    /// <summary>Whether the file's content is damaged, as opposed to a failure of the disk or a lock.</summary>
    public static bool IsDamage(SqliteException error) =>
        error.SqliteErrorCode is SQLITE_CORRUPT or SQLITE_NOTADB or SQLITE_ERROR;

    public static string Describe(SqliteException error) =>
        error.SqliteErrorCode switch
        {
            SQLITE_FULL => "the disk is full",
            SQLITE_IOERR when error.SqliteExtendedErrorCode == SQLITE_IOERR_WRITE =>
                "a file can't be written: the disk has an error, or a limit on the size of files is reached",
            SQLITE_IOERR => $"the disk reports an error (SQLite error {error.SqliteExtendedErrorCode})",
            SQLITE_CORRUPT or SQLITE_NOTADB =>
                $"the database is damaged (SQLite error {error.SqliteExtendedErrorCode})",
            SQLITE_READONLY or SQLITE_PERM or SQLITE_CANTOPEN =>
                $"the database can't be opened or written (SQLite error {error.SqliteExtendedErrorCode})",
            SQLITE_BUSY or SQLITE_LOCKED => "another program has locked the database",
            _ => $"SQLite error {error.SqliteExtendedErrorCode}",
        };
}
