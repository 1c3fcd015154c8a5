using DeterministicInference.Server.Gateway.Forwarding;
using DeterministicInference.Server.OpenAI;

namespace DeterministicInference.Server.Gateway.Answers;

/// <summary>Relays one answer of the engine to the client, in the requested delivery.</summary>
internal interface IAnswerRelay
{
    /// <summary>Whether the status was sent: later failures can only be reported within the answer.</summary>
    bool HasBegun { get; }

    /// <summary>
    /// Reads the answer to its end and relays everything that may be sent before the answer is sealed.
    /// </summary>
    /// <returns>False where the client stopped reading: its connection is closed.</returns>
    /// <exception cref="OpenAIException">The answer is an error, or it broke off; the client must be told.</exception>
    Task<bool> RelayAsync(EngineExchange exchange);

    /// <summary>Sends the rest: the bytes that complete the answer.</summary>
    /// <param name="exchange">The exchange that was relayed.</param>
    /// <param name="sealing">
    /// Completes once the receipt is on disk, with the <c>determinism</c> object for the client, or null where the
    /// answer carries none.
    /// </param>
    /// <returns>False where the client stopped reading: its connection is cut.</returns>
    /// <exception cref="OpenAIException">
    /// 503: the receipt can't be written, and <c>--on-receipt-failure refuse</c> is set.
    /// </exception>
    Task<bool> FinishAsync(EngineExchange exchange, Task<byte[]?> sealing);

    /// <summary>Reports a failure to a client to whom the status was sent.</summary>
    Task FailAsync(OpenAIException failure);
}
