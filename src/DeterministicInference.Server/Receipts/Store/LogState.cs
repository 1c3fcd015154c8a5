using DeterministicInference.Receipts.Log;
using Microsoft.Data.Sqlite;

namespace DeterministicInference.Server.Receipts.Store;

/// <summary>How far a log has come, by its checkpoint and the entries at its ends.</summary>
/// <param name="Key">Its name and key.</param>
/// <param name="Note">The signed checkpoint.</param>
/// <param name="Checkpoint">What it says.</param>
internal sealed record LogState(NoteKey Key, string Note, Checkpoint Checkpoint)
{
    /// <summary>The log that it follows; null if it follows none.</summary>
    public LogPredecessor? Predecessor { get; private init; }

    /// <summary>How it ended; null if it goes on.</summary>
    public LogEnd? End { get; private init; }

    /// <summary>Reads it within a snapshot of the caller.</summary>
    /// <exception cref="InvalidDataException">There is no checkpoint of this key; the message is a clause.</exception>
    public static LogState Read(SqliteConnection connection, NoteKey key)
    {
        if (connection.Scalar("SELECT note FROM checkpoint") is not string note)
            throw new InvalidDataException("the database has no checkpoint");
        try
        {
            Checkpoint checkpoint = Checkpoint.Verify(note, key);
            return new LogState(key, note, checkpoint)
            {
                Predecessor = LogEntry.TryParseAfter(LineAt(connection, 1), out LogPredecessor? before) ? before : null,
                End = LogEntry.TryParseClose(LineAt(connection, checkpoint.Size - 1), out LogEnd? end) ? end : null,
            };
        }
        catch (LogFormatException e)
        {
            throw new InvalidDataException($"the stored checkpoint is not this log's: {e.Message.TrimEnd('.')}", e);
        }
    }

    /// <summary>Checks that this log ended and that a given one follows it, as both say.</summary>
    /// <exception cref="InvalidDataException">They don't; the message is a clause.</exception>
    public void RequireFollowedBy(LogState next)
    {
        if (End is null)
            throw new InvalidDataException($"the log {Key.Name} has not ended, although {next.Key.Name} follows it");
        if (End.Next.ToString() != next.Key.ToString())
            throw new InvalidDataException(
                $"the log {Key.Name} names {End.Next} as the next one, and {next.Key} follows it"
            );
        if (next.Predecessor?.Is(Key, Checkpoint) != true)
            throw new InvalidDataException(
                $"the log {next.Key.Name} does not follow {Key.Name} as it ended, with {Checkpoint.Size} entries"
            );
    }

    private static byte[] LineAt(SqliteConnection connection, long index) =>
        connection.Scalar("SELECT line FROM entry WHERE idx = $1", index) as byte[] ?? [];
}
