namespace DeterministicInference.Server.Proxy;

/// <summary>The course of a TCP connection as the system sees it.</summary>
/// <param name="IsOpen">Whether neither side has closed or reset it.</param>
/// <param name="Acknowledged">Bytes that the other side's system has taken; the opening counts as one.</param>
/// <param name="Received">Bytes that came from the other side; its close counts as one, a reset as none.</param>
internal readonly record struct TcpCounts(bool IsOpen, ulong Acknowledged, ulong Received);
