using DeterministicInference.Receipts.Answers;
using DeterministicInference.Receipts.Canonical;
using DeterministicInference.Receipts.Output;

namespace DeterministicInference.Receipts.Tests.Output;

/// <summary>An answer that is read and hashed as it comes: reader and hasher as the product has them.</summary>
internal sealed class HashedAnswer(bool logprobs = false) : IDisposable
{
    private readonly OutputHasher _hasher = new(logprobs);
    private readonly AnswerReader _events = new(AnswerDelivery.Sse, logprobs: true);

    /// <summary>Adds a JSON answer.</summary>
    public void AppendAnswer(ReadOnlySpan<byte> json) =>
        _hasher.Append(new AnswerReader(AnswerDelivery.Json, logprobs: true).Read(CanonicalJson.WithoutMark(json)));

    /// <summary>Adds an event of a stream, but not the final <c>[DONE]</c>.</summary>
    public void AppendEvent(ReadOnlySpan<byte> json) => _hasher.Append(_events.Read(json));

    /// <summary>Adds all events of a recorded stream; true if it has its end.</summary>
    public bool AppendStream(ReadOnlySpan<byte> body)
    {
        var events = new RecordedEvents(body);
        while (events.Next(out ReadOnlySpan<byte> data))
            AppendEvent(data);
        return events.HasEnd;
    }

    public OutputDigest Finish() => _hasher.Finish();

    public void Dispose() => _hasher.Dispose();
}
