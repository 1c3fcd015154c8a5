namespace DeterministicInference.Server.Gateway.Forwarding;

/// <summary>Counters of a TCP connection as the kernel reports them.</summary>
/// <param name="IsOpen">Whether neither side has closed or reset it.</param>
/// <param name="Acknowledged">Bytes that the other side has acknowledged; the handshake counts as one.</param>
/// <param name="Received">Bytes received from the other side; a close counts as one, a reset as none.</param>
internal readonly record struct TcpCounts(bool IsOpen, ulong Acknowledged, ulong Received);
