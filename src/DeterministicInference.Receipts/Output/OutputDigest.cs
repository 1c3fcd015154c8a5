using System.Text;

namespace DeterministicInference.Receipts.Output;

/// <summary>The canonical output of an answer.</summary>
/// <param name="Digest">SHA-256 of the manifest.</param>
/// <param name="Lines">The manifest in ASCII.</param>
/// <param name="Choices">Number of choices.</param>
/// <param name="Finished">
/// There is a choice, the indexes are 0 … n−1, each has a finish reason other than <c>abort</c> and <c>error</c>, and
/// no error was reported. Whether the stream ended properly and was delivered is for the caller to know.
/// </param>
/// <param name="Logprobs"><c>dis-logprobs/2</c>, if there are any or they were asked for.</param>
internal sealed record OutputDigest(
    Sha256Value Digest,
    ReadOnlyMemory<byte> Lines,
    int Choices,
    bool Finished,
    Sha256Value? Logprobs
)
{
    /// <summary>Name and version of the form.</summary>
    public const string Form = "dis-out/2";

    /// <summary>
    /// <c>dis-out/2</c>: one line per channel of each choice with its length in bytes and its hash. It has no text, but
    /// short texts can be guessed from it.
    /// </summary>
    public string Manifest => Encoding.ASCII.GetString(Lines.Span);

    /// <summary>
    /// <c>dis-extras/1</c>: the members of choices, messages and tool calls that are not read; null where there are
    /// none.
    /// </summary>
    public Sha256Value? Extras { get; init; }

    /// <summary>The model that the answer names; null for none.</summary>
    public string? Model { get; init; }

    /// <summary>The tokens that the answer says it has; null where it says nothing.</summary>
    public AnswerUsage? Usage { get; init; }

    /// <summary>Whether both are of the same output.</summary>
    public bool Equals(OutputDigest? other) =>
        other is not null
        && (Digest, Finished, Logprobs, Extras, Model, Usage)
            == (other.Digest, other.Finished, other.Logprobs, other.Extras, other.Model, other.Usage);

    /// <inheritdoc/>
    public override int GetHashCode() => Digest.GetHashCode();
}

/// <summary>How many tokens an answer says that it has: the last numbers of its <c>usage</c>.</summary>
/// <param name="Prompt"><c>prompt_tokens</c>.</param>
/// <param name="Completion"><c>completion_tokens</c>.</param>
/// <param name="Total"><c>total_tokens</c>.</param>
internal sealed record AnswerUsage(long? Prompt = null, long? Completion = null, long? Total = null);
