namespace DeterministicInference.Server.Hosting;

/// <summary>
/// Facts of one request while it is answered: the steps of its path write them, the access log reads them. One per
/// request, a feature of its <see cref="HttpContext"/>.
/// </summary>
/// <param name="requestId">Id of the request in headers, errors and log lines.</param>
internal sealed class RequestFacts(string requestId)
{
    public string RequestId { get; } = requestId;

    /// <summary>Label of the client's API key; null where no key is required.</summary>
    public string? KeyLabel { get; set; }

    /// <summary>
    /// Whose the request's receipts are: a tag of the client's API key; null where no key is required, or receipts are
    /// off.
    /// </summary>
    public byte[]? ReceiptOwner { get; set; }

    /// <summary>Time in the queue; null where the request did not wait.</summary>
    public TimeSpan? QueueWait { get; set; }

    /// <summary>Time from sending the request to the engine's first byte; null where none came.</summary>
    public TimeSpan? FirstByte { get; set; }

    /// <summary>
    /// Tokens of the prompt: 0 where nothing is generated, null where the engine reports neither number nor ids.
    /// </summary>
    public long? PromptTokens { get; set; } = 0;

    /// <summary>
    /// Tokens of the answer: 0 where nothing is generated, null where the engine reports neither number nor ids.
    /// </summary>
    public long? CompletionTokens { get; set; } = 0;

    /// <summary>The seed that was drawn for the request; null where none was.</summary>
    public long? Seed { get; set; }

    /// <summary>
    /// The status to log where it differs from the one that was sent: the error's of an answer that broke off after its
    /// 200, or 499 where the client disconnected.
    /// </summary>
    public int? LoggedStatus { get; set; }

    /// <summary>The facts of a request.</summary>
    public static RequestFacts Of(HttpContext context) =>
        context.Features.Get<RequestFacts>()
        ?? throw new InvalidOperationException($"{nameof(RequestIdMiddleware)} has not run.");
}
