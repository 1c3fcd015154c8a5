using System.Text.Json;
using DeterministicInference.Server.Determinism;
using DeterministicInference.Server.OpenAI;
using DeterministicInference.Server.Receipts;

namespace DeterministicInference.Server.Proxy;

/// <summary>What happens to one answer on its way to the client.</summary>
/// <param name="HidesTokenIds">Whether token ids are taken out, because only this server asked for them.</param>
/// <param name="Ids">What takes the place of the answer's own identifiers; null leaves them.</param>
/// <param name="Seal">Writes the answer's receipt; null where there is none.</param>
internal sealed record AnswerPlan(bool HidesTokenIds, StableIds? Ids, AnswerSeal? Seal)
{
    /// <summary>Reads an answer or an event and takes it into the receipt.</summary>
    /// <exception cref="OpenAIException">It is an error, or broken.</exception>
    public void Observe(AnswerScan scan, ReadOnlyMemory<byte> json, string what)
    {
        try
        {
            if (scan.Read(json) is { } failure) throw failure;
        }
        catch (JsonException)
        {
            throw BackendFailures.BadAnswer(what);
        }
        if (Seal is null) return;
        Seal.AnswerId ??= scan.AnswerId;
        // What was generated is bound as the client gets it.
        Seal.Append(scan.ChangesOutput ? JsonSplice.Apply(json.Span, scan.Edits) : json.Span);
    }
}
