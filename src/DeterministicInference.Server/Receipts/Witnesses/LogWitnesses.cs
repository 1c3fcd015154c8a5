using System.Globalization;
using System.Threading.Channels;
using DeterministicInference.Receipts;
using DeterministicInference.Receipts.Log;
using DeterministicInference.Server.Native;
using DeterministicInference.Server.Receipts.Store;

namespace DeterministicInference.Server.Receipts.Witnesses;

/// <summary>
/// Has a log's newest checkpoint cosigned by the policy's witnesses. One checkpoint at a time is on its way to all of
/// them, so that their cosignatures meet on one; once it has a quorum it is stored and shown, and the newest one is
/// next. One task collects; commits of the log never wait for it. Thread-safe.
/// </summary>
internal sealed class LogWitnesses : IAsyncDisposable
{
    private static readonly TimeSpan WriteRetryDelay = TimeSpan.FromSeconds(1);

    private readonly OwnLog _log;
    private readonly WitnessSettings _settings;
    private readonly CosignedCheckpointFile _file;
    private readonly TimeProvider _time;
    private readonly ProblemState _waiting,
        _publishing;

    /// <summary>Null to look whether something is due.</summary>
    private readonly Channel<WitnessReport?> _inbox = Channel.CreateUnbounded<WitnessReport?>(
        new UnboundedChannelOptions { SingleReader = true }
    );
    private readonly WitnessFollower[] _followers;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _collecting;
    private volatile CosignedCheckpoint? _current;
    private volatile TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile WitnessRound? _round;
    private WitnessRound? _unpublished;
    private long _begun;
    private bool _isWoken,
        _isDelayed;

    /// <summary>Begins with the newest checkpoint.</summary>
    /// <param name="log">The log, which outlives this.</param>
    /// <param name="current">What is stored: <see cref="CosignedCheckpointFile.ReadAsync"/>.</param>
    /// <param name="settings">Settings without problems.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Logger of changes.</param>
    public LogWitnesses(
        OwnLog log,
        CosignedCheckpoint? current,
        WitnessSettings settings,
        TimeProvider time,
        ILogger logger
    )
    {
        (_log, _settings, _current, _time) = (log, settings, current, time);
        _file = new CosignedCheckpointFile(log);
        _waiting = new ProblemState("Witnessing receipts", logger);
        _publishing = new ProblemState("Storing the cosigned checkpoint", logger);
        _followers =
        [
            .. settings
                .Policy.Witnesses.Where(witness => witness.Url is not null)
                .Select(witness => new WitnessFollower(
                    witness,
                    new WitnessClient(witness, log, settings.Timeout, SizeOf(witness, current)),
                    log.Key.Name,
                    settings,
                    report => _inbox.Writer.TryWrite(report),
                    time,
                    logger
                )),
        ];
        _collecting = Task.Run(CollectAsync);
    }

    /// <summary>The newest checkpoint with a quorum; null if there is none yet.</summary>
    public CosignedCheckpoint? Current => _current;

    /// <summary>Why a checkpoint that has a quorum can't be stored; null while that works.</summary>
    public string? StoringProblem => _publishing.Problem;

    /// <summary>What works at present.</summary>
    public WitnessesState State
    {
        get
        {
            string? waiting = _waiting.Problem;
            long shown = _current?.Checkpoint.Size ?? 0;
            return new WitnessesState(
                _current?.Checkpoint.Size,
                waiting is null,
                waiting ?? StoringProblem,
                [
                    .. _followers.Select(follower => new WitnessState(
                        follower.Witness.Name,
                        follower.Size,
                        follower.Size < shown || follower.Problem is not null,
                        follower.Problem
                    )),
                ]
            );
        }
    }

    /// <summary>Says that the log has grown.</summary>
    public void Announce() => Wake();

    /// <summary>
    /// Waits until a checkpoint with a quorum covers an entry, and proves the entry under it.
    /// </summary>
    /// <param name="proof">The proof under the checkpoint of its commit.</param>
    /// <param name="leaf">The entry's leaf.</param>
    /// <param name="cancellation">Cancels the wait.</param>
    /// <returns>
    /// The proof; null if none came in time: the receipt is stored, and <see cref="State"/> says what is wrong.
    /// </returns>
    /// <exception cref="OperationCanceledException">The wait was cancelled.</exception>
    public async Task<TlogProof?> ProveAsync(TlogProof proof, Sha256Value leaf, CancellationToken cancellation)
    {
        using var limit = new CancellationTokenSource(_settings.Timeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, limit.Token);
        CosignedCheckpoint? cosigned = null;
        try
        {
            cosigned = await CoverAsync(proof.Index, either.Token);
            bool isOfCommit =
                Checkpoint.Parse(SignedNote.Parse(proof.Checkpoint).Text).Size == cosigned.Checkpoint.Size;
            var witnessed = new TlogProof(
                proof.Index,
                isOfCommit
                    ? proof.Hashes
                    : await _log.InclusionAsync(proof.Index, cosigned.Checkpoint.Size, either.Token),
                cosigned.Text
            );
            witnessed.VerifyInclusion(leaf, cosigned.Checkpoint);
            return witnessed;
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            // Only the proof came too late, of a reader that others use too.
            if (cosigned is not null)
                return null;
            _waiting.Report(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"no quorum of witnesses has cosigned within {_settings.Timeout.TotalSeconds:0.###} s"
                )
            );
            // It may have come at the same moment, and cleared what was not yet reported.
            if (_current?.Covers(proof.Index) == true)
                _waiting.Clear();
            return null;
        }
        catch (Exception e) when (e is ReceiptStoreException or InvalidDataException or LogFormatException)
        {
            // The store has reported what is wrong with it.
            return null;
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (WitnessFollower follower in _followers)
            await follower.DisposeAsync();
        _inbox.Writer.TryComplete();
        await _stop.CancelAsync();
        await _collecting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private async Task<CosignedCheckpoint> CoverAsync(long index, CancellationToken cancellation)
    {
        while (true)
        {
            Task changed = _changed.Task;
            if (_current is { } current && current.Covers(index))
                return current;
            await changed.WaitAsync(cancellation);
        }
    }

    private async Task CollectAsync()
    {
        Wake();
        await foreach (WitnessReport? report in _inbox.Reader.ReadAllAsync(_stop.Token))
        {
            try
            {
                await TakeAsync(report);
            }
            catch (Exception e)
            {
                // Any exception: the task goes on, or no checkpoint would be cosigned any more.
                _publishing.Report($"unexpected {e.GetType().Name}");
                WakeLater(_settings.RetryDelay);
            }
        }
    }

    private async Task TakeAsync(WitnessReport? report)
    {
        if (report is null)
            Volatile.Write(ref _isWoken, false);
        report?.Round.Take(report);
        // A round that gave way may have its quorum before its successor; a late cosignature completes what is shown.
        if (
            (report?.Round ?? _unpublished ?? _round) is { HasQuorum: true } round
            && !ReferenceEquals(_current?.Note, round.Note)
            && (_current is null || _current.Checkpoint.Size <= round.Checkpoint.Size)
        )
            await PublishAsync(round);
        Begin();
    }

    /// <summary>
    /// Begins a round with the newest checkpoint, once the round before it is shown, or can't have its quorum any more.
    /// </summary>
    private void Begin()
    {
        if (Volatile.Read(ref _isDelayed))
            return;
        if (
            _round is not null
            && !ReferenceEquals(_current?.Note, _round.Note)
            && !_round.IsOver(_followers.Select(follower => follower.Witness))
        )
            return;
        SignedNote note = _log.Checkpoint;
        Checkpoint checkpoint = Checkpoint.Parse(note.Text);
        if (_round is not null && checkpoint.Size <= _round.Checkpoint.Size)
            return;
        TimeSpan early =
            _settings.Waits || _round is null ? TimeSpan.Zero : _settings.Interval - _time.GetElapsedTime(_begun);
        if (early > TimeSpan.Zero)
        {
            WakeLater(early);
            return;
        }
        _begun = _time.GetTimestamp();
        // After a restart the newest one may have cosignatures already.
        if (_current is { } current && current.Checkpoint == checkpoint)
            note = note.With(current.Note.Signatures);
        var round = new WitnessRound(note, checkpoint, _settings.Policy);
        _round = round;
        foreach (WitnessFollower follower in _followers)
            follower.Follow(round);
        // A policy may need no witness.
        if (round.HasQuorum)
            Wake();
    }

    private async Task PublishAsync(WitnessRound round)
    {
        var cosigned = new CosignedCheckpoint(round.Note, round.Checkpoint);
        // What has taken its place may be another log.
        if (!_log.IsInPlace)
        {
            _publishing.Report($"{ReceiptDirectory.Gone}; restart the server");
            return;
        }
        try
        {
            // What is shown once is shown after a restart too.
            await Task.Run(() => _file.Write(cosigned), CancellationToken.None);
            _publishing.Clear();
        }
        catch (Exception e) when (WriteFailure.Is(e))
        {
            _publishing.Report($"the file {_log.Folder.CosignedCheckpointFile} can't be written");
            _unpublished = round;
            WakeLater(WriteRetryDelay);
            return;
        }
        _unpublished = null;
        _current = cosigned;
        _waiting.Clear();
        TaskCompletionSource changed = _changed;
        _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        changed.SetResult();
    }

    /// <summary>At most one message that something may be due is under way.</summary>
    private void Wake()
    {
        if (!Interlocked.Exchange(ref _isWoken, true))
            _inbox.Writer.TryWrite(null);
    }

    private void WakeLater(TimeSpan delay)
    {
        if (!Interlocked.Exchange(ref _isDelayed, true))
            _ = WakeAsync(delay);
    }

    private async Task WakeAsync(TimeSpan delay)
    {
        await Task.Delay(delay, _time, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Volatile.Write(ref _isDelayed, false);
        Wake();
    }

    private static long SizeOf(PolicyWitness witness, CosignedCheckpoint? current) =>
        current is not null && witness.Key.CosignedAt(current.Note) is not null ? current.Checkpoint.Size : 0;
}
