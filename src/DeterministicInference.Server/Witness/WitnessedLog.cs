using DeterministicInference.Receipts.Log;

namespace DeterministicInference.Server.Witness;

/// <summary>
/// One log that is witnessed: the checkpoint that was cosigned last, and the only writer of it. Checking the old size,
/// storing the new checkpoint and answering are one step: requests come one after the other.
/// </summary>
internal sealed partial class WitnessedLog : IDisposable
{
    private readonly IReadOnlyList<NoteKey> _keys;
    private readonly WitnessKeys _witness;
    private readonly WitnessFolder _folder;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly SemaphoreSlim _turn = new(1);
    private Checkpoint _last;
    private string? _note;

    private WitnessedLog(
        IReadOnlyList<NoteKey> keys,
        WitnessKeys witness,
        WitnessFolder folder,
        TimeProvider time,
        ILogger logger
    )
    {
        (_keys, _witness, _folder, _time, _logger) = (keys, witness, folder, time, logger);
        _last = new Checkpoint(Origin, 0, MerkleHash.Empty);
    }

    public string Origin => _keys[0].Name;

    /// <summary>The checkpoint that was cosigned last, with its cosignatures; null if none was.</summary>
    public string? Note => Volatile.Read(ref _note);

    /// <summary>Takes up the stored state of a log.</summary>
    /// <param name="keys">The log's keys, all of one origin.</param>
    /// <param name="witness">The witness's keys.</param>
    /// <param name="folder">Its folder.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Logger of refusals.</param>
    /// <exception cref="IOException">The state is damaged.</exception>
    public static WitnessedLog Open(
        IReadOnlyList<NoteKey> keys,
        WitnessKeys witness,
        WitnessFolder folder,
        TimeProvider time,
        ILogger logger
    )
    {
        var log = new WitnessedLog(keys, witness, folder, time, logger);
        if (folder.Read(log.Origin) is not { } note)
            return log;
        try
        {
            SignedNote signed = SignedNote.Parse(note);
            Checkpoint checkpoint = Checkpoint.Parse(signed.Text);
            // The log's own key may be another one by now; the cosignature shows that the witness has written it.
            if (checkpoint.Origin != log.Origin || witness.Cosigners[0].Key.CosignedAt(signed) is null)
                throw new LogFormatException("it is not what this witness has cosigned of this log");
            (log._last, log._note) = (checkpoint, note);
            return log;
        }
        catch (LogFormatException e)
        {
            throw new IOException(
                $"--data-dir: the state {folder.FileOf(log.Origin)} of the log '{log.Origin}' is damaged: "
                    + $"{e.Message.TrimEnd('.')}. Restore the newest copy, or begin a new witness in another "
                    + "--data-dir: with an older state it could cosign a second history."
            );
        }
    }

    /// <summary>Checks a checkpoint and cosigns it.</summary>
    /// <exception cref="OperationCanceledException">The wait was cancelled; nothing has changed.</exception>
    /// <exception cref="Exception">
    /// A failure in the sense of <see cref="Native.WriteFailure.Is"/>: the new state could not be stored. It may be on
    /// disk or not; no cosignature has left.
    /// </exception>
    public async Task<WitnessAnswer> AddAsync(AddCheckpointRequest request, CancellationToken cancellation)
    {
        // Nor with a false signature of one of several keys beside a true one.
        bool isSigned =
            _keys.Any(request.Note.IsSignedBy)
            && _keys
                .Where(key => request.Note.Signatures.Any(line => (line.Name, line.KeyId) == (key.Name, key.Id)))
                .All(request.Note.IsSignedBy);
        if (!isSigned)
        {
            Unsigned(Origin);
            return new WitnessAnswer.Refused(
                StatusCodes.Status403Forbidden,
                $"The checkpoint is not signed by a key of '{Origin}' that is known here, or has a false signature."
            );
        }
        await _turn.WaitAsync(cancellation);
        try
        {
            if (Check(request) is { } refusal)
                return refusal;
            IReadOnlyList<NoteSignature> signatures = _witness.Cosign(
                request.Note,
                _time.GetUtcNow().ToUnixTimeSeconds()
            );
            // Of the signatures that came along only the log's are known.
            string note = request
                .Note.Only(signature => _keys.Any(key => key.Name == signature.Name && key.Id == signature.KeyId))
                .With(signatures)
                .ToString();
            // Not cancelled: what is on disk and what is in memory stay the same. The pool's thread waits for the disk.
            await Task.Run(() => _folder.Write(Origin, note), CancellationToken.None);
            _last = request.Checkpoint;
            Volatile.Write(ref _note, note);
            return new WitnessAnswer.Cosigned(signatures);
        }
        finally
        {
            _turn.Release();
        }
    }

    public void Dispose() => _turn.Dispose();

    /// <summary>In the order of C2SP tlog-witness, add-checkpoint.</summary>
    private WitnessAnswer? Check(AddCheckpointRequest request)
    {
        Checkpoint checkpoint = request.Checkpoint;
        if (request.OldSize > checkpoint.Size)
        {
            return new WitnessAnswer.Refused(
                StatusCodes.Status400BadRequest,
                $"The old size {request.OldSize} is greater than the checkpoint's {checkpoint.Size}."
            );
        }
        if (request.OldSize != _last.Size)
        {
            if (checkpoint.Size < _last.Size)
                Smaller(Origin, checkpoint.Size, _last.Size);
            return new WitnessAnswer.Conflict(_last.Size);
        }
        if (checkpoint.Size == 0 && checkpoint.Root != MerkleHash.Empty)
            return Inconsistent("The root hash of an empty tree is the hash of nothing.", checkpoint);
        if (!MerkleProof.VerifyConsistency(_last.Size, _last.Root, checkpoint.Size, checkpoint.Root, request.Proof))
        {
            return Inconsistent(
                checkpoint.Size == _last.Size
                    ? $"Another checkpoint of {_last.Size} entries was cosigned, with another root hash."
                    : $"The proof does not show that the {_last.Size} entries that were cosigned are the first of "
                        + $"these {checkpoint.Size}.",
                checkpoint
            );
        }
        return null;
    }

    private WitnessAnswer.Refused Inconsistent(string reason, Checkpoint checkpoint)
    {
        Refused(Origin, checkpoint.Size, _last.Size, reason);
        return new WitnessAnswer.Refused(StatusCodes.Status422UnprocessableEntity, reason);
    }

    [LoggerMessage(LogLevel.Warning, "Log {Origin}: a checkpoint came without a signature of the log's")]
    private partial void Unsigned(string origin);

    [LoggerMessage(
        LogLevel.Warning,
        "Log {Origin}: a checkpoint of {Size} entries came after one of {Cosigned} was cosigned: the log may have been "
            + "set back"
    )]
    private partial void Smaller(string origin, long size, long cosigned);

    [LoggerMessage(
        LogLevel.Error,
        "Log {Origin}: a signed checkpoint of {Size} entries does not follow the one of {Cosigned} that was cosigned: "
            + "{Reason}"
    )]
    private partial void Refused(string origin, long size, long cosigned, string reason);
}
