using DeterministicInference.Receipts.Bundles;
using DeterministicInference.Receipts.Canonical;

namespace DeterministicInference.Receipts.Verification;

/// <summary>
/// What somebody has who wants to verify an answer: the bytes as they were sent and received. Nothing of it is trusted.
/// </summary>
/// <param name="File">
/// What has the receipt: a JSON answer, a recorded stream, a receipt (<c>determinism</c> of an answer, or
/// <c>GET /v1/receipts/ID</c>), or a bundle. What it is, it says itself.
/// </param>
public sealed record ReceiptEvidence(ReadOnlyMemory<byte> File)
{
    /// <summary>The body of the request, where the file is no bundle that has it; an empty one is none.</summary>
    public ReadOnlyMemory<byte>? Request
    {
        get;
        // A null array becomes an empty memory.
        init => field = value is { IsEmpty: false } ? value : null;
    }

    /// <summary>The route that the request was sent to; null if it is not known, so that it is not compared.</summary>
    public string? RequestPath { get; init; }

    /// <summary>The body of the answer, where the file has none; an empty one is none.</summary>
    public ReadOnlyMemory<byte>? Response
    {
        get;
        init => field = value is { IsEmpty: false } ? value : null;
    }

    /// <summary>What messages call the file.</summary>
    public string Name { get; init; } = "the evidence";

    /// <summary>What the file is, where it was read already; its bytes are not needed then.</summary>
    internal ReceiptSource? Opened { get; init; }

    /// <summary>Whether only the verdict counts, so that no text of the answer is kept.</summary>
    internal bool IsForVerdict { get; init; }

    /// <exception cref="EvidenceException">The file is nothing that has a receipt.</exception>
    /// <exception cref="ReceiptFormatException">It is, but malformed.</exception>
    internal ReceiptSource Source() => Opened ?? ReceiptSource.Read(File, Name);

    /// <summary>Reads it beside the receipt.</summary>
    /// <param name="bundle">The receipt with its context.</param>
    /// <param name="isReplayed">Whether the answer is compared with another one.</param>
    /// <exception cref="EvidenceException">
    /// Request or answer is another one than the file has itself: one would be verified and the other shown.
    /// </exception>
    internal EvidenceReading Read(ReceiptBundle bundle, bool isReplayed)
    {
        ReadOnlyMemory<byte>? request = OneOf("request", Request, bundle.Request?.Body),
            response = OneOf("answer", Response, bundle.Response?.Body);
        if (RequestPath is not null && !CanonicalRequest.Paths.Contains(RequestPath))
            throw new EvidenceException(
                $"{Name}: the path of the request is none of {string.Join(", ", CanonicalRequest.Paths)}. Give what "
                    + "follows the server's address."
            );
        EvidenceShape.RequireModest(request, $"{Name}: the request");
        EvidenceShape.RequireModest(response, $"{Name}: the answer");
        AnswerKeeping keeping =
            isReplayed ? AnswerKeeping.All
            : IsForVerdict ? AnswerKeeping.Hashes
            : AnswerKeeping.Texts;
        EvidenceReading reading = EvidenceReader.Read(bundle, request, response, keeping);
        return reading with { RequestPath = RequestPath ?? reading.RequestPath };
    }

    private ReadOnlyMemory<byte>? OneOf(string what, ReadOnlyMemory<byte>? given, ReadOnlyMemory<byte>? own) =>
        given is { } bytes && own is { } inFile && !inFile.Span.SequenceEqual(bytes.Span)
            ? throw new EvidenceException(
                $"the {what} that is given is not the one that {Name} has itself. Leave it out, or give the receipt "
                    + "alone."
            )
            : given ?? own;
}
