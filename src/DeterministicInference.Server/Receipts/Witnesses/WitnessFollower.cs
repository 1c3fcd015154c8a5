using System.Threading.Channels;
using DeterministicInference.Receipts.Log;

namespace DeterministicInference.Server.Receipts.Witnesses;

/// <summary>
/// Has one witness cosign each round, the newest one if several have come, and asks again after a failure until a newer
/// one comes. A slow witness delays no other.
/// </summary>
internal sealed partial class WitnessFollower : IAsyncDisposable
{
    /// <summary>The same problem is told again after this time.</summary>
    private static readonly TimeSpan Repetition = TimeSpan.FromMinutes(1);

    /// <summary>A witness chooses the text of its answers.</summary>
    private const int MaxKinds = 16;

    private readonly WitnessClient _client;
    private readonly string _log;
    private readonly WitnessSettings _settings;
    private readonly Action<WitnessReport> _report;
    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private readonly Channel<WitnessRound> _rounds = Channel.CreateBounded<WitnessRound>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true }
    );
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _running;
    private readonly Dictionary<string, long> _told = new(StringComparer.Ordinal);
    private volatile string? _problem;
    private bool _isTold;

    /// <param name="witness">The witness, which has an address.</param>
    /// <param name="client">Asks it; owned by this.</param>
    /// <param name="log">The log's name.</param>
    /// <param name="settings">Settings.</param>
    /// <param name="report">Takes what came of each attempt.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Logger of changes.</param>
    public WitnessFollower(
        PolicyWitness witness,
        WitnessClient client,
        string log,
        WitnessSettings settings,
        Action<WitnessReport> report,
        TimeProvider time,
        ILogger logger
    )
    {
        (Witness, _client, _log, _settings, _report) = (witness, client, log, settings, report);
        (_time, _logger) = (time, logger);
        _running = Task.Run(RunAsync);
    }

    public PolicyWitness Witness { get; }

    /// <summary>Entries that it has cosigned, as far as it is known.</summary>
    public long Size => _client.Size;

    /// <summary>Why it does not cosign; null while it does.</summary>
    public string? Problem => _problem;

    /// <summary>Takes a newer round in the place of one that has not begun.</summary>
    public void Follow(WitnessRound round) => _rounds.Writer.TryWrite(round);

    public async ValueTask DisposeAsync()
    {
        _rounds.Writer.TryComplete();
        await _stop.CancelAsync();
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _client.Dispose();
        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        TimeSpan delay = _settings.RetryDelay;
        await foreach (WitnessRound first in _rounds.Reader.ReadAllAsync(_stop.Token))
        {
            WitnessRound round = first;
            while (!await TryAsync(round))
            {
                // A newer round does not shorten it: those of a busy log come faster than a witness recovers.
                await Task.Delay(delay, _time, _stop.Token);
                delay = delay * 2 < _settings.RetryDelayMax ? delay * 2 : _settings.RetryDelayMax;
                if (_rounds.Reader.TryRead(out WitnessRound? newer))
                    round = newer;
            }
            delay = _settings.RetryDelay;
        }
    }

    /// <returns>Whether the witness is done with the round.</returns>
    private async Task<bool> TryAsync(WitnessRound round)
    {
        try
        {
            IReadOnlyList<NoteSignature> cosignatures = await _client.CosignAsync(round, _stop.Token);
            Works();
            _report(new WitnessReport(round, Witness, cosignatures));
            return true;
        }
        catch (WitnessFailureException e)
        {
            Fails(e.Message, e.Kind);
            _report(new WitnessReport(round, Witness, []) { IsOvertaken = e.IsOvertaken });
            return e.IsOvertaken;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // Any other: the witness is asked again, and the failure shows.
            Fails($"fails in an unexpected way: {e.GetType().Name}", e.GetType().Name);
            _report(new WitnessReport(round, Witness, []));
            return false;
        }
    }

    private void Works()
    {
        _problem = null;
        if (_isTold)
            Cosigns(Witness.Name, _log);
        _isTold = false;
    }

    /// <summary>Logs a failure, and not the same kind again within a minute.</summary>
    private void Fails(string problem, string kind)
    {
        _problem = problem;
        if (_told.TryGetValue(kind, out long last) && _time.GetElapsedTime(last) < Repetition)
            return;
        if (_told.Count >= MaxKinds)
            _told.Clear();
        _told[kind] = _time.GetTimestamp();
        _isTold = true;
        DoesNotCosign(Witness.Name, _log, problem);
    }

    [LoggerMessage(LogLevel.Warning, "The witness {Name} does not cosign the log {Log}: it {Problem}")]
    private partial void DoesNotCosign(string name, string log, string problem);

    [LoggerMessage(LogLevel.Information, "The witness {Name} cosigns the log {Log} again")]
    private partial void Cosigns(string name, string log);
}
