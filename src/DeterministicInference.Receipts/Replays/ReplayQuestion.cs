using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using DeterministicInference.Receipts.Answers;
using DeterministicInference.Receipts.Canonical;
using DeterministicInference.Receipts.Json;

namespace DeterministicInference.Receipts.Replays;

/// <summary>
/// A request that computes an answer again: the client's members with the receipt's pins applied, so that nothing is
/// sent that the receipt does not bind. Members are added that don't change what is generated: <c>stream</c>, for the
/// same delivery, those that ask for token ids, without which tokens can't be compared, and a nonce, which the fresh
/// receipt binds. They become part of the fresh receipt's own request, which is not compared with the first one's.
/// </summary>
internal sealed class ReplayQuestion
{
    /// <summary>The member of a replay that no answer could know before; it does not reach the engine.</summary>
    public const string Nonce = "replay_nonce";

    private const int NonceBytes = 16;

    private ReplayQuestion(string path, byte[] body, AnswerDelivery delivery) =>
        (Path, Body, Delivery) = (path, body, delivery);

    public string Path { get; }

    /// <summary>What is sent.</summary>
    public byte[] Body { get; }

    public AnswerDelivery Delivery { get; }

    /// <summary>A question with a nonce of its own.</summary>
    /// <param name="path">The request's.</param>
    /// <param name="effective">See <see cref="CanonicalRequest.Effective"/>.</param>
    /// <param name="delivery">Requested delivery of the answer.</param>
    /// <param name="ids">
    /// Members that ask for token ids; those that the client set are left as they are.
    /// </param>
    public static ReplayQuestion Create(
        string path,
        byte[] effective,
        AnswerDelivery delivery,
        IReadOnlyList<string> ids
    )
    {
        byte[] body = effective;
        if (delivery == AnswerDelivery.Sse)
            body = JsonSplice.Set(body, "stream"u8, "true"u8);
        foreach (string name in ids.Where(name => !Has(effective, name)))
            body = JsonSplice.Set(body, Encoding.ASCII.GetBytes(name), "true"u8);
        string nonce = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(NonceBytes));
        return new ReplayQuestion(
            path,
            JsonSplice.Set(body, Encoding.ASCII.GetBytes(Nonce), JsonText.QuoteBytes(nonce)),
            delivery
        );
    }

    /// <summary>
    /// The ways to ask for token ids, the next one where the one before is refused: of engines in common, of SGLang in
    /// the streams of chats, and not at all.
    /// </summary>
    public static IReadOnlyList<IReadOnlyList<string>> WaysToAskForIds(string path, AnswerDelivery delivery) =>
        path == CanonicalRequest.ChatPath && delivery == AnswerDelivery.Sse
            ?
            [
                ["return_token_ids"],
                ["return_input_ids_in_sglext", "return_output_ids_in_sglext"],
                [],
            ]
            :
            [
                ["return_token_ids"],
                [],
            ];

    /// <summary>
    /// Members to which the server gave another value than was sent. The model's name is excluded, as it does not
    /// affect what is computed.
    /// </summary>
    /// <param name="pins">The pins in the server's receipt.</param>
    public IReadOnlyList<string> Changed(RequestPins pins)
    {
        using JsonDocument document = JsonDocument.Parse(Body);
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

    private static bool Has(byte[] effective, string name)
    {
        using JsonDocument document = JsonDocument.Parse(effective);
        return document.RootElement.TryGetProperty(name, out _);
    }
}
