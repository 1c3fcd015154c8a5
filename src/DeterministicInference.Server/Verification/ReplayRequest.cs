using System.Text.Json;
using DeterministicInference.Receipts.Answers;
using DeterministicInference.Receipts.Canonical;
using DeterministicInference.Server.Json;

namespace DeterministicInference.Server.Verification;

/// <summary>
/// The request that computes an answer again: the client's members with the receipt's pins applied, in canonical form,
/// so that nothing is sent that the receipt does not bind. Two members are added that don't change what is generated:
/// <c>stream</c>, for the same delivery, and <c>return_token_ids</c>, without which tokens can't be compared. The
/// second one becomes part of the new receipt's canonical request, which is not compared with the first one's.
/// </summary>
internal static class ReplayRequest
{
    private static ReadOnlySpan<byte> TokenIds => "return_token_ids"u8;

    /// <summary>The body to send.</summary>
    /// <param name="effective">See <see cref="CanonicalRequest.Effective"/>.</param>
    /// <param name="delivery">Requested delivery of the answer.</param>
    /// <param name="asksForIds">Whether to request token ids if the client did not set the member.</param>
    public static byte[] Body(byte[] effective, AnswerDelivery delivery, bool asksForIds)
    {
        byte[] body = delivery == AnswerDelivery.Sse ? JsonSplice.Set(effective, "stream"u8, "true"u8) : effective;
        return asksForIds && !SaysWhetherIds(effective) ? JsonSplice.Set(body, TokenIds, "true"u8) : body;
    }

    /// <summary>Whether the client set the member for token ids.</summary>
    public static bool SaysWhetherIds(byte[] effective)
    {
        using JsonDocument document = JsonDocument.Parse(effective);
        return document.RootElement.TryGetProperty(TokenIds, out _);
    }

    /// <summary>
    /// Members to which the server gave another value than was sent. The model's name is excluded, as it does not
    /// affect what is computed.
    /// </summary>
    /// <param name="effective">The request that was sent.</param>
    /// <param name="pins">The pins in the server's receipt.</param>
    public static IReadOnlyList<string> Changed(byte[] effective, RequestPins pins)
    {
        using JsonDocument document = JsonDocument.Parse(effective);
        return
        [
            .. pins
                .Values.Where(pin =>
                    pin.Key != "model"
                    && !(
                        document.RootElement.TryGetProperty(pin.Key, out JsonElement sent)
                        && sent.GetRawText() == pin.Value
                    )
                )
                .Select(pin => pin.Key),
        ];
    }
}
