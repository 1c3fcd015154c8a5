using System.Net;

namespace DeterministicInference.Server.Verification;

/// <summary>The server that was asked gave no answer that counts: the message says why, in words that follow a colon.</summary>
internal sealed class NoAnswerException(string message) : Exception(message)
{
    /// <summary>What it answered instead; null if nothing came.</summary>
    public HttpStatusCode? Status { get; init; }
}
