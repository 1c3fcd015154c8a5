namespace DeterministicInference.Receipts.Output;

/// <summary>The canonical output of an answer.</summary>
/// <param name="Digest">SHA-256 of the manifest.</param>
/// <param name="Manifest">
/// <c>dis-out/1</c>: one line per channel of each choice with its length in bytes and its hash. It has no text, but
/// short texts can be guessed from it.
/// </param>
/// <param name="Choices">Number of choices.</param>
/// <param name="Finished">
/// There is a choice, the indexes are 0 … n−1, each has a finish reason other than <c>abort</c> and <c>error</c>, and
/// no error was reported. Whether the stream ended properly and was delivered is for the caller to know.
/// </param>
/// <param name="Logprobs"><c>dis-logprobs/1</c>, if it was asked for.</param>
public sealed record OutputDigest(
    Sha256Value Digest,
    string Manifest,
    int Choices,
    bool Finished,
    Sha256Value? Logprobs
)
{
    /// <summary>Name and version of the form.</summary>
    public const string Form = "dis-out/1";
}
