using System.Net;

namespace DeterministicInference.Server.Verification;

/// <summary>The server gave no usable answer: the message says why, in words that follow a colon.</summary>
internal sealed class NoAnswerException(string message) : Exception(message)
{
    /// <summary>The status of its answer; null if nothing came.</summary>
    public HttpStatusCode? Status { get; init; }
}
