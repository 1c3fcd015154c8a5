using System.Net;

namespace DeterministicInference.Receipts.Servers;

/// <summary>
/// The server gave no usable answer: the message says why, and the remedy, in words that follow a colon, without a full
/// stop.
/// </summary>
internal sealed class NoAnswerException(string message) : Exception(message)
{
    /// <summary>The status of its answer; null if nothing came.</summary>
    public HttpStatusCode? Status { get; init; }

    /// <summary>
    /// Whether the server refuses the request for what it is. That it is busy, or wants a key, says nothing of the
    /// request.
    /// </summary>
    public bool IsRefusal =>
        Status
            is HttpStatusCode.BadRequest
                or HttpStatusCode.NotFound
                or HttpStatusCode.MethodNotAllowed
                or HttpStatusCode.RequestEntityTooLarge
                or HttpStatusCode.UnsupportedMediaType
                or HttpStatusCode.UnprocessableEntity;
}
