namespace DeterministicInference.Server.Proxy;

/// <summary>One sending of a request: on which connection, and what was on it before.</summary>
internal sealed class SendAttempt
{
    private static readonly AsyncLocal<SendAttempt?> InFlow = new();

    private EngineConnection? _connection;
    private TcpCounts? _before;

    /// <summary>The one to which what is written in this flow of control belongs.</summary>
    public static SendAttempt? Current
    {
        get => InFlow.Value;
        set => InFlow.Value = value;
    }

    /// <summary>
    /// Whether a used connection ended without the engine having received any byte of the request: it was closed before the first one
    /// left, or its close is all that came, and a close acknowledges what was received. Only then the request may be sent again. A
    /// reset proves nothing: it acknowledges nothing.
    /// </summary>
    public bool WasNeverReceived =>
        _before is { Acknowledged: > 1 } before && _connection?.Counts is { } after && after.Acknowledged == before.Acknowledged
        && (!before.IsOpen || after.Received == before.Received + 1);

    /// <summary>The request's first bytes are about to be written.</summary>
    public void Begin(EngineConnection connection)
    {
        if (_connection is not null) return;
        _connection = connection;
        _before = connection.Counts;
    }
}
