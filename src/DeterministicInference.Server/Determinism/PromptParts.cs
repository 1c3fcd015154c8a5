using System.Globalization;
using System.Text;
using DeterministicInference.Receipts.Json;

namespace DeterministicInference.Server.Determinism;

/// <summary>
/// A completion of several prompts as the engine gets it: a request for each prompt, which is written when it is sent.
/// </summary>
/// <param name="template">The request without its prompts.</param>
/// <param name="prompts">The prompts, as JSON.</param>
internal sealed class PromptParts(ReadOnlyMemory<byte> template, IReadOnlyList<ReadOnlyMemory<byte>> prompts)
{
    /// <summary>Number of prompts, at least 2.</summary>
    public int Count => prompts.Count;

    /// <summary>The seeds of the prompts; null leaves all of them the request's.</summary>
    public PromptSeeds? Seeds { get; init; }

    /// <summary>The request for a prompt.</summary>
    /// <param name="prompt">Index of the prompt.</param>
    public byte[] Request(int prompt)
    {
        ReadOnlySpan<byte> json = template.Span;
        if (Seeds is { } seeds)
        {
            string seed = seeds.Of(prompt).ToString(CultureInfo.InvariantCulture);
            json = JsonSplice.Set(json, "seed"u8, Encoding.ASCII.GetBytes(seed));
        }
        return JsonSplice.Set(json, "prompt"u8, prompts[prompt].Span);
    }
}

/// <summary>
/// A seed for each prompt of a request: the request's plus <paramref name="Step"/> for each prompt before it, from 0 on
/// again above the largest.
/// </summary>
/// <param name="First">The request's seed.</param>
/// <param name="Step">
/// Choices per prompt: engines give choice i of a prompt the seed plus i (vLLM), which must not be that of another one.
/// </param>
/// <param name="Most">The largest seed that the engine distinguishes.</param>
internal readonly record struct PromptSeeds(long First, int Step, long Most)
{
    public long Of(int prompt)
    {
        Int128 seed = First + (Int128)prompt * Step;
        return (long)(seed <= Most ? seed : seed % ((Int128)Most + 1));
    }
}
