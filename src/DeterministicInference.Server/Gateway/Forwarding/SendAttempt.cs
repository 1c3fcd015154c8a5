namespace DeterministicInference.Server.Gateway.Forwarding;

/// <summary>One attempt to send a request: the connection, and the connection's counts before.</summary>
internal sealed class SendAttempt
{
    private static readonly AsyncLocal<SendAttempt?> InFlow = new();

    private EngineConnection? _connection;
    private TcpCounts? _before;

    /// <summary>The attempt to which writes of the current flow of control belong.</summary>
    public static SendAttempt? Current
    {
        get => InFlow.Value;
        set => InFlow.Value = value;
    }

    /// <summary>
    /// Whether a reused connection ended without the engine having received any byte of the request: it was closed
    /// before the first byte was sent, or only the engine's close arrived, which acknowledges everything received. Only
    /// then may the request be sent again. A reset proves nothing, as it acknowledges nothing.
    /// </summary>
    public bool WasNeverReceived =>
        _before is { Acknowledged: > 1 } before
        && _connection?.Counts is { } after
        && after.Acknowledged == before.Acknowledged
        && (!before.IsOpen || after.Received == before.Received + 1);

    /// <summary>Called before the request's first bytes are written.</summary>
    public void Begin(EngineConnection connection)
    {
        if (_connection is not null)
            return;
        _connection = connection;
        _before = connection.Counts;
    }
}
