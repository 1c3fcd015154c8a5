using System.Buffers;
using System.Text.Json;
using DeterministicInference.Receipts.Canonical;
using DeterministicInference.Receipts.Output;
using DeterministicInference.Server.Determinism;

namespace DeterministicInference.Server.Verification;

/// <summary>
/// What is sent to compute an answer again: the client's members with the receipt's pins over them, in the canonical spelling, so nothing goes
/// that the receipt does not bind. Two members are added that don't change what is generated: <c>stream</c>, for the same delivery, and
/// <c>return_token_ids</c>, without which tokens can't be compared. The second becomes part of the fresh receipt's own canonical
/// request; nothing compares that with the first one's.
/// </summary>
internal static class ReplayRequest
{
    private static ReadOnlySpan<byte> TokenIds => "return_token_ids"u8;

    /// <summary>The effective request, in its canonical spelling.</summary>
    /// <exception cref="CanonicalFormException">The body has no canonical form.</exception>
    public static byte[] Effective(string path, ReadOnlySpan<byte> body, RequestPins pins)
    {
        var form = new ArrayBufferWriter<byte>();
        CanonicalRequest.Write(path, body, pins, form);
        // Two lines stand before it and a line end behind it; inside of it there is none.
        ReadOnlySpan<byte> rest = form.WrittenSpan;
        for (int line = 0; line < 2; line++) rest = rest[(rest.IndexOf((byte)'\n') + 1)..];
        return rest[..^1].ToArray();
    }

    /// <summary>The body to send.</summary>
    /// <param name="effective">See <see cref="Effective"/>.</param>
    /// <param name="delivery">How the answer is to come.</param>
    /// <param name="asksForIds">Whether token ids are asked for where the client did not say.</param>
    public static byte[] Body(byte[] effective, AnswerDelivery delivery, bool asksForIds)
    {
        byte[] body = delivery == AnswerDelivery.Sse ? JsonSplice.Set(effective, "stream"u8, "true"u8) : effective;
        return asksForIds && !SaysWhetherIds(effective) ? JsonSplice.Set(body, TokenIds, "true"u8) : body;
    }

    /// <summary>Whether the client itself asked for token ids, or did not want them.</summary>
    public static bool SaysWhetherIds(byte[] effective)
    {
        using JsonDocument document = JsonDocument.Parse(effective);
        return document.RootElement.TryGetProperty(TokenIds, out _);
    }

    /// <summary>Members that a server set to something else than was sent. The name of the model is no part of what is computed.</summary>
    /// <param name="effective">What was sent.</param>
    /// <param name="pins">What the server says that it set.</param>
    public static IReadOnlyList<string> Changed(byte[] effective, RequestPins pins)
    {
        using JsonDocument document = JsonDocument.Parse(effective);
        return [.. pins.Values.Where(pin => pin.Key != "model"
            && !(document.RootElement.TryGetProperty(pin.Key, out JsonElement sent) && sent.GetRawText() == pin.Value)).Select(pin => pin.Key)];
    }
}
