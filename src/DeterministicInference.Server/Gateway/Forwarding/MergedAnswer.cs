using System.Buffers;
using System.Text.Json;
using DeterministicInference.Server.OpenAI;

namespace DeterministicInference.Server.Gateway.Forwarding;

/// <summary>
/// The JSON answer to several prompts, made of the answers to each: the first one's members, all choices, and the sum
/// of usage.
/// </summary>
internal static class MergedAnswer
{
    /// <param name="answers">The answers, prompt by prompt.</param>
    /// <param name="choicesPerPrompt">The request's <c>n</c>.</param>
    /// <returns>The answer; one that is an error, or malformed, as it is.</returns>
    /// <exception cref="OpenAIException">502: the answers are of two models, or have malformed numbers.</exception>
    public static byte[] Of(IReadOnlyList<ReadOnlyMemory<byte>> answers, int choicesPerPrompt)
    {
        var pieces = new AnswerPieces[answers.Count];
        for (int i = 0; i < pieces.Length; i++)
        {
            // A byte order mark is not JSON (RFC 8259, section 8.1).
            ReadOnlyMemory<byte> answer = answers[i].Span.StartsWith("\uFEFF"u8) ? answers[i][3..] : answers[i];
            if (AnswerPieces.Of(answer) is not { IsError: false } one)
                return answer.ToArray();
            pieces[i] = one;
        }
        ReadOnlyMemory<byte> model = pieces[0].Value("model"u8);
        if (pieces.Any(one => !one.Value("model"u8).Span.SequenceEqual(model.Span)))
            throw GatewayErrors.BadAnswer("its answers to the prompts are of several models.");
        JsonElement[] usages = [.. pieces.Select(one => one.Usage).OfType<JsonElement>()];
        var merged = new ArrayBufferWriter<byte>();
        pieces[0]
            .Write(
                merged,
                (name, value) =>
                    name switch
                    {
                        "choices" => Choices(pieces, choicesPerPrompt),
                        "usage" when usages.Length > 0 => AnswerPieces.Sum(usages),
                        // Of the first prompt alone.
                        "timings" => default,
                        _ => value,
                    }
            );
        return merged.WrittenSpan.ToArray();
    }

    private static ReadOnlyMemory<byte> Choices(AnswerPieces[] pieces, int choicesPerPrompt)
    {
        var choices = new ArrayBufferWriter<byte>();
        choices.Write("["u8);
        for (int prompt = 0; prompt < pieces.Length; prompt++)
        {
            if (!pieces[prompt].HasChoices)
                throw GatewayErrors.BadAnswer("its answer to a prompt has no choice.");
            if (prompt > 0)
                choices.Write(","u8);
            pieces[prompt].WriteChoices(choices, prompt * choicesPerPrompt);
        }
        choices.Write("]"u8);
        return choices.WrittenMemory;
    }
}
