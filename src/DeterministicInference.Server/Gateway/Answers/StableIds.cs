using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using DeterministicInference.Receipts;
using DeterministicInference.Receipts.Canonical;
using DeterministicInference.Server.OpenAI;
using DeterministicInference.Server.OpenAI.Requests.Types;

namespace DeterministicInference.Server.Gateway.Answers;

/// <summary>
/// Identifiers of an answer that are derived from the request instead of drawn (<c>--stable-envelope</c>): the same
/// request then has the same body, byte for byte. Anyone who sees such an id can test guesses of the request.
/// </summary>
/// <param name="request">Digest of the canonical request.</param>
/// <param name="pins">What the server set in it.</param>
/// <param name="route">The route that serves the request.</param>
internal sealed class StableIds(Sha256Value request, RequestPins pins, RequestRoute route)
{
    private readonly Sha256Value _id = Sha256Value.Of([
        .. "dis-id/2\n"u8,
        .. request.ToArray(),
        .. Encoding.UTF8.GetBytes(string.Concat(pins.Values.Select(pin => $"\n{pin.Key} {pin.Value}"))),
    ]);

    /// <summary>The member <c>id</c>, as JSON.</summary>
    public byte[] Answer => field ??= Encoding.ASCII.GetBytes($"\"{ResponseIds.Prefix(route)}{_id.ToString()[..32]}\"");

    /// <summary>The member <c>created</c>, as JSON: a number in the form of a time, which is not one.</summary>
    public byte[] Created =>
        field ??= Encoding.ASCII.GetBytes(
            (BinaryPrimitives.ReadUInt32BigEndian(_id.ToArray().AsSpan(28)) & int.MaxValue).ToString(
                CultureInfo.InvariantCulture
            )
        );

    /// <summary>The id of a tool call, as JSON.</summary>
    /// <param name="choice">Index of its choice.</param>
    /// <param name="call">Its index in the choice.</param>
    public byte[] ToolCall(int choice, int call)
    {
        var input = new byte[Sha256Value.Size + 8];
        _id.CopyTo(input);
        BinaryPrimitives.WriteInt32BigEndian(input.AsSpan(Sha256Value.Size), choice);
        BinaryPrimitives.WriteInt32BigEndian(input.AsSpan(Sha256Value.Size + 4), call);
        return Encoding.ASCII.GetBytes($"\"call_{Sha256Value.Of(input).ToString()[..24]}\"");
    }
}
